#include "ladder/ladder.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "codec/encoder_fingerprint.h"
#include "ladder/panel_inputs.h"
#include "ladder/panel_looks.h"
#include "ladder/panel_scores.h"
#include "ladder/result_store.h"
#include "ladder/rung.h"
#include "ladder/rung_result.h"
#include "ladder/summary.h"
#include "ladder/weight_picture.h"
#include "ledger/model_shape.h"
#include "measure/chance.h"
#include "plan/weight_count.h"
#include "quantize/quantize_file.h"
#include "quantize/recipe_source.h"

namespace rung {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

/// Units of progress within a rung, from how long its parts take on small and on large models.
constexpr uint64_t kUnits = 1000, kQuantizeEnd = 100, kPerplexityEnd = 300, kPanelEnd = 900;

/// Where the noise run stands: after the reference, before the rungs.
constexpr size_t kNoise = 1;

/// Turns the stages of one rung into progress of the whole ladder.
class RungObserver final : public Observer {
 public:
  RungObserver(Observer& outer, std::string rung, uint64_t before, uint64_t total)
      : outer_(outer), rung_(std::move(rung)), before_(before), total_(total) {}

  void progress(std::string_view stage, uint64_t done, uint64_t total) override {
    if (total == 0) return;
    const auto [begin, end] = stage == "quantize"     ? std::pair(uint64_t{0}, kQuantizeEnd)
                              : stage == "perplexity" ? std::pair(kQuantizeEnd, kPerplexityEnd)
                              : stage == "panel"      ? std::pair(kPerplexityEnd, kPanelEnd)
                                                      : std::pair(kPanelEnd, kUnits);
    const auto share = static_cast<double>(done) / static_cast<double>(total);
    const auto units = begin + static_cast<uint64_t>(share * static_cast<double>(end - begin));
    outer_.progress(fmt::format("ladder:{}: {}", rung_, stage), before_ + units, total_);
  }
  void warn(std::string_view text) override { outer_.warn(fmt::format("{}: {}", rung_, text)); }
  bool cancelled() const override { return outer_.cancelled(); }

 private:
  Observer& outer_;
  std::string rung_;
  uint64_t before_, total_;
};

/// Those of rungs that are one type, in the ladder's order.
std::vector<Format> formats_of(std::span<const Rung> rungs) {
  std::vector<Format> formats;
  for (const Rung& rung : rungs) {
    const auto format = rung.recipe.is_type && !rung.gptq ? format_from_name(rung.recipe.name) : std::nullopt;
    if (format) formats.push_back(*format);
  }
  return formats;
}

/// Where the bytes are.
ordered_json layout_json(const QuantizationPlan& plan) {
  ordered_json parts = ordered_json::array();
  for (const WeightPart& part : count_weights(plan, 0, std::nullopt).by_role)
    parts.push_back({{"part", part.name}, {"weights", part.values}, {"bytes", part.bytes}});
  return parts;
}

class Ladder {
 public:
  Ladder(const LadderOptions& options, Observer& observer)
      : options_(options), observer_(observer), pool_(options.threads) {}

  Result<ordered_json> run(LadderMemory* memory) {
    RUNG_CHECK(create_folder());
    RUNG_TRY(store_, ResultStore::open(options_.results, options_.out));
    RUNG_CHECK(open_inputs(options_.model, options_.material, inputs_));
    RUNG_CHECK(tune_panel(options_.material, pool_, observer_, inputs_));
    RUNG_CHECK(choose_rungs());
    RUNG_CHECK(identify_model(inputs_, observer_));
    const GgufFile& file = inputs_.source->file();
    model_ = {inputs_.model_hash, model_shape_hash(file), model_name(file)};
    reference_logits_.emplace(inputs_.engine, pool_, inputs_.session(true), inputs_.chunks, ChunkLogits::kKeepBytes);
    if (memory != nullptr)
      *memory = predict_ladder_memory(inputs_, rungs_, *reference_logits_, inputs_.answers(false),
                                      static_cast<size_t>(pool_.size()));
    RUNG_CHECK(measure_all());
    return finish();
  }

 private:
  Status create_folder() const {
    std::error_code error;
    fs::create_directories(options_.out, error);
    if (error) return failed_error("{}: cannot be created: {}", options_.out.string(), error.message());
    return {};
  }

