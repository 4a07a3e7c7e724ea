#include "calibrate/input_map.h"

#include <algorithm>
#include <map>
#include <set>

#include "model/tensor_role.h"
#include "recipe/recipe.h"

namespace rung {

/// Listens to one token's forward pass.
class InputFinder final : public ProductObserver {
 public:
  explicit InputFinder(InputMap& map) : map_(map) {}

  void products(std::span<const MatmulJob> jobs) override {
    std::map<std::pair<const Activations*, size_t>, size_t> readers;  // of the same rows: the input of the first
    for (const MatmulJob& job : jobs) {
      InputMap::Extent* extent = map_.extent_of(job.weights.data);
      if (extent == nullptr) continue;
      const auto [place, is_new] = readers.try_emplace({job.input, job.first_token}, map_.inputs_.size());
      if (!seen_.insert(extent).second) {
        if (is_new) place->second = input_of_[extent];
        continue;
      }
      if (is_new) {
        const Role role = role_of(extent->name).role;
        map_.inputs_.push_back({{},
                                job.weights.cols,
                                extent->matrices,
                                role == Role::kOutput || role == Role::kTokenEmbedding,
                                is_routed_expert(extent->name)});
        extent->input = place->second;
      }
      input_of_[extent] = place->second;
      map_.inputs_[place->second].tensors.push_back(extent->name);
    }
  }

 private:
  InputMap& map_;
  std::set<const InputMap::Extent*> seen_;
  std::map<const InputMap::Extent*, size_t> input_of_;
};

void InputMap::add_extents(const TensorSource& source) {
  for (const GgufTensor& tensor : source.file().tensors()) {
    const auto view = source.find(tensor.name);
    if (!view || view->shape.size() < 2) continue;
    const size_t matrices = tensor.values() / (tensor.shape[0] * tensor.shape[1]);
    extents_.push_back({view->bytes.data(), view->bytes.data() + view->bytes.size(), view->bytes.size() / matrices,
                        tensor.name, matrices, kNone});
  }
  std::sort(extents_.begin(), extents_.end(), [](const Extent& a, const Extent& b) { return a.begin < b.begin; });
}

const InputMap::Extent* InputMap::extent_of(const uint8_t* data) const {
  const auto after = std::upper_bound(extents_.begin(), extents_.end(), data,
                                      [](const uint8_t* at, const Extent& extent) { return at < extent.begin; });
  if (after == extents_.begin() || data >= (after - 1)->end) return nullptr;
  return &*(after - 1);
}

InputMap::Extent* InputMap::extent_of(const uint8_t* data) {
  return const_cast<Extent*>(std::as_const(*this).extent_of(data));
}

InputMap::Place InputMap::find(const Matrix& weights) const {
  const Extent* extent = extent_of(weights.data);
  if (extent == nullptr || extent->input == kNone) return {};
  return {extent->input, static_cast<size_t>(weights.data - extent->begin) / extent->matrix_bytes};
}

Result<InputMap> InputMap::of(const std::shared_ptr<const Engine>& engine, ThreadPool& pool) {
  InputMap map;
  map.add_extents(engine->source());
  InputFinder finder(map);
  SessionOptions options;
  options.capacity = 1;
  options.observer = &finder;
  Session session(engine, pool, options);
  const int32_t first = 0;
  RUNG_CHECK(session.forward(std::span(&first, 1)).map([](auto) {}));
  return map;
}

}  // namespace rung
