#include "quantize_budget.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "base/hash.h"
#include "base/mapped_file.h"
#include "codec/encoder_fingerprint.h"
#include "ladder/inputs.h"
#include "report/terminal_text.h"

namespace rung {
namespace {

using nlohmann::ordered_json;

constexpr size_t kPlotRows = 14;

Result<std::optional<Format>> format_option(const std::string& name, const char* option) {
  if (name.empty()) return std::optional<Format>();
  const auto format = format_from_name(name);
  if (!format || format_info(*format).encode == nullptr)
    return input_error("{}: found '{}', allowed are the types of 'rung quantize --type', for example q2_k", option,
                       name);
  return format;
}

Result<ByteLimit> byte_limit(const QuantizeArguments& arguments, const GgufFile& file) {
  if (arguments.size != 0) return ByteLimit{arguments.size, true};
  const double bytes = arguments.bits_per_weight * static_cast<double>(keep_plan(file).values) / 8;
  return ByteLimit{static_cast<uint64_t>(bytes), false};
}

Status check_arguments(const QuantizeArguments& arguments) {
  if (!arguments.type.empty() || !arguments.recipe.empty())
    return input_error("quantize: --size and --bits-per-weight choose the types; leave out --type and --recipe");
  if (arguments.size != 0 && arguments.bits_per_weight != 0)
    return input_error("quantize: give either --size or --bits-per-weight");
  if (!arguments.also.empty() || !arguments.rules.empty())
    return input_error("quantize: --also and --rule do not go with --size and --bits-per-weight");
  if (arguments.text.empty() == arguments.protect.empty())
    return input_error(
        "quantize: a budget needs --text FILE (calibration text, not what the result is judged by) or --protect with "
        "--panel DIR");
  if (!arguments.protect.empty() && arguments.panel.empty())
    return input_error("--protect: needs --panel DIR, tasks with gold answers, not those the result is judged by");
  return {};
}

/// Chunks whose divergence counts, and what identifies them.
struct Objective {
  TextChunks chunks;
  std::string identity;
};

Result<Objective> text_objective(const QuantizeArguments& arguments, const ModelText& model) {
  RUNG_TRY(const std::string text, read_file(arguments.text));
  Objective result;
  RUNG_TRY(result.chunks, cut_text(model.tokenizer, text, arguments.text, arguments.context, arguments.tokens, true));
  result.identity = fmt::format("text {} {} {}", content_hash(text), arguments.context, result.chunks.chunks.size());
  return result;
}

Result<Objective> answer_objective(const QuantizeArguments& arguments, const ModelText& model) {
  if (!model.chat_template) return input_error("--protect: the model has no chat template, so it cannot be asked");
  RUNG_TRY(const std::vector<Capability> panel, read_panel(arguments.panel));
  std::vector<const PanelItem*> items;
  for (const std::string& name : arguments.protect) {
    const auto found =
        std::find_if(panel.begin(), panel.end(), [&](const Capability& each) { return each.name == name; });
    if (found == panel.end()) {
      std::vector<std::string> names;
      for (const Capability& each : panel) names.push_back(each.name);
      return input_error("--protect: found '{}', allowed are {}", name, fmt::join(names, ", "));
    }
    for (const PanelItem& item : found->items) items.push_back(&item);
  }
  Objective result;
  RUNG_TRY(result.chunks, answer_chunks(items, model, arguments.context));
  std::string all;
  for (const auto& chunk : result.chunks.chunks) all += fmt::format("{}\n", fmt::join(chunk, " "));
  result.identity = "answers " + content_hash(all);
  return result;
}

/// What sensitivities depend on.
Result<std::string> identity_of(const GgufFile& file, const ImportanceOptions& importance, const Objective& objective,
                                Observer& observer) {
  RUNG_TRY(const std::string model, hash_model(file, observer));
  const std::string imatrix = importance.imatrix != nullptr ? importance.imatrix->hash : "none";
  return content_hash(fmt::format("{}\n{}\n{}\n{}\n{}\n{}\n", RUNG_VERSION, encoder_fingerprint(), model, imatrix,
                                  importance.weights_only, objective.identity));
}

ordered_json point_json(const CurvePoint& point) {
  ordered_json json;
  if (!point.name.empty()) json["name"] = point.name;
  json["bytes"] = point.bytes;
  json["predicted_kld"] = point.predicted;
  return json;
}

/// Bytes to the right, divergence upwards in powers of ten.
class Plot {
 public:
  Plot(const BudgetResult& result, size_t columns) : cells_(kPlotRows, std::string(columns, ' ')) {
    for (const auto* points : {&result.curve, &result.by_hand})
      for (const CurvePoint& point : *points) include(point);
    for (const CurvePoint& point : result.curve) put(point, '.');
    for (const CurvePoint& point : result.by_hand) put(point, 'o');
    put({"", result.mix.bytes, result.mix.predicted}, '*');
  }

  std::string text() const {
    std::string out;
    for (size_t row = 0; row < cells_.size(); ++row) {
      const std::string label = row == 0                   ? divergence(std::pow(10, high_))
                                : row + 1 == cells_.size() ? divergence(std::pow(10, low_))
                                                           : "";
      const std::string line = fmt::format("{} |{}", pad_left(label, 8), cells_[row]);
      out += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
    }
    const std::string left = file_size(static_cast<double>(least_)), right = file_size(static_cast<double>(most_));
    out += std::string(9, ' ') + "+" + std::string(cells_[0].size(), '-') + "\n";
    return out + std::string(10, ' ') + left + pad_left(right, cells_[0].size() - left.size()) + "\n";
  }

 private:
  static double height(const CurvePoint& point) { return std::log10(std::max(point.predicted, 1e-6)); }

