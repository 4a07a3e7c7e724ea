// The shipped model, whole and damaged, for tests.
#pragma once

#include <filesystem>
#include <map>
#include <memory>

#include "base/rng.h"
#include "engine/engine.h"
#include "measure/panel_items.h"
#include "model/model_text.h"

namespace rung {

/// The shipped model with seeded noise on every feed-forward weight: wrong more often, in many ways.
class NoisySource final : public TensorSource {
 public:
  NoisySource(std::shared_ptr<const TensorSource> source, float noise) : source_(std::move(source)) {
    Rng rng(17);
    for (const GgufTensor& tensor : file().tensors()) {
      if (tensor.name.find("ffn_") == std::string::npos || tensor.shape.size() < 2) continue;
      std::vector<float>& weights = floats_[tensor.name];
      weights.resize(tensor.values());
      decode_row(*tensor.format, tensor.bytes.data(), tensor.values(), weights.data());
      double squares = 0;
      for (const float weight : weights) squares += weight * weight;
      const float size = noise * std::sqrt(static_cast<float>(3 * squares / static_cast<double>(weights.size())));
      for (float& weight : weights) weight += size * static_cast<float>(2 * rng.uniform() - 1);
    }
  }
  const GgufFile& file() const override { return source_->file(); }
  std::optional<TensorView> find(std::string_view name) const override {
    auto view = source_->find(name);
    const auto mine = floats_.find(name);
    if (mine == floats_.end()) return view;
    view->format = Format::F32;
    view->bytes = {reinterpret_cast<const uint8_t*>(mine->second.data()), mine->second.size() * sizeof(float)};
    return view;
  }

 private:
  std::shared_ptr<const TensorSource> source_;
  std::map<std::string, std::vector<float>, std::less<>> floats_;
};

struct Pico {
  std::filesystem::path folder = std::filesystem::path(RUNG_SOURCE_DIR) / "models/pico-moe";
  std::shared_ptr<const TensorSource> source = FileSource::open(folder / "pico-moe.bf16.gguf").value();
  std::shared_ptr<const Engine> engine = Engine::open(source).value();
  ModelText text = open_model_text(source->file()).value();
  std::vector<Capability> panel = read_panel(folder / "panel").value();

  std::shared_ptr<const Engine> damaged(float noise) const {
    return Engine::open(std::make_shared<NoisySource>(source, noise)).value();
  }
};

}  // namespace rung
