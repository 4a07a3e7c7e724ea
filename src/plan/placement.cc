#include "plan/placement.h"

#include <algorithm>
#include <cmath>

namespace rung {
namespace {

/// What is placed as one: a layer, its experts, or what stands outside the layers.
struct Piece {
  uint64_t weights = 0, cache = 0, buffers = 0, read = 0, values = 0;
  uint64_t layers = 0, expert_layers = 0;

  uint64_t bytes() const { return saturating_sum({weights, cache, buffers}); }
};

class Placer {
 public:
  Placer(const std::vector<Device>& devices, const WeightCount& weights, const CacheCount& cache, uint64_t buffers,
         const ExpertUse& experts)
      : devices_(devices), weights_(weights), cache_(cache), buffers_(buffers), share_(experts.share()) {}

  std::vector<Placement> run() const {
    std::vector<Placement> all;
    all.push_back(fill(devices_.size() == 1 ? "all on one device" : "layer by layer", by_layer()));
    const bool has_experts = std::any_of(weights_.layers.begin(), weights_.layers.end(),
                                         [](const LayerByteCount& layer) { return layer.expert_bytes != 0; });
    if (devices_.size() > 1 && has_experts) all.push_back(fill("experts last", experts_last()));
    std::stable_sort(all.begin(), all.end(), [](const Placement& a, const Placement& b) {
      if (a.fits != b.fits) return a.fits;
      return a.decode_tokens_per_second.value_or(0) > b.decode_tokens_per_second.value_or(0);
    });
    return all;
  }

 private:
  uint64_t used(uint64_t of_experts) const {
    return static_cast<uint64_t>(std::llround(static_cast<double>(of_experts) * share_));
  }
  uint64_t at(const std::vector<uint64_t>& values, size_t index) const {
    return index < values.size() ? values[index] : 0;
  }

  /// Embedding, output, draft head, encoders; with them the buffers.
  Piece outside() const {
    Piece piece{weights_.bytes, cache_.bytes, buffers_, weights_.output_bytes, weights_.output_values, 0, 0};
    for (size_t index = 0; index < weights_.layers.size(); ++index) {
      piece.weights -= weights_.layers[index].dense_bytes + weights_.layers[index].expert_bytes;
      piece.cache -= std::min(piece.cache, at(cache_.layer_bytes, index));
    }
    return piece;
  }
  Piece dense_part(size_t index) const {
    const LayerByteCount& layer = weights_.layers[index];
    return {layer.dense_bytes,
            at(cache_.layer_bytes, index),
            0,
            saturating_sum({layer.dense_bytes, at(cache_.layer_read_bytes, index)}),
            layer.dense_values,
            1,
            0};
  }
  Piece expert_part(size_t index) const {
    const LayerByteCount& layer = weights_.layers[index];
    return {layer.expert_bytes, 0, 0, used(layer.expert_bytes), used(layer.expert_values), 0, 1};
  }

  std::vector<Piece> by_layer() const {
    std::vector<Piece> pieces = {outside()};
    for (size_t index = 0; index < weights_.layers.size(); ++index) {
      Piece piece = dense_part(index);
      const Piece experts = expert_part(index);
      piece.weights += experts.weights, piece.read += experts.read, piece.values += experts.values;
      piece.expert_layers = experts.weights != 0;
      pieces.push_back(piece);
    }
    return pieces;
  }
  std::vector<Piece> experts_last() const {
    std::vector<Piece> pieces = {outside()};
    for (size_t index = 0; index < weights_.layers.size(); ++index) pieces.push_back(dense_part(index));
    for (size_t index = 0; index < weights_.layers.size(); ++index)
      if (weights_.layers[index].expert_bytes != 0) pieces.push_back(expert_part(index));
    return pieces;
  }

  /// Device after device, in order. Pieces that fit nowhere stay with the last one, which is then too small.
  Placement fill(std::string name, const std::vector<Piece>& pieces) const {
    Placement placement;
    placement.name = std::move(name);
    placement.shares.resize(devices_.size());
    size_t device = 0;
    for (const Piece& piece : pieces) {
      while (device + 1 < devices_.size() &&
             saturating_sum({placement.shares[device].bytes(), piece.bytes()}) > devices_[device].bytes)
        ++device;
      DeviceShare& share = placement.shares[device];
      share.weights += piece.weights, share.cache = saturating_sum({share.cache, piece.cache});
      share.buffers += piece.buffers;
      share.read = saturating_sum({share.read, piece.read}), share.values += piece.values;
      share.layers += piece.layers, share.expert_layers += piece.expert_layers;
    }
    placement.fits = true;
    for (size_t index = 0; index < devices_.size(); ++index) {
      const DeviceShare& share = placement.shares[index];
      placement.fits =
          placement.fits && saturating_sum({share.weights, share.cache, share.buffers}) <= devices_[index].bytes;
    }
    add_bounds(placement);
    return placement;
  }

  void add_bounds(Placement& placement) const {
    double decode = 0, prefill = 0;
    bool knows_bandwidth = weights_.active_bytes.has_value(), knows_operations = knows_bandwidth;
    for (size_t index = 0; index < devices_.size(); ++index) {
      const DeviceShare& share = placement.shares[index];
      if (share.read == 0) continue;
      knows_bandwidth = knows_bandwidth && devices_[index].bandwidth > 0;
      knows_operations = knows_operations && devices_[index].operations > 0;
      decode += static_cast<double>(share.read) / devices_[index].bandwidth;
      prefill += 2.0 * static_cast<double>(share.values) / devices_[index].operations;
    }
    if (knows_bandwidth && decode > 0) placement.decode_tokens_per_second = 1 / decode;
    if (knows_operations && prefill > 0) placement.prefill_tokens_per_second = 1 / prefill;
  }

  const std::vector<Device>& devices_;
  const WeightCount& weights_;
  const CacheCount& cache_;
  const uint64_t buffers_;
  const double share_;
};

}  // namespace

std::vector<Placement> place(const std::vector<Device>& devices, const WeightCount& weights, const CacheCount& cache,
                             uint64_t buffers, const ExpertUse& experts) {
  return Placer(devices, weights, cache, buffers, experts).run();
}

}  // namespace rung
