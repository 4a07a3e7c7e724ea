// The names nearest to what someone wrote, for warnings.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace rung {

/// At most `count` of `names`, those that hold something like `text` with the fewest letters changed first; each
/// layer's twin ("blk.3.attn_q.weight") only once. What only a regular expression means is left out of `text`.
std::vector<std::string> nearest_names(std::string_view text, const std::vector<std::string_view>& names, size_t count);

}  // namespace rung
