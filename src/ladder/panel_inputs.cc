#include "ladder/panel_inputs.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/hash.h"
#include "base/rng.h"
#include "ladder/askable.h"
#include "measure/chance.h"
#include "measure/sandbox.h"
#include "panel/drawn_panel.h"
#include "panel/panel_spec.h"
#include "tasks/tasks.h"

namespace rung {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

constexpr size_t kDrawnItems = 200;

Result<FactTable> facts_of(const MeasuringMaterial& material) {
  if (material.facts.empty()) return shipped_facts();
  return read_facts(material.facts);
}

/// All that an item's verdict depends on besides the model.
std::string identity(const PanelPrompt& prompt) {
  const PanelItem& item = *prompt.item;
  std::string all = fmt::format("{} {}", item.id, fmt::join(prompt.tokens, " "));
  for (const PanelItem::Json& part : {item.answer, item.schema, item.choices})
    if (part) all += " " + part->dump();
  return all + fmt::format(" {} {} {} {} {}\n", static_cast<int>(item.grader), fmt::join(item.stops, "|"), item.extract,
                           item.by_length, item.max_tokens.value_or(0));
}

std::string hash_of(const std::vector<AskedCapability>& asked) {
  std::string all;
  for (const AskedCapability& capability : asked)
    for (const PanelPrompt& prompt : capability.prompts) all += identity(prompt);
  return content_hash(all);
}

/// Of what is asked and expected, whatever the model makes of it.
std::string items_hash(const AskedCapability& capability) {
  std::string all;
  for (const PanelPrompt& prompt : capability.prompts) {
    all += prompt.item->id + " " + prompt.item->prompt;
    for (const PanelItem::Json& part : {prompt.item->messages, prompt.item->tools, prompt.item->answer})
      all += part ? " " + part->dump() : " -";
    all += '\n';
  }
  return content_hash(all);
}

/// A file may be sorted by subject or difficulty, and a ladder that stops early must have seen a fair sample.
void shuffle(std::vector<PanelPrompt>& prompts) {
  Rng rng(20260701);
  for (size_t left = prompts.size(); left > 1; --left) std::swap(prompts[left - 1], prompts[rng.below(left)]);
}

Status add_tasks(const std::vector<std::string>& names, LadderInputs& inputs) {
  RUNG_TRY(std::vector<LoadedTask> tasks, load_tasks(names));
  for (LoadedTask& task : tasks) {
    for (const Capability& other : inputs.panel)
      if (other.name == task.capability.name)
        return input_error("tasks: {} is also a capability of the panel; leave one of them out", other.name);
    inputs.panel.push_back(std::move(task.capability));
    inputs.notes.insert(inputs.notes.end(), task.notes.begin(), task.notes.end());
  }
  return {};
}

bool asks_in_chat(const Capability& capability) {
  return std::any_of(capability.items.begin(), capability.items.end(),
                     [](const PanelItem& item) { return item.messages != nullptr; });
}

/// What was made to be asked through a chat template; a panel that was named is asked in plain text instead.
void leave_out_chats(LadderInputs& inputs) {
  std::string names;
  for (const Capability& capability : inputs.panel)
    if (asks_in_chat(capability)) names += (names.empty() ? "" : ", ") + capability.name;
  if (names.empty()) return;
  std::erase_if(inputs.panel, asks_in_chat);
  inputs.notes.push_back(inputs.panel.empty()
                             ? "The model has no chat template, so the panel of capabilities was left out."
                             : fmt::format("The model has no chat template, so {} were left out.", names));
  inputs.notes.push_back("With --panel builtin, or a folder named, it is asked in plain text.");
}

/// Renders inputs.panel and tells what was left out of it.
Status ask_panel(std::string_view name, size_t items, LadderInputs& inputs) {
  RUNG_TRY(AskablePanel askable,
           askable_panel(std::move(inputs.panel), items, *inputs.text, inputs.engine->config().context));
  inputs.panel = std::move(askable.panel);
  inputs.asked = std::move(askable.asked);
  inputs.notes.insert(inputs.notes.end(), askable.notes.begin(), askable.notes.end());
  if (inputs.asked.empty())
    return input_error("panel {}: nothing in it can be asked of this model; {}", name,
                       askable.notes.empty() ? "it has no items" : askable.notes.front());
  for (AskedCapability& capability : inputs.asked) shuffle(capability.prompts);
  inputs.panel_hash = hash_of(inputs.asked);
  return {};
}

/// Tells the user which capability is tuned; the panel's own stages would only flicker.
class TuningObserver final : public Observer {
 public:
  TuningObserver(Observer& outer, size_t total) : outer_(outer), total_(total) {}
  void next(std::string_view capability) {
    outer_.progress(fmt::format("tuning the panel: {}", capability), done_++, total_);
  }
  void warn(std::string_view text) override { outer_.warn(text); }
  bool cancelled() const override { return outer_.cancelled(); }

