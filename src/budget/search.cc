#include "budget/search.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <set>

#include "base/hash.h"
#include "quantize/quantize_file.h"
#include "quantize/recipe_source.h"

namespace rung {
namespace {

constexpr size_t kPasses = 2;
constexpr double kMostScale = 3;  // beyond that a ratio of small differences says little
// What a step gains is believed by so much, in turn: the most sure of the steps remain.
constexpr std::array kBeliefs = {1.0, 0.7, 0.5, 0.35};

double predicted(const std::vector<GroupChoices>& groups, const std::vector<size_t>& choices) {
  double sum = 0;
  for (size_t group = 0; group < groups.size(); ++group) sum += groups[group][choices[group]].loss;
  return sum;
}

/// The neighbours on the hull: the largest choice with fewer bytes, the smallest with more; the choice itself where
/// there is none.
struct Neighbours {
  size_t below, above;
};
Neighbours neighbours_of(const GroupChoices& choices, size_t choice) {
  Neighbours result{choice, choice};
  for (const size_t place : convex_hull(choices)) {
    if (choices[place].bytes < choices[choice].bytes) result.below = place;
    if (choices[place].bytes > choices[choice].bytes && result.above == choice) result.above = place;
  }
  return result;
}

double ratio(double found, double expected) {
  if (std::abs(expected) < 1e-12) return 1;
  return std::clamp(found / expected, 1 / kMostScale, kMostScale);
}

Result<QuantizationPlan> plan_of(const SensitivityInputs& inputs, const std::vector<size_t>& choices, Recipe& recipe) {
  std::vector<std::optional<Format>> formats;
  for (size_t group = 0; group < choices.size(); ++group)
    formats.push_back(inputs.groups[group].formats[choices[group]]);
  recipe = group_recipe(inputs.groups, formats, "the least divergence in its bytes, found by measurement");
  return plan_quantization(inputs.source->file(), recipe, {}, inputs.output.importance.imatrix != nullptr);
}

}  // namespace

uint64_t limited_bytes(const SensitivityInputs& inputs, const QuantizationPlan& plan, bool is_whole_file) {
  if (!is_whole_file) return plan.tensor_bytes;
  const auto parts = layout_output(inputs.source->file(), {"", plan}, inputs.output, unknown_hash());
  if (!parts) return plan.tensor_bytes;  // the file was read, so it can be laid out
  uint64_t bytes = 0;
  for (const OutputPart& part : *parts) bytes += part.bytes;
  return bytes;
}

Result<QuantizationPlan> check_limit(const SensitivityInputs& inputs, const ByteLimit& limit) {
  const GgufFile& file = inputs.source->file();
  if (inputs.groups.empty()) return input_error("{}: has no matrix to quantize", file.path().string());
  std::vector<size_t> smallest;
  for (const TensorGroup& group : inputs.groups) {
    const auto least = std::min_element(group.formats.begin(), group.formats.end(), [&](auto one, auto other) {
      return group.bytes(file, one) < group.bytes(file, other);
    });
    smallest.push_back(static_cast<size_t>(least - group.formats.begin()));
  }
  Recipe recipe;
  RUNG_TRY(QuantizationPlan plan, plan_of(inputs, smallest, recipe));
  const uint64_t least = limited_bytes(inputs, plan, limit.is_whole_file);
  const uint64_t most = limit.is_whole_file ? file.file_bytes() : keep_plan(file).tensor_bytes;
  if (limit.bytes < least)
    return input_error("budget: found {} bytes, the smallest that the types allow is {} bytes", limit.bytes, least);
  if (limit.bytes > most)
    return input_error("budget: found {} bytes, the model itself has {} bytes", limit.bytes, most);
  return plan;
}

BudgetSearch::BudgetSearch(SensitivityTable& table, const SensitivityInputs& inputs, Divergence& divergence,
                           ThreadPool& pool, Observer& observer)
    : table_(table), inputs_(inputs), divergence_(divergence), pool_(pool), observer_(observer) {}

BudgetSearch::Problem BudgetSearch::whole_problem(const std::vector<GroupChoices>& groups) {
  Problem problem{groups, {}};
  for (const GroupChoices& choices : groups) {
    problem.places.emplace_back(choices.size());
    std::iota(problem.places.back().begin(), problem.places.back().end(), size_t{0});
  }
  return problem;
}

std::string BudgetSearch::mix_key(const std::vector<size_t>& choices) const {
  std::string text;
  for (size_t group = 0; group < choices.size(); ++group)
    text += table_key(inputs_.groups[group], inputs_.groups[group].formats[choices[group]]) + "\n";
  return content_hash(text);
}

Result<BudgetMix> BudgetSearch::best_mix(const Problem& problem, const ByteLimit& limit) const {
  uint64_t overhead = 0;
  for (;;) {
    const auto found = limit.bytes < overhead ? std::nullopt : allocate(problem.groups, limit.bytes - overhead);
    if (!found) return input_error("budget: found {} bytes, which no mix of the types meets", limit.bytes);
    BudgetMix mix;
    for (size_t group = 0; group < found->choices.size(); ++group)
      mix.choices.push_back(problem.places[group][found->choices[group]]);
    mix.bound = found->bound;
    mix.predicted = predicted(table_.choices(), mix.choices);
    RUNG_TRY(mix.plan, plan_of(inputs_, mix.choices, mix.recipe));
    mix.bytes = limited_bytes(inputs_, mix.plan, limit.is_whole_file);
    if (mix.bytes <= limit.bytes) return mix;
    overhead = std::max(overhead + 1, mix.bytes - found->bytes);
  }
}

Result<std::shared_ptr<const TensorSource>> BudgetSearch::source_of(const BudgetMix& mix,
                                                                    const ImportanceOptions& importance) {
  SilentObserver silent(observer_);
  RUNG_TRY(auto source, RecipeSource::create(inputs_.source, mix.plan, importance, pool_, silent));
  return std::shared_ptr<const TensorSource>(std::move(source));
}

Result<double> BudgetSearch::measure(const BudgetMix& mix) {
  const std::string key = mix_key(mix.choices);
  if (const auto known = table_.mixes.find(key); known != table_.mixes.end()) return known->second;
  RUNG_TRY(const auto source, source_of(mix, inputs_.search_importance()));
  RUNG_TRY(const double divergence, divergence_.of(source, observer_));
  table_.mixes[key] = divergence;
  RUNG_CHECK(write_sensitivities(table_, inputs_));
  return divergence;
}

Result<double> BudgetSearch::measure_changed(const BudgetMix& mix, const std::shared_ptr<const TensorSource>& base,
                                             size_t group, size_t choice) {
  std::vector<size_t> choices = mix.choices;
  choices[group] = choice;
  const std::string key = mix_key(choices);
  if (const auto known = table_.mixes.find(key); known != table_.mixes.end()) return known->second;
  const TensorGroup& changed = inputs_.groups[group];
  const QuantizationPlan plan = group_plan(inputs_.source->file(), changed, *changed.formats[choice]);
  SilentObserver silent(observer_);
  RUNG_TRY(auto source, RecipeSource::create(base, plan, inputs_.search_importance(), pool_, silent));
  RUNG_TRY(const double divergence, divergence_.of(source, observer_));
  table_.mixes[key] = divergence;
  RUNG_CHECK(write_sensitivities(table_, inputs_));
  return divergence;
}

/// The groups' losses relative to the mix: of the steps down and up what was measured there, of what lies beyond the
/// sensitivities in the same proportion.
Result<std::vector<GroupChoices>> BudgetSearch::scaled_to(const BudgetMix& mix,
                                                          const std::vector<GroupChoices>& groups) {
  RUNG_TRY(const auto base, source_of(mix, inputs_.search_importance()));
  std::vector<GroupChoices> scaled = groups;
  for (size_t group = 0; group < groups.size(); ++group) {
    if (observer_.cancelled()) return cancelled_error();
    observer_.progress("refining the mix", group, groups.size());
    const GroupChoices& choices = groups[group];
    const size_t now = mix.choices[group];
    const Neighbours near = neighbours_of(choices, now);
    std::optional<double> down, up;
    std::map<size_t, double> found;
    for (const size_t to : {near.below, near.above}) {
      if (to == now || !inputs_.groups[group].formats[to]) continue;
      RUNG_TRY(const double changed, measure_changed(mix, base, group, to));
      found[to] = changed - mix.measured;
      (to == near.below ? down : up) = ratio(found[to], choices[to].loss - choices[now].loss);
    }
    for (size_t choice = 0; choice < choices.size(); ++choice) {
      const bool is_below = choices[choice].bytes < choices[now].bytes;
      const double scale = is_below ? down.value_or(up.value_or(1)) : up.value_or(down.value_or(1));
      scaled[group][choice].loss = (choices[choice].loss - choices[now].loss) * scale;
    }
    for (const auto& [place, change] : found) scaled[group][place].loss = change;
  }
  observer_.progress("refining the mix", groups.size(), groups.size());
  return scaled;
}

/// The steps to the neighbours alone, as additivity holds best nearby, and gains believed by a factor.
BudgetSearch::Problem BudgetSearch::near_problem(const BudgetMix& mix, const std::vector<GroupChoices>& before,
                                                 const std::vector<GroupChoices>& scaled, double belief) {
  Problem problem;
  for (size_t group = 0; group < scaled.size(); ++group) {
    const size_t now = mix.choices[group];
    const Neighbours near = neighbours_of(before[group], now);
    GroupChoices& choices = problem.groups.emplace_back();
    std::vector<size_t>& places = problem.places.emplace_back();
    for (const size_t place : std::set<size_t>{near.below, now, near.above}) {
      Choice choice = scaled[group][place];
      if (choice.loss < 0) choice.loss *= belief;
      choices.push_back(choice);
      places.push_back(place);
    }
  }
  return problem;
}

Result<BudgetMix> BudgetSearch::run(const ByteLimit& limit) {
  std::vector<GroupChoices> groups = table_.choices();
  RUNG_TRY(BudgetMix best, best_mix(whole_problem(groups), limit));
  const double bound = best.bound;
  RUNG_TRY(best.measured, measure(best));
  observer_.note(fmt::format("sensitivities added up: predicted {:.6f}, measured {:.6f} nats a token", best.predicted,
                             best.measured));
  for (size_t pass = 0; pass < kPasses; ++pass) {
    const BudgetMix center = best;
    const std::vector<GroupChoices> before = groups;
    RUNG_TRY(groups, scaled_to(center, before));
    std::vector<Problem> problems = {whole_problem(groups)};
    for (const double belief : kBeliefs) problems.push_back(near_problem(center, before, groups, belief));
    for (const Problem& problem : problems) {
      RUNG_TRY(BudgetMix next, best_mix(problem, limit));
      RUNG_TRY(next.measured, measure(next));
      if (next.measured < best.measured) best = std::move(next);
    }
    observer_.note(fmt::format("pass {}: measured {:.6f} nats a token", pass + 1, best.measured));
    if (best.choices == center.choices) break;
  }
  best.bound = bound;
  if (inputs_.output.importance.grams != nullptr) {
    RUNG_TRY(const auto source, source_of(best, inputs_.output.importance));
    RUNG_TRY(best.measured, divergence_.of(source, observer_));
  }
  return best;
}

}  // namespace rung
