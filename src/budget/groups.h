// The groups of tensors that a budget decides about: those of one layer that share a role, with gate and up together as
// they have one input; token embedding and output on their own. Of each group the formats it may get.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "quantize/importance.h"
#include "recipe/recipe.h"

namespace rung {

struct TensorGroup {
  std::string name;  ///< "layer 3 routed expert gate/up", "token embedding"
  std::string role;  ///< the same without the layer
  std::vector<Role> roles;
  std::optional<uint32_t> layer;
  std::vector<size_t> tensors;  ///< of the file, in its order
  uint64_t values = 0;
  std::vector<std::optional<Format>> formats;  ///< from few bits to many; empty: the source's own, kept

  uint64_t bytes(const GgufFile& file, std::optional<Format> format) const;
};

/// The formats of a budget lie between these in bits per weight, both included.
struct FormatRange {
  std::optional<Format> least, most;  ///< without `most` groups may be kept as they are
};

/// All groups of matrices that llama-quantize would touch. Formats that need an importance matrix are left out where
/// there is none.
std::vector<TensorGroup> tensor_groups(const GgufFile& file, const FormatRange& range,
                                       const ImportanceOptions& importance);

/// "2.06": bits of a weight in a format's blocks.
double format_bits(Format format);
/// "q4_k", or "as it is".
std::string choice_name(std::optional<Format> format);

/// A recipe that gives each group its format: rules by role and layers.
Recipe group_recipe(std::span<const TensorGroup> groups, std::span<const std::optional<Format>> formats,
                    const std::string& description);

/// A plan that changes one group alone.
QuantizationPlan group_plan(const GgufFile& file, const TensorGroup& group, Format format);

}  // namespace rung
