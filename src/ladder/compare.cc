#include "ladder/compare.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "ladder/constrained_scores.h"
#include "ladder/panel_inputs.h"
#include "ladder/rung.h"
#include "measure/constrained_answers.h"
#include "quantize/quantize_file.h"
#include "quantize/recipe_source.h"

namespace rung {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

constexpr uint64_t kBootstrapSeed = 20260102;

struct Side {
  std::string name;
  uint64_t bytes = 0;
  double bits_per_weight = 0;
  std::shared_ptr<const TensorSource> source;
};

struct Measured {
  std::vector<TokenScore> scores;
  PerplexityResult perplexity;
  std::vector<CapabilityAnswers> answers;  ///< of each capability
};

/// Tells which side is at work.
class SideObserver final : public Observer {
 public:
  SideObserver(Observer& outer, const std::string& name) : outer_(outer), name_(name) {}
  void progress(std::string_view stage, uint64_t done, uint64_t total) override {
    outer_.progress(fmt::format("{}: {}", name_, stage), done, total);
  }
  void note(std::string_view text) override { outer_.note(text); }
  void warn(std::string_view text) override { outer_.warn(fmt::format("{}: {}", name_, text)); }
  bool cancelled() const override { return outer_.cancelled(); }

 private:
  Observer& outer_;
  const std::string& name_;
};

bool is_model_file(const std::string& name) {
  std::error_code ignored;
  return !name.ends_with(".toml") && fs::is_regular_file(name, ignored);
}

ordered_json interval_json(double mean, const Interval& interval) {
  return {{"mean", mean}, {"low", interval.low}, {"high", interval.high}};
}

/// The mean over tokens with its 95 % interval. Tokens of a chunk go together, so chunks are drawn again, not tokens.
template <typename ValueOf>
ordered_json mean_json(const TextChunks& text, ValueOf value_of) {
  std::vector<double> sums, counts;
  double total = 0, tokens = 0;
  size_t token = 0;
  for (size_t chunk = 0; chunk < text.chunks.size(); ++chunk) {
    double sum = 0;
    const size_t end = token + text.scored(chunk);
    for (; token < end; ++token) sum += value_of(token);
    sums.push_back(sum);
    counts.push_back(static_cast<double>(text.scored(chunk)));
    total += sum;
    tokens += counts.back();
  }
  return interval_json(total / tokens, bootstrap_ratio(sums, counts, kBootstrapSeed));
}

ordered_json score_json(const CapabilityAnswers& answers) {
  const std::string& right = answers.right;
  const auto count = static_cast<uint64_t>(std::count(right.begin(), right.end(), '1'));
  const Interval interval = wilson_interval(count, right.size());
  ordered_json json = {{"right", count},
                       {"score", right.empty() ? 0 : static_cast<double>(count) / static_cast<double>(right.size())},
                       {"low", interval.low},
                       {"high", interval.high}};
  if (const ordered_json constrained = constrained_json(answers); !constrained.is_null())
    json["constrained"] = constrained;
  return json;
}

class Comparison {
 public:
  Comparison(const CompareOptions& options, Observer& observer)
      : options_(options), observer_(observer), pool_(options.threads) {}

  Result<ordered_json> run() {
    RUNG_CHECK(open_all());
    reference_logits_.emplace(inputs_.engine, pool_, inputs_.session(true), inputs_.chunks, ChunkLogits::kKeepBytes);
    RUNG_TRY(const Measured first, measure(first_));
    RUNG_TRY(const Measured second, measure(second_));
    std::optional<std::vector<CapabilityAnswers>> reference;
    if (has_reference()) {
      const std::string name = "reference";
      SideObserver observer(observer_, name);
      RUNG_TRY(reference, answers_of(inputs_.engine, true, observer));
    }
    return result(first, second, reference);
  }

 private:
  bool has_reference() const { return !options_.reference.empty(); }

  Status open_all() {
    if (!has_reference())
      for (const std::string& name : {options_.first, options_.second})
        if (!is_model_file(name))
          return input_error("{}: is no GGUF file; types and recipes are compared with --reference MODEL", name);
    const fs::path model = has_reference() ? options_.reference : fs::path(options_.first);
    RUNG_CHECK(open_inputs(model, options_.material, inputs_));
    RUNG_CHECK(tune_panel(options_.material, pool_, observer_, inputs_));
    for (const std::string& note : inputs_.notes) observer_.note(note);
    RUNG_TRY(first_, open_side(options_.first));
    RUNG_TRY(second_, open_side(options_.second));
    return {};
  }

  Result<Side> open_side(const std::string& name) {
    if (is_model_file(name)) {
      RUNG_TRY(auto source, FileSource::open(name));
      RUNG_TRY(const auto engine, Engine::open(source));
      if (engine->config().vocabulary != inputs_.engine->config().vocabulary)
        return input_error("{}: has a vocabulary of {}, the model it is compared with one of {}", name,
                           engine->config().vocabulary, inputs_.engine->config().vocabulary);
      RUNG_CHECK(check_kv_options(engine->config(), options_.material.kv));
      const uint64_t bytes = source->file().file_bytes();
      const double bits = keep_plan(source->file()).bits_per_weight();
      return Side{name, bytes, bits, std::move(source)};
    }
    const GgufFile& file = inputs_.source->file();
    RUNG_TRY(Rung rung, find_rung(name, inputs_));
    RUNG_CHECK(plan_rung(rung, inputs_));
    const ImportanceOptions importance = importance_of(rung, inputs_);
    const uint64_t bytes = quantized_file_bytes(file, rung.plan, importance);
    SideObserver observer(observer_, name);
    RUNG_TRY(auto source, RecipeSource::create(inputs_.source, rung.plan, importance, pool_, observer));
    return Side{name, bytes, rung.plan.bits_per_weight(), std::move(source)};
  }

