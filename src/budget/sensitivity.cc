#include "budget/sensitivity.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "quantize/encode_pass.h"
#include "quantize/recipe_source.h"

namespace rung {
namespace {

constexpr std::array kMeasuredBits = {2.0, 3.0, 4.5};  // of the formats measured: those nearest to these
constexpr double kNothing = 1e-12;                     // keeps logarithms finite

/// Keeps the losses of an encoding and drops its bytes.
class LossSink final : public EncodeSink {
 public:
  Status write(size_t, size_t, uint64_t, std::span<const uint8_t>) override { return {}; }
  Status write_scales(size_t, size_t, std::span<const float>) override { return {}; }
  Status finish(size_t tensor, std::span<const TensorLoss> losses) override {
    losses_[tensor].assign(losses.begin(), losses.end());
    return {};
  }
  /// Of a group in one of the encodings.
  double error(const TensorGroup& group, size_t target) const {
    TensorLoss sum;
    for (const size_t tensor : group.tensors) sum += losses_.at(tensor)[target];
    return sum.power > 0 ? sum.error / sum.power : 0;
  }
  double weighted_error(const TensorGroup& group, size_t target) const {
    TensorLoss sum;
    for (const size_t tensor : group.tensors) sum += losses_.at(tensor)[target];
    return sum.relative_error();
  }

