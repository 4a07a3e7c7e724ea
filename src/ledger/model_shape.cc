#include "ledger/model_shape.h"

#include <algorithm>
#include <vector>

#include "base/hash.h"

namespace rung {

std::string model_name(const GgufFile& file) {
  const GgufValue* name = file.find("general.name");
  return name != nullptr && name->as_string() != nullptr ? *name->as_string() : "";
}

std::string model_shape_hash(const GgufFile& file) {
  std::vector<std::string> lines;
  for (const GgufTensor& tensor : file.tensors())
    lines.push_back(fmt::format("{} {}", tensor.name, fmt::join(tensor.shape, "x")));
  std::sort(lines.begin(), lines.end());  // llama.cpp may write them in another order
  return content_hash(fmt::format("{}\n{}", model_name(file), fmt::join(lines, "\n")));
}

}  // namespace rung
