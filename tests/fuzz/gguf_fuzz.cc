// libFuzzer: any bytes are either refused as a GGUF file with an error of one line, or give tensors whose bytes lie
// inside the input; planning a quantization of such a file, and reading the bytes as an importance matrix, stands them
// too.
#include <cstdlib>

#include "io/gguf.h"
#include "io/imatrix.h"
#include "recipe/recipe.h"

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

void check_tensors(const rung::GgufFile& file, std::span<const uint8_t> input) {
  for (const rung::GgufTensor& tensor : file.tensors()) {
    require(file.tensor(tensor.name) != nullptr);
    if (tensor.bytes.empty()) continue;
    require(tensor.bytes.data() >= input.data());
    require(tensor.bytes.data() + tensor.bytes.size() <= input.data() + input.size());
    if (!tensor.format) continue;
    require(rung::row_bytes(*tensor.format, tensor.columns()) * tensor.rows() == tensor.bytes.size());
  }
}

void check_error(const rung::Error& error) {
  require(error.kind == rung::ErrorKind::kInput);
  require(!error.message.empty() && error.message.find('\n') == std::string::npos);
}

void check_plan(const rung::GgufFile& file) {
  const auto recipe = rung::find_recipe("asymmetric-q4");
  const auto plan = rung::plan_quantization(file, *recipe, {});
  if (plan) require(plan->tensors.size() == file.tensors().size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::span<const uint8_t> input(data, size);
  if (const auto file = rung::GgufFile::parse(input, "fuzz")) {
    check_tensors(*file, input);
    check_plan(*file);
  } else {
    check_error(file.error());
  }
  if (const auto imatrix = rung::parse_imatrix(input, "fuzz"); !imatrix) check_error(imatrix.error());
  return 0;
}