 private:
  Observer& outer_;
  size_t done_ = 0, total_;
};

class PanelTuner {
 public:
  PanelTuner(const MeasuringMaterial& material, uint64_t seed, ThreadPool& pool, Observer& observer,
             LadderInputs& inputs)
      : material_(material), seed_(seed), pool_(pool), observer_(observer), inputs_(inputs) {}

  Status run() {
    RUNG_TRY(FactTable facts, facts_of(material_));
    const auto generators = make_generators({std::move(facts), python_available().has_value()});
    TuningObserver observer(observer_, generators.size());
    for (const Generator& generator : generators) {
      if (observer_.cancelled()) return cancelled_error();
      observer.next(generator.capability);
      RUNG_CHECK(draw(generator, observer));
    }
    return {};
  }

 private:
  Result<AskablePanel> askable(const Generator& generator, std::string_view purpose, size_t items, size_t level) const {
    const auto capability = draw_capability(generator, {seed_, purpose, items}, [level](size_t) { return level; });
    return askable_panel({capability}, 0, *inputs_.text, inputs_.engine->config().context);
  }

  /// The levels whose items this model can be asked, from the first on.
  Result<size_t> askable_levels(const Generator& generator) const {
    constexpr size_t kProbes = 8, kEnough = 7;
    for (size_t level = 1; level <= kLevels; ++level) {
      RUNG_TRY(const AskablePanel probe, askable(generator, "probe", kProbes, level));
      if (probe.asked.empty() || probe.asked[0].prompts.size() < kEnough) return level - 1;
    }
    return kLevels;
  }

  Result<LevelScore> ask(const Generator& generator, size_t level, size_t items, size_t round, Observer& observer) {
    RUNG_TRY(const AskablePanel asked, askable(generator, fmt::format("tuning {} {}", level, round), items, level));
    if (asked.asked.empty()) return LevelScore{level, 0, items};
    RUNG_TRY(const auto right, answer_panel(inputs_.engine, pool_, *inputs_.text, asked.asked, {}, observer));
    const auto count = std::count(right[0].begin(), right[0].end(), '1');
    return LevelScore{level, static_cast<size_t>(count), right[0].size()};
  }

  Status draw(const Generator& generator, Observer& observer) {
    RUNG_TRY(const size_t levels, askable_levels(generator));
    if (levels == 0) {
      RUNG_TRY(const AskablePanel probe, askable(generator, "probe", 1, 1));
      inputs_.notes.push_back(
          fmt::format("{} was left out. {}", generator.capability, probe.notes.empty() ? "" : probe.notes.front()));
      return {};
    }
    const size_t items = material_.items == 0 ? kDrawnItems : material_.items;
    TuningOptions options;
    options.levels = levels;
    options.items = std::min(options.items, std::max<size_t>(8, items));
    size_t round = 0;
    RUNG_TRY(TunedLevels tuned, tune_levels(options, [&](size_t level) {
               return ask(generator, level, options.items, round++, observer);
             }));
    note(generator, tuned);
    inputs_.panel.push_back(
        draw_capability(generator, {seed_, "panel", items}, [&](size_t index) { return tuned.level_of(index); }));
    inputs_.tuned.push_back({std::string(generator.capability), std::move(tuned)});
    return {};
  }

