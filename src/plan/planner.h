// Which rungs of a model fit into given memory, with how much context, how fast at most; before anything is downloaded.
// Weights are counted from shapes and types, the cache from the model's keys, buffers by what our engine would
// allocate; what cannot be known is said to be unknown. docs/plan.md explains every number.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "plan/cache_count.h"
#include "plan/compute_buffers.h"
#include "plan/model_shapes.h"
#include "plan/placement.h"
#include "plan/quality.h"
#include "plan/quantity.h"
#include "plan/weight_count.h"

namespace rung {

struct PlanRequest {
  std::vector<Device> devices;  ///< at least one; those filled first stand first
  uint64_t context = 0;         ///< tokens of a sequence; 0: kUsualContext, or what the model was trained for
  uint64_t sequences = 1;
  KvTypes types;
  std::vector<std::string> recipes;  ///< types and recipes; empty: the file as it is and a ladder below it
  bool all = false;                  ///< without recipes: every type and recipe there is
  bool imatrix = false;              ///< as with an importance matrix (some of llama.cpp's mixtures ask)
  size_t batch = 512;                ///< tokens computed together
  size_t threads = 1;
  std::optional<uint64_t> free_now;  ///< of a memory that others use too
};
inline constexpr uint64_t kUsualContext = 8192;
/// How far is looked where the model does not say what it was trained for.
inline constexpr uint64_t kMostContext = uint64_t{1} << 20;

/// What an earlier ladder measured of this very model.
struct MeasuredRung {
  std::string name;
  QualityEstimate quality;
  std::string panel_hash, right;  ///< as in QualityCandidate
};

struct RungPlan {
  std::string name;
  bool as_it_is = false;
  bool estimated = false;  ///< from a total and the type's bits, not tensor by tensor
  WeightCount weights;
  std::optional<ComputeBuffers> buffers;
  uint64_t bytes = 0;  ///< weights, cache as far as it is known, buffers
  bool fits = false;
  bool fits_with_q8_cache = false;          ///< where it does not with the cache as asked for
  std::optional<uint64_t> largest_context;  ///< that fits; 0: not one token; empty: the cache is not known
  std::vector<Placement> placements;        ///< best first
  std::optional<QualityEstimate> quality;   ///< measured, else published; empty: nobody has measured that few bits
  std::string panel_hash, right;            ///< of the measurement, if there is one
};

struct ModelPlan {
  ModelShapes shapes;
  CacheShape cache_shape;
  CacheUse use;
  CacheCount cache;
  std::optional<ExpertUse> experts;  ///< empty: not known
  std::vector<Device> devices;
  std::vector<RungPlan> rungs;     ///< as asked for; else the file as it is, then by size
  std::optional<size_t> best;      ///< the largest that fits
  std::optional<size_t> step_up;   ///< the next larger one
  std::vector<std::string> notes;  ///< what the reader must know about the numbers

  uint64_t memory() const;  ///< of all devices
  bool cache_known() const { return cache_shape.certainty != CacheShape::Certainty::kUnknown; }
};

/// measured: rungs of this model, from the results database.
Result<ModelPlan> plan_model(ModelShapes shapes, const PlanRequest& request,
                             const std::vector<MeasuredRung>& measured = {});

/// Which of two models, each at the best rung that fits, is the better choice; empty where one has none that fits.
std::optional<QualityDecision> compare_plans(const ModelPlan& first, const ModelPlan& second);

}  // namespace rung
