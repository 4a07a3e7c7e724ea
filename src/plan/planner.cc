#include "plan/planner.h"

#include <algorithm>
#include <array>

#include "plan/metadata_keys.h"

namespace rung {
namespace {

// What people choose between, largest first; the rest is there with --all.
constexpr std::array<std::string_view, 12> kUsualRungs = {
    "q8_0",    "q6_k", "llama.cpp/Q5_K_M", "llama.cpp/Q4_K_M", "iq4_xs",     "llama.cpp/Q3_K_M",
    "iq3_xxs", "q2_k", "iq2_xs",           "iq2_xxs",          "asymmetric", "iq1_m"};

std::vector<std::string> names_to_try(const PlanRequest& request) {
  if (!request.recipes.empty()) return request.recipes;
  if (!request.all) return {kUsualRungs.begin(), kUsualRungs.end()};
  std::vector<std::string> names;
  for (const FormatInfo& info : all_formats())
    if (info.encode != nullptr) names.emplace_back(info.name);
  for (std::string& name : recipe_names()) names.push_back(std::move(name));
  return names;
}

class ModelPlanner {
 public:
  ModelPlanner(ModelShapes shapes, const PlanRequest& request, const std::vector<MeasuredRung>& measured)
      : request_(request), measured_(measured) {
    plan_.shapes = std::move(shapes);
    plan_.devices = request.devices;
    plan_.use = {request.context, request.sequences, request.types};
  }

  Result<ModelPlan> run() {
    RUNG_CHECK(read_cache());
    RUNG_CHECK(read_experts());
    if (plan_.shapes.total_only) {
      add_from_total();
    } else {
      RUNG_CHECK(add_rungs());
    }
    sort_rungs();
    choose();
    add_notes();
    return std::move(plan_);
  }

 private:
  const GgufFile& model() const { return plan_.shapes.directory; }

  Status read_cache() {
    RUNG_TRY(plan_.cache_shape, read_cache_shape(model()));
    if (!plan_.shapes.cache_unknown.empty()) {
      plan_.cache_shape.certainty = CacheShape::Certainty::kUnknown;
      plan_.cache_shape.layers.clear();
      plan_.cache_shape.missing = plan_.shapes.cache_unknown;
    }
    const uint64_t trained = plan_.cache_shape.trained_context;
    if (plan_.use.context == 0) plan_.use.context = trained == 0 ? kUsualContext : std::min(kUsualContext, trained);
    plan_.cache = count_cache(plan_.cache_shape, plan_.use);
    if (plan_.cache.bytes >= uint64_t{1} << 60)
      return input_error("{}: a cache for {} sequences of {} tokens comes to more than 2^60 bytes", plan_.shapes.name,
                         plan_.use.sequences, plan_.use.context);
    return {};
  }

  Status read_experts() {
    const MetadataKeys keys(model());
    constexpr uint64_t kMost = 65536;
    RUNG_TRY(const auto experts, keys.number("expert_count", kMost));
    if (experts.value_or(0) == 0) {
      if (has_routed_experts(model())) return {};
      plan_.experts = ExpertUse{};
      return {};
    }
    RUNG_TRY(const auto used, keys.number("expert_used_count", kMost));
    if (!used || *used == 0) return {};
    if (*used > *experts)
      return keys.contradiction("expert_used_count", fmt::format("found {} of {} experts", *used, *experts));
    plan_.experts = ExpertUse{*experts, *used};
    return {};
  }

  uint64_t own_layers() const {
    const auto& layers = plan_.cache_shape.layers;
    return static_cast<uint64_t>(
        std::count_if(layers.begin(), layers.end(), [](const CacheLayer& layer) { return !layer.draft; }));
  }

  /// The model as it is, under the types that its files have.
  Result<QuantizationPlan> as_it_is() const {
    QuantizationPlan plan = keep_plan(model());
    const auto& stored = plan_.shapes.stored_tensor_bytes;
    for (size_t index = 0; index < stored.size(); ++index) plan.tensors[index].bytes = stored[index];
    return plan;
  }