  /// The reference, called by the format of most of its weights, then the rungs asked for.
  Status choose_rungs() {
    Rung reference;
    reference.is_reference = true;
    reference.plan = keep_plan(inputs_.source->file());
    reference.recipe.name = format_name(main_format(reference.plan).value_or(Format::F32));
    reference.recipe.description = "the model as it is";
    Rung noise = reference;
    noise.is_noise = true;
    noise.recipe.name = "noise";
    noise.recipe.description = "the reference, its residual stream rounded to BF16 after every layer";
    rungs_.push_back(std::move(reference));
    rungs_.push_back(std::move(noise));
    for (const std::string& name : options_.rungs.empty() ? default_rungs() : options_.rungs) {
      RUNG_TRY(Rung rung, find_rung(name, inputs_));
      if (rung.recipe.needs_routed_experts && !has_routed_experts(inputs_.source->file())) {
        inputs_.notes.push_back(fmt::format("{} was left out: the model has no routed experts.", name));
        continue;
      }
      RUNG_CHECK(plan_rung(rung, inputs_));
      for (const std::string& warning : rung.plan.warnings)
        inputs_.notes.push_back(fmt::format("{}: {}.", name, warning));
      rungs_.push_back(std::move(rung));
    }
    for (const std::string& note : inputs_.notes) observer_.note(note);
    return {};
  }

  /// Everything that a rung's numbers depend on.
  std::string identity(const Rung& rung) const {
    std::string parts =
        fmt::format("program {}\nscoring {}\nencoders {}\nmodel {}\nrung {}\ncontext {}\npanel {}\nimatrix {}\n",
                    RUNG_VERSION, kScoring, encoders_, inputs_.model_hash, rung.recipe.name, options_.material.context,
                    inputs_.panel_hash, inputs_.imatrix_hash);
    if (inputs_.kv != KvOptions())
      parts += fmt::format("kv {}\n", kv_options_name(rung.is_reference ? reference_kv(inputs_.kv) : inputs_.kv));
    if (rung.gptq) parts += fmt::format("gram {}\n", inputs_.grams->hash);
    for (const LadderText& text : inputs_.texts)
      parts += fmt::format("text {} {}\n", text.hash, text.chunks.chunks.size());
    for (const TensorPlan& tensor : rung.plan.tensors)
      parts += fmt::format("{} {}\n", tensor.source->name, tensor.format ? format_name(*tensor.format) : "keep");
    return parts;
  }

  /// What the rungs measured so far tell those that follow.
  PanelPlan panel_plan() const {
    PanelPlan plan{inputs_.asked, results_.empty() ? nullptr : &results_.front(), {}, 1};
    for (const AskedCapability& capability : inputs_.asked)
      plan.facts.chance[capability.name] = chance_score(capability.prompts);
    plan.facts.stops_early = !options_.all_items;
    plan.facts.width = options_.width;
    if (results_.size() > kNoise) plan.facts.noise = results_[kNoise];
    plan.tests = most_tests(rungs_.size() - 1 - kNoise, inputs_.asked.size());
    return plan;
  }

  Status measure_all() {
    std::vector<std::optional<RungResult>> kept;
    for (const Rung& rung : rungs_) {
      RUNG_TRY(auto result, store_->find(identity(rung)));
      kept.push_back(std::move(result));
    }
    const auto missing = static_cast<uint64_t>(std::count(kept.begin(), kept.end(), std::nullopt));
    const uint64_t rungs = rungs_.size() - kNoise, rungs_missing = missing - (kept[kNoise] ? 0 : 1);
    if (rungs_missing < rungs)
      observer_.note(fmt::format("{} of {} rungs were measured before.", rungs - rungs_missing, rungs));
    panel_scores_.emplace(inputs_.engine, *inputs_.text, pool_);
    uint64_t done = 0;
    for (size_t index = 0; index < rungs_.size(); ++index) {
      if (index == kNoise) set_reference_answers(inputs_.asked, results_.front());
      if (kept[index] && panel_finished(panel_plan(), kept[index]->answers)) {
        results_.push_back(std::move(*kept[index]));
        continue;
      }
      RungObserver observer(observer_,
                            fmt::format("{} ({} of {})", rungs_[index].recipe.name, index + 1, rungs_.size()),
                            done++ * kUnits, std::max(done, missing) * kUnits);
      RUNG_TRY(RungResult result, measure(rungs_[index], std::move(kept[index]), observer));
      RUNG_CHECK(store_->keep(model_, identity(rungs_[index]), result));
      // What is kept has fewer digits: a ladder that goes on must say the same as one that was never stopped.
      RUNG_TRY(RungResult kept_form, rung_result_from_json(to_json(result)));
      results_.push_back(std::move(kept_form));
    }
    return {};
  }

