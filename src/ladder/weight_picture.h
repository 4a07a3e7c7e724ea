// What formats make of real weights, for a picture: how the weights of one matrix are spread, and for one small group
// of them the levels that each format can put them on. Pure; deterministic.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <span>

#include "base/status.h"
#include "codec/format.h"
#include "model/tensor_source.h"

namespace rung {

/// The "weights" of ladder.json (docs/ladder-json.md): the matrix is the feed-forward down projection in the middle of
/// the model, the first expert's where there are several. Formats whose blocks do not divide its rows are left out.
/// Null where the model has no such matrix of floats.
nlohmann::ordered_json weight_picture(const TensorSource& source, std::span<const Format> formats);

/// The values that a format can give to the weights of one group, ascending. `rows` x `columns` weights are encoded to
/// see which codes the format knows; the group is the `first` of the first row on.
struct GroupLevels {
  std::vector<float> decoded;  ///< (group) what the weights become
  std::vector<float> levels;   ///< all that they could have become with the group's scale
};
GroupLevels levels_of_group(Format format, std::span<const float> values, size_t columns, size_t group);

}  // namespace rung