  Status add_rungs() {
    RUNG_TRY(const QuantizationPlan as_is, as_it_is());
    const auto format = main_format(as_is);
    const bool is_size = plan_.shapes.source == ModelShapes::Source::kSize;
    if (request_.recipes.empty()) {
      add_rung(format ? std::string(format_name(*format)) : "as it is", as_is);
      plan_.rungs.back().as_it_is = !is_size;
    }
    for (const std::string& name : names_to_try(request_)) {
      RUNG_TRY(const Recipe recipe, find_recipe(name));
      const auto plan = plan_quantization(model(), recipe, {}, request_.imatrix);
      if (!plan && !request_.recipes.empty()) return tl::unexpected(plan.error());
      if (!plan) continue;
      // Encoding what is quantized already into more bits only costs.
      if (request_.recipes.empty() && plan->tensor_bytes >= plan_.rungs.front().weights.bytes) continue;
      add_rung(name, *plan);
    }
    return {};
  }

  void add_rung(std::string name, const QuantizationPlan& plan) {
    RungPlan rung;
    rung.name = std::move(name);
    rung.weights = count_weights(plan, own_layers(), plan_.experts);
    rung.buffers =
        predict_compute_buffers(model(), plan, std::min<size_t>(request_.batch, plan_.use.context), request_.threads);
    finish(std::move(rung));
  }

  /// Only a total is known: the model as stored, and each type by its bits.
  void add_from_total() {
    if (plan_.shapes.stored_bytes && request_.recipes.empty()) {
      RungPlan rung;
      rung.name = "as stored", rung.as_it_is = true;
      rung.weights.bytes = *plan_.shapes.stored_bytes;
      rung.weights.values = plan_.shapes.total_values.value_or(0);
      finish(std::move(rung));
    }
    if (!plan_.shapes.total_values) return;
    for (const std::string& name : names_to_try(request_)) {
      const auto format = format_from_name(name);
      if (!format) continue;
      RungPlan rung;
      rung.name = name, rung.estimated = true;
      rung.weights.values = *plan_.shapes.total_values;
      const FormatInfo& info = format_info(*format);
      rung.weights.bytes = *plan_.shapes.total_values / info.block_values * info.block_bytes;
      finish(std::move(rung));
    }
  }

  void finish(RungPlan rung) {
    const uint64_t buffers = rung.buffers ? rung.buffers->bytes() : 0;
    rung.bytes = saturating_sum({rung.weights.bytes, plan_.cache.bytes, buffers});
    rung.placements = placements(rung, plan_.cache);
    rung.fits = rung.placements.front().fits;
    if (plan_.cache_known()) rung.largest_context = longest(rung);
    if (plan_.cache_known() && !rung.fits) rung.fits_with_q8_cache = fits_with_q8_cache(rung);
    add_quality(rung);
    plan_.rungs.push_back(std::move(rung));
  }

  /// Nothing is asked of the model as it was published: it is what the others are compared with.
  void add_quality(RungPlan& rung) const {
    for (const MeasuredRung& one : measured_) {
      if (one.name != rung.name) continue;
      rung.quality = one.quality, rung.panel_hash = one.panel_hash, rung.right = one.right;
      return;
    }
    const double bits = rung.weights.bits_per_weight();
    if (rung.weights.values == 0 || bits >= 15.5) return;
    const bool experts = !plan_.experts || plan_.experts->experts != 0;
    rung.quality = published_quality({rung.name, bits, static_cast<double>(rung.weights.values), experts});
  }

  std::vector<Placement> placements(const RungPlan& rung, const CacheCount& cache) const {
    return place(plan_.devices, rung.weights, cache, rung.buffers ? rung.buffers->bytes() : 0,
                 plan_.experts.value_or(ExpertUse{}));
  }

  bool fits_with_q8_cache(const RungPlan& rung) const {
    const auto types = KvTypes::parse("q8_0", "--kv");
    if (!types) return false;
    const CacheUse use{plan_.use.context, plan_.use.sequences, *types};
    return placements(rung, count_cache(plan_.cache_shape, use)).front().fits;
  }

