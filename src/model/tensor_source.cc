#include "model/tensor_source.h"

namespace rung {

Result<std::shared_ptr<const FileSource>> FileSource::open(const std::filesystem::path& path) {
  RUNG_TRY(GgufFile file, GgufFile::open(path));
  return std::make_shared<const FileSource>(std::move(file));
}

std::optional<TensorView> FileSource::find(std::string_view name) const {
  const GgufTensor* tensor = file_.tensor(name);
  if (tensor == nullptr || !tensor->format) return std::nullopt;
  return TensorView{*tensor->format, tensor->bytes, tensor->shape};
}

}  // namespace rung
