#include "ladder/kv_ladder.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "ladder/kv_summary.h"
#include "ladder/panel_inputs.h"
#include "measure/chance.h"

namespace rung {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

constexpr size_t kMostContext = 4096;  ///< unless asked for
constexpr size_t kMostScored = 128;    ///< predictions at each length: the last ones
constexpr size_t kLengths = 5;         ///< the longest context and its halves
constexpr size_t kAnswerTokens = 96;   ///< left for an answer where a prompt is filled up

/// Tells which type is at work.
class TypeObserver final : public Observer {
 public:
  TypeObserver(Observer& outer, std::string name) : outer_(outer), name_(std::move(name)) {}
  void progress(std::string_view stage, uint64_t done, uint64_t total) override {
    outer_.progress(fmt::format("{}: {}", name_, stage), done, total);
  }
  void note(std::string_view text) override { outer_.note(text); }
  void warn(std::string_view text) override { outer_.warn(text); }
  bool cancelled() const override { return outer_.cancelled(); }

 private:
  Observer& outer_;
  std::string name_;
};

/// Every chunk once for each length: its first so many tokens, the last predictions scored.
TextChunks at_lengths(const TextChunks& text, std::span<const size_t> lengths) {
  TextChunks result{text.context, text.tokens, {}, {}};
  for (const size_t length : lengths)
    for (const std::vector<Token>& chunk : text.chunks) {
      result.chunks.emplace_back(chunk.begin(), chunk.begin() + static_cast<ptrdiff_t>(length));
      result.firsts.push_back(length - 1 - std::min(kMostScored, length / 2));
    }
  return result;
}

class KvLadder {
 public:
  KvLadder(const KvLadderOptions& options, Observer& observer)
      : options_(options), observer_(observer), pool_(options.threads) {}

  Result<ordered_json> run() {
    RUNG_CHECK(open_all());
    RUNG_CHECK(measure_reference());
    for (size_t index = 0; index < types_.size(); ++index) {
      TypeObserver observer(observer_,
                            fmt::format("{} ({} of {})", kv_options_name(types_[index]), index + 1, types_.size()));
      RUNG_CHECK(measure(types_[index], observer));
    }
    return finish();
  }

 private:
  Status open_all() {
    std::error_code error;
    fs::create_directories(options_.out, error);
    if (error) return failed_error("{}: cannot be created: {}", options_.out.string(), error.message());
    MeasuringMaterial material = options_.material;
    if (material.context == 0) {
      RUNG_TRY(const auto source, FileSource::open(options_.model));
      RUNG_TRY(const ModelConfig config, read_config(source->file()));
      material.context = config.context == 0 ? kMostContext : std::min(config.context, kMostContext);
    }
    if (material.context < 64)
      return input_error("--context: found {}, a KV ladder needs 64 or more", material.context);
    RUNG_CHECK(open_inputs(options_.model, material, inputs_));
    RUNG_CHECK(tune_panel(material, pool_, observer_, inputs_));
    for (const std::string& name : options_.types.empty() ? default_kv_types() : options_.types) {
      RUNG_TRY(types_.emplace_back(), parse_kv_options(name));
      RUNG_CHECK(check_kv_options(inputs_.engine->config(), types_.back()));
    }
    RUNG_CHECK(identify_model(inputs_, observer_));
    choose_lengths(material.context);
    choose_panel(material.context);
    for (const std::string& note : inputs_.notes) observer_.note(note);
    return {};
  }

  void choose_lengths(size_t context) {
    for (size_t halving = kLengths; halving-- > 0;)
      if (const size_t length = context >> halving; length >= 16) summary_.lengths.push_back(length);
    text_ = at_lengths(inputs_.chunks, summary_.lengths);
    for (const size_t length : summary_.lengths)
      summary_.predictions.push_back(static_cast<double>(std::min(kMostScored, length / 2)));
  }

  /// Recall and tools, or all there is, as they are and filled up to half the context and all of it.
  void choose_panel(size_t context) {
    const auto wanted = [](const AskedCapability& capability) {
      return capability.name == "recall" || capability.name == "tools";
    };
    const bool has_wanted = std::any_of(inputs_.asked.begin(), inputs_.asked.end(), wanted);
    for (const size_t filled : {size_t{0}, context / 2, context})
      for (const AskedCapability& capability : inputs_.asked) {
        if (has_wanted && !wanted(capability)) continue;
        asked_.push_back(fill_up(capability, filled));
        summary_.panel.push_back({capability.name, filled, chance_score(capability.prompts)});
      }
  }