  RungResult describe(const Rung& rung) const {
    const GgufFile& file = inputs_.source->file();
    RungResult result;
    result.name = rung.recipe.name;
    result.kind = rung.is_noise ? "noise" : rung.is_reference ? "reference" : rung.recipe.is_type ? "type" : "recipe";
    result.description = rung.recipe.description;
    result.bytes =
        rung.is_reference ? file.file_bytes() : quantized_file_bytes(file, rung.plan, importance_of(rung, inputs_));
    result.writable = rung.plan.writable();
    result.bits_per_weight = rung.plan.bits_per_weight();
    result.calibration = calibration_name(calibration_of(rung.plan, importance_of(rung, inputs_)));
    return result;
  }

  /// `before`: what an earlier run kept of the rung, its panel not finished by today's rule.
  Result<RungResult> measure(const Rung& rung, std::optional<RungResult> before, Observer& observer) {
    RungResult result = before ? std::move(*before) : describe(rung);
    std::shared_ptr<const Engine> engine = inputs_.engine;
    if (!rung.is_reference) {
      RUNG_TRY(auto source,
               RecipeSource::create(inputs_.source, rung.plan, importance_of(rung, inputs_), pool_, observer));
      RUNG_TRY(engine, Engine::open(source));
    }
    SessionOptions session = inputs_.session(rung.is_reference);
    session.bf16_stream = rung.is_noise;
    if (result.perplexity.tokens == 0) {
      RUNG_TRY(result.perplexity, measure_text(rung, engine, session, observer));
    }
    const PanelModel asked_model{engine, session, rung.is_reference && !rung.is_noise, !rung.is_noise};
    const auto ask = [&](const std::vector<AskedCapability>& asked, Observer& inner) {
      return panel_scores_->ask(asked_model, asked, inner);
    };
    RUNG_TRY(result.answers, answer_in_looks(panel_plan(), std::move(result.answers), ask, observer));
    panel_scores_->move_into(result.answers);
    if (result.prose.empty() && !rung.is_noise) {
      RUNG_TRY(result.prose,
               sample_prose(engine, pool_, inputs_.text->tokenizer, inputs_.chunks, RichnessOptions(), observer));
    }
    return result;
  }

  Result<PerplexityResult> measure_text(const Rung& rung, const std::shared_ptr<const Engine>& engine,
                                        const SessionOptions& session, Observer& observer) {
    if (rung.is_reference && !rung.is_noise)
      return measure_perplexity(*reference_logits_, nullptr, inputs_.chunks, pool_, observer);
    ChunkLogits logits(engine, pool_, session, inputs_.chunks, 0);
    return measure_perplexity(logits, &*reference_logits_, inputs_.chunks, pool_, observer);
  }

  Result<ordered_json> finish() {
    ordered_json ladder = {
        {"format", "rung-ladder"}, {"version", 2}, {"program", "rung " RUNG_VERSION}, {"command", options_.command}};
    ladder.update(describe_inputs(options_.model, inputs_));
    ladder["reference"] = rungs_.front().recipe.name;
    ladder["notes"] = inputs_.notes;
    const PanelPlan plan = panel_plan();
    for (size_t index = kNoise; index < results_.size(); ++index) keep_counted(plan, results_[index].answers);
    const PanelFacts facts = panel_plan().facts;  // the noise run has been cut too
    results_.erase(results_.begin() + kNoise);
    rungs_.erase(rungs_.begin() + kNoise);
    ladder.update(summarize(results_, facts));
    for (size_t index = 0; index < rungs_.size(); ++index)
      ladder["rungs"][index]["layout"] = layout_json(rungs_[index].plan);
    ladder["weights"] = weight_picture(*inputs_.source, formats_of(rungs_));
    RUNG_CHECK(write_file(options_.out / "ladder.json",
                          ladder.dump(1, ' ', false, ordered_json::error_handler_t::replace) + "\n"));
    return ladder;
  }

  const LadderOptions& options_;
  Observer& observer_;
  ThreadPool pool_;
  LadderInputs inputs_;
  const std::string encoders_ = encoder_fingerprint();
  std::vector<Rung> rungs_;
  std::vector<RungResult> results_;
  std::optional<ResultStore> store_;
  MeasuredModel model_;
  std::optional<ChunkLogits> reference_logits_;
  std::optional<PanelScores> panel_scores_;
};

}  // namespace

std::vector<std::string> default_rungs() {
  return {"q8_0", "q6_k", "q5_k", "q4_k", "nf4", "iq4_xs", "q3_k", "q2_k", "naive-q2", "asymmetric", "asymmetric-q4"};
}

Result<ordered_json> run_ladder(const LadderOptions& options, Observer& observer, LadderMemory* memory) {
  return Ladder(options, observer).run(memory);
}

}  // namespace rung