  void note(const Generator& generator, const TunedLevels& tuned) {
    if (tuned.verdict == LevelVerdict::kTuned) return;
    const bool is_hard = tuned.verdict == LevelVerdict::kTooHard;
    const LevelScore& score = is_hard ? tuned.tried.front() : tuned.tried.back();
    inputs_.notes.push_back(fmt::format(
        "{} is too {} for this model: {} of {} right at level {}, the {} that it can be "
        "asked; {}.",
        generator.capability, is_hard ? "hard" : "easy", score.right, score.items, score.level,
        is_hard ? "first" : "last", is_hard ? "little is left to lose there" : "small losses do not show there"));
  }

  const MeasuringMaterial& material_;
  uint64_t seed_;
  ThreadPool& pool_;
  Observer& observer_;
  LadderInputs& inputs_;
};

std::string_view verdict_name(LevelVerdict verdict) {
  return verdict == LevelVerdict::kTuned     ? "tuned"
         : verdict == LevelVerdict::kTooHard ? "too hard for this model"
                                             : "too easy for this model";
}

void add_levels(const TunedLevels& levels, ordered_json& row) {
  row["level"] = levels.level;
  row["harder_share"] = levels.harder_share;
  row["tuning"] = verdict_name(levels.verdict);
  row["tried"] = ordered_json::array();
  for (const LevelScore& score : levels.tried)
    row["tried"].push_back({{"level", score.level}, {"right", score.right}, {"items", score.items}});
}

}  // namespace

Status open_panel(const fs::path& model, const MeasuringMaterial& material, LadderInputs& inputs) {
  RUNG_TRY(const auto spec, parse_panel_spec(material.panel.string()));
  if (spec && spec->kind == PanelSpec::Kind::kBuiltIn) {
    RUNG_CHECK(facts_of(material));
    return add_tasks(material.tasks, inputs);
  }
  if (!material.facts.empty())
    return input_error("{}: a file of facts is for the built-in panel; add --panel builtin", material.facts.string());
  const bool is_named = !material.panel.empty();
  if (spec) {
    inputs.panel = draw_pico_panel({spec->seed, "panel", material.items == 0 ? kDrawnItems : material.items});
  } else if (is_named || material.tasks.empty()) {
    RUNG_TRY(inputs.panel, read_panel(is_named ? material.panel : find_beside(model, "panel")));
  }
  RUNG_CHECK(add_tasks(material.tasks, inputs));
  if (!inputs.text->chat_template && !is_named) leave_out_chats(inputs);
  if (inputs.panel.empty()) return {};
  return ask_panel(material.panel.string(), material.items, inputs);
}

Status tune_panel(const MeasuringMaterial& material, ThreadPool& pool, Observer& observer, LadderInputs& inputs) {
  RUNG_TRY(const auto spec, parse_panel_spec(material.panel.string()));
  if (!spec || spec->kind != PanelSpec::Kind::kBuiltIn) return {};
  RUNG_CHECK(PanelTuner(material, spec->seed, pool, observer, inputs).run());
  return ask_panel(material.panel.string(), 0, inputs);
}

ordered_json describe_panel(const LadderInputs& inputs) {
  ordered_json rows = ordered_json::array();
  for (const AskedCapability& capability : inputs.asked) {
    ordered_json row = {{"capability", capability.name},
                        {"items", capability.prompts.size()},
                        {"of", capability.of},
                        {"chance", chance_score(capability.prompts)},
                        {"hash", items_hash(capability)}};
    for (const PanelLevels& tuned : inputs.tuned)
      if (tuned.capability == capability.name) add_levels(tuned.levels, row);
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace rung
