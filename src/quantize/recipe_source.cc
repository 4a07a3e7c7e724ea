#include "quantize/recipe_source.h"

#include <algorithm>

#include "quantize/encode_pass.h"
#include "quantize/memory_plan.h"

namespace rung {

/// Takes the encoded bytes where they will be read.
class RecipeSource::Sink final : public EncodeSink {
 public:
  Sink(RecipeSource& source, const QuantizationPlan& plan) : source_(source), plan_(plan) {}

  Status write(size_t, size_t tensor, uint64_t offset, std::span<const uint8_t> bytes) override {
    Encoded& encoded = encoded_at(tensor);
    std::copy(bytes.begin(), bytes.end(), encoded.bytes.begin() + static_cast<ptrdiff_t>(offset));
    return {};
  }
  Status write_scales(size_t, size_t tensor, std::span<const float> scales) override {
    const auto bytes = std::span(reinterpret_cast<const uint8_t*>(scales.data()), scales.size_bytes());
    source_.encoded_[plan_.tensors[tensor].scale_name] = {Format::F32, {scales.size()}, {bytes.begin(), bytes.end()}};
    return {};
  }
  Status finish(size_t tensor, std::span<const TensorLoss>) override {
    Encoded& encoded = encoded_at(tensor);
    finish_tensor(encoded.format, encoded.bytes);
    return {};
  }

 private:
  Encoded& encoded_at(size_t tensor) {
    const TensorPlan& planned = plan_.tensors[tensor];
    const auto [place, fresh] = source_.encoded_.try_emplace(planned.source->name);
    if (fresh)
      place->second = {*planned.format, planned.source->shape,
                       std::vector<uint8_t>(row_bytes(*planned.format, planned.source->values()))};
    return place->second;
  }

  RecipeSource& source_;
  const QuantizationPlan& plan_;
};

Result<std::shared_ptr<const RecipeSource>> RecipeSource::create(std::shared_ptr<const TensorSource> source,
                                                                 const QuantizationPlan& plan,
                                                                 const ImportanceOptions& importance, ThreadPool& pool,
                                                                 Observer& observer) {
  RUNG_CHECK(check_calibration(plan, importance));
  auto result = std::make_shared<RecipeSource>();
  EncodePassOptions options;
  options.importance = importance;
  options.copy_kept = false;
  Sink sink(*result, plan);
  const QuantizationPlan* const plans[] = {&plan};
  options.max_memory = std::max(kDefaultMaxMemory, least_memory(plans, importance));
  RUNG_CHECK(encode_tensors(plans, source->file(), options, sink, pool, observer));
  result->source_ = std::move(source);
  return std::shared_ptr<const RecipeSource>(std::move(result));
}

std::optional<TensorView> RecipeSource::find(std::string_view name) const {
  const auto encoded = encoded_.find(name);
  if (encoded == encoded_.end()) return source_->find(name);
  return TensorView{encoded->second.format, encoded->second.bytes, encoded->second.shape};
}

}  // namespace rung