  void include(const CurvePoint& point) {
    least_ = std::min(least_, point.bytes);
    most_ = std::max(most_, point.bytes);
    low_ = std::min(low_, height(point));
    high_ = std::max(high_, height(point));
  }

  void put(const CurvePoint& point, char sign) {
    const double across = static_cast<double>(point.bytes - std::min(point.bytes, least_)) /
                          static_cast<double>(std::max<uint64_t>(1, most_ - least_));
    const double up = (height(point) - low_) / std::max(1e-9, high_ - low_);
    const auto cell = [](double share, size_t count) {
      return static_cast<size_t>(std::lround(std::clamp(share, 0.0, 1.0) * static_cast<double>(count - 1)));
    };
    cells_[cell(1 - up, cells_.size())][cell(across, cells_[0].size())] = sign;
  }

  std::vector<std::string> cells_;
  uint64_t least_ = UINT64_MAX, most_ = 0;
  double low_ = 1e9, high_ = -1e9;
};

}  // namespace

Result<BudgetResult> find_budget(const QuantizeArguments& arguments, std::shared_ptr<const FileSource> source,
                                 const QuantizeOptions& options, Observer& observer) {
  RUNG_CHECK(check_arguments(arguments));
  const GgufFile& file = source->file();
  FormatRange range;
  RUNG_TRY(range.least, format_option(arguments.min, "--min"));
  RUNG_TRY(range.most, format_option(arguments.max, "--max"));
  if (range.least && range.most && format_bits(*range.least) > format_bits(*range.most))
    return input_error("--min: {} has more bits than --max {}", arguments.min, arguments.max);
  BudgetResult result;
  RUNG_TRY(result.limit, byte_limit(arguments, file));
  const std::vector<TensorGroup> groups = tensor_groups(file, range, options.output.importance);
  SensitivityInputs inputs{source, options.output, groups, "", arguments.sensitivity};
  RUNG_TRY(const QuantizationPlan smallest, check_limit(inputs, result.limit));
  const std::vector<QuantizeOutput> outputs = {{arguments.out, smallest}};
  RUNG_CHECK(planned_files(file, outputs, options));
  ThreadPool pool(arguments.threads);
  RUNG_TRY(auto engine, Engine::open(source));
  RUNG_TRY(const ModelText model, open_model_text(file));
  RUNG_TRY(const Objective objective,
           arguments.protect.empty() ? text_objective(arguments, model) : answer_objective(arguments, model));
  RUNG_TRY(inputs.identity, identity_of(file, options.output.importance, objective, observer));
  RUNG_TRY(SensitivityTable table, read_sensitivities(arguments.sensitivity, inputs.identity));

  Divergence divergence(std::move(engine), objective.chunks, pool);
  RUNG_CHECK(measure_sensitivities(table, inputs, divergence, pool, observer));
  RUNG_TRY(result.mix, BudgetSearch(table, inputs, divergence, pool, observer).run(result.limit));
  result.words = mix_in_words(result.mix, inputs);
  result.curve = best_curve(table, result.mix);
  result.by_hand = mixes_by_hand(table, inputs, result.limit.is_whole_file);
  for (const auto& formats : table.of_groups)
    for (const FormatSensitivity& entry : formats)
      if (entry.format) ++(entry.is_measured ? result.measured : result.extrapolated);
  for (size_t chunk = 0; chunk < objective.chunks.chunks.size(); ++chunk)
    result.tokens += objective.chunks.scored(chunk);
  if (!arguments.save_recipe.empty()) RUNG_CHECK(write_file(arguments.save_recipe, result.mix.recipe.text));
  return result;
}

Result<std::vector<QuantizeOutput>> budget_outputs(const QuantizeArguments& arguments, const BudgetResult& result) {
  return std::vector<QuantizeOutput>{{arguments.out, result.mix.plan}};
}

ordered_json budget_json(const BudgetResult& result) {
  ordered_json curve = ordered_json::array(), by_hand = ordered_json::array();
  for (const CurvePoint& point : result.curve) curve.push_back(point_json(point));
  for (const CurvePoint& point : result.by_hand) by_hand.push_back(point_json(point));
  return {{"limit", result.limit.bytes},
          {"counts", result.limit.is_whole_file ? "file" : "tensors"},
          {"bytes", result.mix.bytes},
          {"measured_kld", result.mix.measured},
          {"predicted_kld", result.mix.predicted},
          {"predicted_bound", result.mix.bound},
          {"scored_tokens", result.tokens},
          {"sensitivities", {{"measured", result.measured}, {"extrapolated", result.extrapolated}}},
          {"words", result.words},
          {"recipe", result.mix.recipe.text},
          {"curve", std::move(curve)},
          {"by_hand", std::move(by_hand)}};
}

std::string budget_text(const BudgetResult& result, int width) {
  std::string out = "mean KL divergence predicted by adding up sensitivities, against bytes:\n";
  out += Plot(result, static_cast<size_t>(std::clamp(width, 50, 100)) - 12).text();
  out += ". best mixes   o mixes made by hand   * this one\n\n";
  for (const CurvePoint& point : result.by_hand)
    out += fmt::format("  {:24} {:>12} bytes  predicted {}\n", point.name, point.bytes, divergence(point.predicted));
  out += fmt::format(
      "\nFound within {} bytes: {} bytes, mean KL divergence measured {:.6f} on {} tokens of calibration text (adding "
      "up "
      "single groups: {:.6f}, no mix below {:.6f}).\n",
      result.limit.bytes, result.mix.bytes, result.mix.measured, result.tokens, result.mix.predicted, result.mix.bound);
  out += fmt::format("Sensitivities: {} measured, {} extrapolated from the encoders' errors.\n", result.measured,
                     result.extrapolated);
  return out + result.words + "\n\n";
}

}  // namespace rung
