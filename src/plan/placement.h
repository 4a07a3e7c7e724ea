// Where weights and cache go when there are several devices, and how fast that can be at most. Two ways: layer by
// layer, or all that every token needs on the first devices and the routed experts on the last. The bounds are those of
// reading: a token cannot be made before its weights and the cache have been read once, a prompt not before its
// multiplications are done; what is lost between devices comes on top.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "plan/cache_count.h"
#include "plan/quantity.h"
#include "plan/weight_count.h"

namespace rung {

struct DeviceShare {
  uint64_t weights = 0, cache = 0, buffers = 0;  ///< bytes
  uint64_t read = 0;                             ///< bytes that one token reads here
  uint64_t values = 0;                           ///< weights that one token multiplies with here
  uint64_t layers = 0, expert_layers = 0;        ///< whole layers, or their dense part; layers whose experts are here

  uint64_t bytes() const { return weights + cache + buffers; }
};

struct Placement {
  std::string name;  ///< "all on one device", "layer by layer", "experts last"
  bool fits = false;
  std::vector<DeviceShare> shares;                 ///< of each device
  std::optional<double> decode_tokens_per_second;  ///< upper bound; empty: a bandwidth is not known
  std::optional<double> prefill_tokens_per_second;
};

/// The best first: those that fit, the fastest of them; at least one.
std::vector<Placement> place(const std::vector<Device>& devices, const WeightCount& weights, const CacheCount& cache,
                             uint64_t buffers, const ExpertUse& experts);

}  // namespace rung