  Result<Measured> measure(const Side& side) {
    SideObserver observer(observer_, side.name);
    RUNG_TRY(const auto engine, Engine::open(side.source));
    Measured result;
    ChunkLogits logits(engine, pool_, inputs_.session(false), inputs_.chunks, 0);
    ChunkLogits* reference = has_reference() ? &*reference_logits_ : nullptr;
    RUNG_TRY(result.scores, score_text(logits, reference, inputs_.chunks, pool_, observer));
    result.perplexity = summarize_scores(result.scores, has_reference());
    RUNG_TRY(result.answers, answers_of(engine, false, observer));
    return result;
  }

  Result<std::vector<CapabilityAnswers>> answers_of(const std::shared_ptr<const Engine>& engine, bool is_reference,
                                                    Observer& observer) {
    const GenerateOptions generate = inputs_.answers(is_reference);
    RUNG_TRY(const auto free, judge_panel(engine, pool_, *inputs_.text, inputs_.asked, generate, observer));
    RUNG_TRY(const auto constrained,
             constrain_panel(engine, pool_, *inputs_.text, inputs_.asked, free, generate, observer));
    std::vector<CapabilityAnswers> answers;
    for (size_t index = 0; index < free.size(); ++index)
      answers.push_back({inputs_.asked[index].name, free[index].right(), {}, {}, constrained[index]});
    return answers;
  }

  ordered_json side_json(const Side& side, const Measured& measured) const {
    ordered_json json = {{"name", side.name}, {"bytes", side.bytes}, {"bits_per_weight", side.bits_per_weight}};
    json["perplexity"] = measured.perplexity.perplexity.value;
    json["perplexity_error"] = measured.perplexity.perplexity.error;
    if (!has_reference()) return json;
    json["kld"] = mean_json(inputs_.chunks, [&](size_t token) { return measured.scores[token].kld; });
    json["same_top"] = measured.perplexity.same_top.value;
    return json;
  }

  /// Second minus first.
  ordered_json difference_json(const Measured& first, const Measured& second) const {
    ordered_json json;
    json["log_perplexity"] =
        mean_json(inputs_.chunks, [&](size_t token) { return second.scores[token].nll - first.scores[token].nll; });
    if (has_reference())
      json["kld"] =
          mean_json(inputs_.chunks, [&](size_t token) { return second.scores[token].kld - first.scores[token].kld; });
    return json;
  }

  ordered_json panel_json(const Measured& first, const Measured& second,
                          const std::optional<std::vector<CapabilityAnswers>>& reference) const {
    ordered_json panel = ordered_json::array();
    for (size_t index = 0; index < inputs_.asked.size(); ++index) {
      const std::string &one = first.answers[index].right, &other = second.answers[index].right;
      uint64_t first_only = 0, second_only = 0;
      for (size_t item = 0; item < one.size(); ++item) {
        first_only += one[item] == '1' && other[item] == '0';
        second_only += one[item] == '0' && other[item] == '1';
      }
      ordered_json row = {{"capability", inputs_.asked[index].name},
                          {"items", one.size()},
                          {"first", score_json(first.answers[index])},
                          {"second", score_json(second.answers[index])},
                          {"first_only", first_only},
                          {"second_only", second_only},
                          {"p_value", mcnemar_exact(first_only, second_only)}};
      if (reference) row["reference"] = score_json((*reference)[index]);
      panel.push_back(std::move(row));
    }
    return panel;
  }

  ordered_json result(const Measured& first, const Measured& second,
                      const std::optional<std::vector<CapabilityAnswers>>& reference) const {
    ordered_json json = {{"format", "rung-compare"}, {"version", 1}, {"program", "rung " RUNG_VERSION}};
    json["reference"] = nullptr;
    if (has_reference())
      json["reference"] = {{"file", options_.reference.string()},
                           {"bytes", inputs_.source->file().file_bytes()},
                           {"perplexity", first.perplexity.reference_perplexity.value}};
    json["kv"] = kv_options_name(inputs_.kv);
    json["tokens"] = first.scores.size();
    json["first"] = side_json(first_, first);
    json["second"] = side_json(second_, second);
    json["difference"] = difference_json(first, second);
    json["panel"] = panel_json(first, second, reference);
    json["notes"] = inputs_.notes;
    return json;
  }

  const CompareOptions& options_;
  Observer& observer_;
  ThreadPool pool_;
  LadderInputs inputs_;
  Side first_, second_;
  std::optional<ChunkLogits> reference_logits_;
};

}  // namespace

Result<ordered_json> run_compare(const CompareOptions& options, Observer& observer) {
  return Comparison(options, observer).run();
}

}  // namespace rung
