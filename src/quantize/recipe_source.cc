#include "quantize/recipe_source.h"

#include "quantize/encode_tensor.h"

namespace rung {

Result<std::shared_ptr<const RecipeSource>> RecipeSource::create(std::shared_ptr<const TensorSource> source,
                                                                 const QuantizationPlan& plan,
                                                                 const ImportanceOptions& options, ThreadPool& pool,
                                                                 Observer& observer) {
  auto result = std::make_shared<RecipeSource>();
  uint64_t done = 0;
  for (const TensorPlan& tensor : plan.tensors) {
    if (observer.cancelled()) return cancelled_error();
    observer.progress("quantize", done, plan.values);
    done += tensor.source->values();
    if (!tensor.format) continue;
    RUNG_TRY(const std::vector<float> importance, importance_of(tensor, options, pool));
    Encoded encoded{*tensor.format, std::vector<uint8_t>(row_bytes(*tensor.format, tensor.source->values()))};
    RUNG_CHECK(encode_rows(tensor, importance, 0, tensor.source->rows(), pool, encoded.bytes.data()));
    finish_tensor(*tensor.format, encoded.bytes);
    result->encoded_.emplace(tensor.source->name, std::move(encoded));
  }
  observer.progress("quantize", plan.values, plan.values);
  result->source_ = std::move(source);
  return std::shared_ptr<const RecipeSource>(std::move(result));
}

std::optional<TensorView> RecipeSource::find(std::string_view name) const {
  const auto encoded = encoded_.find(name);
  if (encoded == encoded_.end()) return source_->find(name);
  const GgufTensor* tensor = source_->file().tensor(name);
  return TensorView{encoded->second.format, encoded->second.bytes, tensor->shape};
}

}  // namespace rung