  /// Prose from another place of the texts for each item, behind the BOS token.
  AskedCapability fill_up(const AskedCapability& capability, size_t context) const {
    AskedCapability filled = capability;
    filled.name = fmt::format("{} {}", capability.name, context);
    std::vector<Token> prose;
    for (const std::vector<Token>& chunk : inputs_.chunks.chunks)
      prose.insert(prose.end(), chunk.begin() + 1, chunk.end());
    const auto bos = inputs_.text->tokenizer.bos();
    size_t place = 0;
    for (PanelPrompt& prompt : filled.prompts) {
      const size_t taken = prompt.tokens.size() + std::max(kAnswerTokens, prompt.gold.size() + 1);
      if (taken >= context) continue;
      std::vector<Token> front;
      for (size_t count = context - taken; count > 0; --count) front.push_back(prose[place++ % prose.size()]);
      const bool has_bos = bos && !prompt.tokens.empty() && prompt.tokens.front() == *bos;
      prompt.tokens.insert(prompt.tokens.begin() + (has_bos ? 1 : 0), front.begin(), front.end());
    }
    return filled;
  }

  Status measure_reference() {
    TypeObserver observer(observer_, "f16");
    reference_.emplace(inputs_.engine, pool_, SessionOptions(), text_, ChunkLogits::kKeepBytes);
    KvOptions floats;
    floats.keys.format = floats.values.format = KvFormat::kF32;
    RUNG_TRY(summary_.noise, divergences(floats, observer));
    RUNG_TRY(summary_.reference, answers(KvOptions(), observer));
    return {};
  }

  Status measure(const KvOptions& type, Observer& observer) {
    const ModelConfig& config = inputs_.engine->config();
    const size_t context = summary_.lengths.back();
    KvMeasured measured;
    measured.name = kv_options_name(type);
    measured.is_research = !kv_research_note(type).empty();
    measured.bytes = KvCache::stored_bytes(config, type, context);
    const size_t values = config.layers * config.kv_heads * (config.key_dim + config.value_dim) * context;
    measured.bits_per_value = 8.0 * static_cast<double>(measured.bytes) / static_cast<double>(values);
    RUNG_TRY(measured.both, divergences(type, observer));
    if (type.keys != KvSide() && type.values != KvSide()) {
      RUNG_TRY(measured.keys, divergences({type.keys, KvSide(), type.keep_layers}, observer));
      RUNG_TRY(measured.values, divergences({KvSide(), type.values, type.keep_layers}, observer));
    }
    RUNG_TRY(measured.answers, answers(type, observer));
    summary_.types.push_back(std::move(measured));
    return {};
  }

  Result<KvDivergences> divergences(const KvOptions& type, Observer& observer) {
    SessionOptions session;
    session.kv = type;
    ChunkLogits logits(inputs_.engine, pool_, session, text_, 0);
    RUNG_TRY(const auto scores, score_text(logits, &*reference_, text_, pool_, observer));
    KvDivergences result;
    size_t chunk = 0;
    auto score = scores.begin();
    for (size_t length = 0; length < summary_.lengths.size(); ++length) {
      std::vector<double>& sums = result.sums.emplace_back();
      for (size_t index = 0; index < inputs_.chunks.chunks.size(); ++index, ++chunk) {
        double& sum = sums.emplace_back(0.0);
        for (const auto end = score + static_cast<ptrdiff_t>(text_.scored(chunk)); score != end; ++score)
          sum += score->kld;
      }
    }
    return result;
  }

  Result<std::vector<CapabilityAnswers>> answers(const KvOptions& type, Observer& observer) {
    GenerateOptions generate;
    generate.session.kv = type;
    RUNG_TRY(const auto right, answer_panel(inputs_.engine, pool_, *inputs_.text, asked_, generate, observer));
    std::vector<CapabilityAnswers> result;
    for (size_t index = 0; index < right.size(); ++index) {
      result.emplace_back().capability = asked_[index].name;
      result.back().right = right[index];
    }
    return result;
  }

  Result<ordered_json> finish() {
    ordered_json document = {
        {"format", "rung-kv-ladder"}, {"version", 1}, {"program", "rung " RUNG_VERSION}, {"command", options_.command}};
    document.update(describe_inputs(options_.model, inputs_));
    document["settings"].erase("kv");
    document["settings"]["contexts"] = summary_.lengths;
    document["reference"] = kv_options_name(KvOptions());
    document["notes"] = inputs_.notes;
    document.update(summarize_kv(summary_));
    const std::string text = document.dump(1, ' ', false, ordered_json::error_handler_t::replace) + "\n";
    RUNG_CHECK(write_file(options_.out / "kv-ladder.json", text));
    return document;
  }

  const KvLadderOptions& options_;
  Observer& observer_;
  ThreadPool pool_;
  LadderInputs inputs_;
  std::vector<KvOptions> types_;
  TextChunks text_;  ///< by length, by chunk
  std::vector<AskedCapability> asked_;
  std::optional<ChunkLogits> reference_;
  KvSummaryInput summary_;
};

}  // namespace

std::vector<std::string> default_kv_types() {
  return {"bf16", "q8_0",   "fp8",      "q6_0",  "q5_1", "q5_0", "q4_1",
          "q4_0", "iq4_nl", "q4_0+rot", "kivi4", "nuq3", "kivi2"};
}

Result<ordered_json> run_kv_ladder(const KvLadderOptions& options, Observer& observer) {
  return KvLadder(options, observer).run();
}

}  // namespace rung
