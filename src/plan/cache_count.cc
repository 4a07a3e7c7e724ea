#include "plan/cache_count.h"

#include <algorithm>
#include <tuple>

#include "plan/quantity.h"

namespace rung {
namespace {

constexpr uint64_t kStateValueBytes = 4;  // states are kept in F32

auto members(const CacheLayer& layer) {
  return std::tuple(layer.draft, layer.kind, layer.kv_heads, layer.key_dim, layer.value_dim, layer.span, layer.ratio,
                    layer.index_dim, layer.index_top, layer.state_values);
}

/// What one layer keeps of one sequence.
class LayerCount {
 public:
  LayerCount(const CacheLayer& layer, const CacheUse& use) : layer_(layer), use_(use) {}

  uint64_t bytes() const { return saturating_sum({row_part(), state_part()}); }
  uint64_t state_part() const { return saturating_product({layer_.state_values, kStateValueBytes}); }
  uint64_t read_part() const {
    if (!has_rows() || layer_.index_top == 0) return bytes();
    const uint64_t chosen = std::min(long_rows(), layer_.index_top);
    const uint64_t near = layer_.kind == CacheKind::kCompressed ? near_rows() : 0;
    return saturating_sum({saturating_product({near + chosen, token_bytes()}),
                           saturating_product({long_rows(), index_bytes()}), state_part()});
  }

  std::string formula() const {
    std::string text = "layers";
    if (use_.sequences != 1) text += " x sequences";
    if (layer_.kind == CacheKind::kCompressed) return text + " x (window x key bytes + context / ratio x row bytes)";
    std::string row = layer_.value_dim == 0 ? "key bytes" : "(key bytes + value bytes)";
    if (layer_.index_dim != 0) row = "(" + row + " + index bytes)";
    if (has_rows()) text += fmt::format(" x {} x {}{}", span_name(), layer_.kv_heads == 1 ? "" : "kv heads x ", row);
    if (layer_.state_values != 0) text += has_rows() ? " + layers x state values x 4" : " x state values x 4";
    return text;
  }
  std::string numbers(uint64_t layers) const {
    std::string text = fmt::format("{}", layers);
    if (use_.sequences != 1) text += fmt::format(" x {}", use_.sequences);
    if (layer_.kind == CacheKind::kCompressed)
      return fmt::format("{} x ({} x {} + {} x {})", text, near_rows(), token_bytes(), long_rows(),
                         token_bytes() + index_bytes());
    std::string row =
        layer_.value_dim == 0 ? fmt::format("{}", key_bytes()) : fmt::format("({} + {})", key_bytes(), value_bytes());
    if (layer_.index_dim != 0) row = fmt::format("({} + {})", row, index_bytes());
    if (has_rows()) {
      text += fmt::format(" x {}", rows());
      if (layer_.kv_heads != 1) text += fmt::format(" x {}", layer_.kv_heads);
      text += " x " + row;
    }
    if (layer_.state_values == 0) return text;
    const std::string states = fmt::format("{} x {}", layer_.state_values, kStateValueBytes);
    return has_rows() ? fmt::format("{} + {} x {}", text, layers, states) : fmt::format("{} x {}", text, states);
  }

 private:
  bool has_rows() const {
    return layer_.kind != CacheKind::kShared && layer_.kind != CacheKind::kState && layer_.kind != CacheKind::kNone;
  }
  std::string_view span_name() const {
    if (layer_.span == 0 || use_.context <= layer_.span) return "context";
    return layer_.kind == CacheKind::kChunk ? "chunk" : "window";
  }
  uint64_t near_rows() const { return layer_.span == 0 ? use_.context : std::min(use_.context, layer_.span); }
  uint64_t long_rows() const {
    if (layer_.kind != CacheKind::kCompressed) return near_rows();
    return layer_.ratio == 0 ? 0 : use_.context / layer_.ratio;
  }
  uint64_t rows() const { return near_rows(); }
  uint64_t key_bytes() const { return use_.types.keys.row_bytes(layer_.key_dim); }
  uint64_t value_bytes() const { return layer_.value_dim == 0 ? 0 : use_.types.values.row_bytes(layer_.value_dim); }
  uint64_t index_bytes() const { return layer_.index_dim == 0 ? 0 : use_.types.keys.row_bytes(layer_.index_dim); }
  uint64_t token_bytes() const {
    return saturating_product({layer_.kv_heads, saturating_sum({key_bytes(), value_bytes()})});
  }
  uint64_t row_part() const {
    if (!has_rows()) return 0;
    const uint64_t long_row = saturating_sum({token_bytes(), index_bytes()});
    if (layer_.kind == CacheKind::kCompressed)
      return saturating_sum(
          {saturating_product({near_rows(), token_bytes()}), saturating_product({long_rows(), long_row})});
    return saturating_product({rows(), long_row});
  }

  const CacheLayer& layer_;
  const CacheUse& use_;
};

CacheGroup& group_of(std::vector<CacheGroup>& groups, const CacheLayer& layer) {
  const auto same = std::find_if(groups.begin(), groups.end(),
                                 [&](const CacheGroup& group) { return members(group.layer) == members(layer); });
  if (same != groups.end()) return *same;
  return *groups.insert(groups.end(), CacheGroup{layer, 0, 0, "", ""});
}

}  // namespace

CacheCount count_cache(const CacheShape& shape, const CacheUse& use) {
  CacheCount count;
  for (const CacheLayer& layer : shape.layers) {
    const LayerCount one(layer, use);
    const uint64_t bytes = saturating_product({use.sequences, one.bytes()});
    CacheGroup& group = group_of(count.groups, layer);
    ++group.layers;
    group.bytes = saturating_sum({group.bytes, bytes});
    count.bytes = saturating_sum({count.bytes, bytes});
    count.state_bytes = saturating_sum({count.state_bytes, saturating_product({use.sequences, one.state_part()})});
    if (layer.draft) count.draft_bytes = saturating_sum({count.draft_bytes, bytes});
    if (!layer.draft) count.read_bytes = saturating_sum({count.read_bytes, one.read_part()});
    count.layer_bytes.push_back(bytes);
    count.layer_read_bytes.push_back(one.read_part());
  }
  for (CacheGroup& group : count.groups) {
    const LayerCount one(group.layer, use);
    group.formula = one.formula();
    group.numbers = one.numbers(group.layers);
  }
  return count;
}

}  // namespace rung