  /// By halves: a longer cache never needs less.
  uint64_t longest(const RungPlan& rung) const {
    const uint64_t trained = plan_.cache_shape.trained_context;
    uint64_t low = 0, high = trained == 0 ? kMostContext : trained;
    while (low < high) {
      CacheUse use = plan_.use;
      use.context = high - (high - low) / 2;
      if (placements(rung, count_cache(plan_.cache_shape, use)).front().fits) {
        low = use.context;
      } else {
        high = use.context - 1;
      }
    }
    return low;
  }

  void sort_rungs() {
    if (request_.recipes.empty())
      std::stable_sort(plan_.rungs.begin(), plan_.rungs.end(), [](const RungPlan& a, const RungPlan& b) {
        if (a.as_it_is != b.as_it_is) return a.as_it_is;
        return a.weights.bytes > b.weights.bytes;
      });
  }

  /// The largest that fits, and the smallest of those that are larger.
  void choose() {
    for (size_t index = 0; index < plan_.rungs.size(); ++index) {
      const RungPlan& rung = plan_.rungs[index];
      if (rung.fits && (!plan_.best || rung.weights.bytes > plan_.rungs[*plan_.best].weights.bytes)) plan_.best = index;
    }
    for (size_t index = 0; index < plan_.rungs.size(); ++index) {
      const uint64_t bytes = plan_.rungs[index].weights.bytes;
      if (plan_.best && bytes <= plan_.rungs[*plan_.best].weights.bytes) continue;
      if (!plan_.step_up || bytes < plan_.rungs[*plan_.step_up].weights.bytes) plan_.step_up = index;
    }
  }

  void add_notes() {
    plan_.notes = plan_.shapes.notes;
    for (const std::string& note : plan_.cache_shape.notes) plan_.notes.push_back("cache: " + note);
    if (!plan_.cache_known())
      plan_.notes.push_back(
          fmt::format("cache: unknown, and not counted: missing {}", fmt::join(plan_.cache_shape.missing, ", ")));
    if (plan_.best && request_.free_now && plan_.rungs[*plan_.best].bytes > *request_.free_now)
      plan_.notes.push_back(fmt::format("memory: only {} are free now", binary_size(*request_.free_now)));
    const uint64_t trained = plan_.cache_shape.trained_context;
    if (trained != 0 && plan_.use.context > trained)
      plan_.notes.push_back(
          fmt::format("context: {} tokens, but the model was trained for {}", plan_.use.context, trained));
    const auto lacks_buffers = [](const RungPlan& rung) { return !rung.buffers; };
    if (std::any_of(plan_.rungs.begin(), plan_.rungs.end(), lacks_buffers))
      plan_.notes.push_back("buffers: unknown, and not counted");
    else if (!plan_.rungs.empty() && !plan_.rungs.front().buffers->engine_runs_it)
      plan_.notes.push_back(
          fmt::format("Rung's engine does not run {}: the cache is counted by its keys, buffers are an estimate",
                      MetadataKeys(model()).architecture()));
    if (!plan_.experts)
      plan_.notes.push_back("experts: how many a token uses is not known, so its speed is not either");
  }

  const PlanRequest& request_;
  const std::vector<MeasuredRung>& measured_;
  ModelPlan plan_;
};

}  // namespace

uint64_t ModelPlan::memory() const {
  uint64_t bytes = 0;
  for (const Device& device : devices) bytes = saturating_sum({bytes, device.bytes});
  return bytes;
}

Result<ModelPlan> plan_model(ModelShapes shapes, const PlanRequest& request,
                             const std::vector<MeasuredRung>& measured) {
  return ModelPlanner(std::move(shapes), request, measured).run();
}

std::optional<QualityDecision> compare_plans(const ModelPlan& first, const ModelPlan& second) {
  if (!first.best || !second.best) return std::nullopt;
  const auto candidate = [](const ModelPlan& plan) {
    const RungPlan& rung = plan.rungs[*plan.best];
    return QualityCandidate{fmt::format("{} at {}", plan.shapes.name, rung.name),
                            static_cast<double>(rung.weights.values), rung.weights.bits_per_weight(), rung.panel_hash,
                            rung.right};
  };
  return compare_quality(candidate(first), candidate(second));
}

}  // namespace rung
