// A model seen through a recipe: its tensors quantized in memory, nothing written. The engine runs it like a file.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/observer.h"
#include "base/thread_pool.h"
#include "model/tensor_source.h"
#include "quantize/importance.h"

namespace rung {

class RecipeSource final : public TensorSource {
 public:
  /// Encodes every planned tensor. `plan` refers to tensors of source's file.
  static Result<std::shared_ptr<const RecipeSource>> create(std::shared_ptr<const TensorSource> source,
                                                            const QuantizationPlan& plan,
                                                            const ImportanceOptions& importance, ThreadPool& pool,
                                                            Observer& observer);

  const GgufFile& file() const override { return source_->file(); }
  std::optional<TensorView> find(std::string_view name) const override;

 private:
  class Sink;
  struct Encoded {
    Format format;
    std::vector<uint64_t> shape;
    std::vector<uint8_t> bytes;
  };

  std::shared_ptr<const TensorSource> source_;
  std::map<std::string, Encoded, std::less<>> encoded_;
};

}  // namespace rung