 private:
  std::map<size_t, std::vector<TensorLoss>> losses_;
};

/// Every format is one target; groups that cannot have it are kept.
QuantizationPlan plan_of_format(const SensitivityInputs& inputs, Format format) {
  const GgufFile& file = inputs.source->file();
  QuantizationPlan plan = keep_plan(file);
  for (const TensorGroup& group : inputs.groups) {
    if (std::find(group.formats.begin(), group.formats.end(), format) == group.formats.end()) continue;
    const QuantizationPlan alone = group_plan(file, group, format);
    for (const size_t tensor : group.tensors) plan.tensors[tensor] = alone.tensors[tensor];
  }
  return plan;
}

/// Encoders of formats without need of importance get none, so their weighted error is an unweighted one: it is
/// compared with the others' unweighted errors then.
bool uses_importance(const SensitivityInputs& inputs, const TensorGroup& group, Format format) {
  return std::all_of(group.tensors.begin(), group.tensors.end(), [&](size_t index) {
    TensorPlan planned;
    planned.source = &inputs.source->file().tensors()[index];
    planned.format = format;
    return calibration_for(planned, inputs.search_importance()) == CalibrationSource::kImatrix;
  });
}

Status measure_errors(SensitivityTable& table, const SensitivityInputs& inputs, ThreadPool& pool, Observer& observer) {
  std::set<Format> missing;
  for (const TensorGroup& group : inputs.groups)
    for (const auto& format : group.formats)
      if (format && !table.errors.contains(table_key(group, format))) missing.insert(*format);
  if (missing.empty()) return {};
  std::vector<QuantizationPlan> plans;
  for (const Format format : missing) plans.push_back(plan_of_format(inputs, format));
  std::vector<const QuantizationPlan*> targets;
  for (const QuantizationPlan& plan : plans) targets.push_back(&plan);
  EncodePassOptions options;
  options.importance = inputs.search_importance();
  options.copy_kept = false;
  options.measure_loss = true;
  LossSink sink;
  RUNG_CHECK(encode_tensors(targets, inputs.source->file(), options, sink, pool, observer));
  for (const TensorGroup& group : inputs.groups) {
    size_t target = 0;
    for (const Format format : missing) {
      const size_t number = target++;
      if (std::find(group.formats.begin(), group.formats.end(), format) == group.formats.end()) continue;
      table.errors[table_key(group, format)] =
          uses_importance(inputs, group, format) ? sink.weighted_error(group, number) : sink.error(group, number);
    }
  }
  return write_sensitivities(table, inputs);
}

Status measure_divergences(SensitivityTable& table, const SensitivityInputs& inputs, Divergence& divergence,
                           ThreadPool& pool, Observer& observer) {
  std::vector<std::pair<const TensorGroup*, Format>> missing;
  for (const TensorGroup& group : inputs.groups)
    for (const size_t place : measured_formats(group))
      if (!table.measured.contains(table_key(group, group.formats[place])))
        missing.emplace_back(&group, *group.formats[place]);
  SilentObserver silent(observer);
  for (size_t done = 0; done < missing.size(); ++done) {
    if (observer.cancelled()) return cancelled_error();
    observer.progress("sensitivity", done, missing.size());
    const auto& [group, format] = missing[done];
    const QuantizationPlan plan = group_plan(inputs.source->file(), *group, format);
    RUNG_TRY(auto source, RecipeSource::create(inputs.source, plan, inputs.search_importance(), pool, silent));
    RUNG_TRY(table.measured[table_key(*group, format)], divergence.of(source, observer));
    RUNG_CHECK(write_sensitivities(table, inputs));
  }
  if (!missing.empty()) observer.progress("sensitivity", missing.size(), missing.size());
  return {};
}

void derive(SensitivityTable& table, const SensitivityInputs& inputs) {
  table.of_groups.clear();
  for (const TensorGroup& group : inputs.groups) {
    auto& formats = table.of_groups.emplace_back();
    for (const auto& format : group.formats) {
      FormatSensitivity entry{format, group.bytes(inputs.source->file(), format), 0, 0, !format.has_value()};
      if (format) {
        const std::string key = table_key(group, format);
        entry.error = table.errors.at(key);
        if (const auto found = table.measured.find(key); found != table.measured.end()) {
          entry.divergence = found->second;
          entry.is_measured = true;
        }
      }
      formats.push_back(entry);
    }
    extrapolate(formats);
  }
}

}  // namespace

std::vector<GroupChoices> SensitivityTable::choices() const {
  std::vector<GroupChoices> groups;
  for (const auto& formats : of_groups) {
    GroupChoices& choices = groups.emplace_back();
    for (const FormatSensitivity& format : formats) choices.push_back({format.bytes, format.divergence});
  }
  return groups;
}

std::string table_key(const TensorGroup& group, std::optional<Format> format) {
  return group.name + " " + choice_name(format);
}

std::vector<size_t> measured_formats(const TensorGroup& group) {
  std::set<size_t> chosen;
  for (const double bits : kMeasuredBits) {
    std::optional<size_t> best;
    for (size_t place = 0; place < group.formats.size(); ++place) {
      if (!group.formats[place]) continue;
      const auto away = [&](size_t at) { return std::abs(format_bits(*group.formats[at]) - bits); };
      if (!best || away(place) < away(*best)) best = place;
    }
    if (best) chosen.insert(*best);
  }
  return {chosen.begin(), chosen.end()};
}

void extrapolate(std::vector<FormatSensitivity>& formats) {
  std::map<double, double> known;  // log error -> log divergence
  for (const FormatSensitivity& entry : formats)
    if (entry.format && entry.is_measured)
      known[std::log(std::max(entry.error, kNothing))] = std::log(std::max(entry.divergence, kNothing));
  if (known.empty()) return;
  for (FormatSensitivity& entry : formats) {
    if (entry.is_measured) continue;
    const double at = std::log(std::max(entry.error, kNothing));
    const auto after = known.upper_bound(at);
    double value;
    if (after == known.begin()) {
      value = after->second + (at - after->first);
    } else if (const auto before = std::prev(after); after == known.end()) {
      value = before->second + (at - before->first);
    } else {
      const double share = (at - before->first) / (after->first - before->first);
      value = before->second + share * (after->second - before->second);
    }
    entry.divergence = std::exp(value);
  }
}

Status measure_sensitivities(SensitivityTable& table, const SensitivityInputs& inputs, Divergence& divergence,
                             ThreadPool& pool, Observer& observer) {
  RUNG_CHECK(measure_errors(table, inputs, pool, observer));
  RUNG_CHECK(measure_divergences(table, inputs, divergence, pool, observer));
  derive(table, inputs);
  return write_sensitivities(table, inputs);
}

}  // namespace rung
