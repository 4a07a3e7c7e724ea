#include "io/gram_writer.h"

#include "io/gguf_writer.h"

namespace rung {
namespace {

GgufValue numbers(const std::vector<uint64_t>& values) {
  auto array = std::make_shared<GgufArray>();
  array->element = GgufType::kU64;
  for (const uint64_t value : values) array->values.push_back(GgufValue::u64(value));
  return {GgufType::kArray, std::shared_ptr<const GgufArray>(std::move(array))};
}

std::vector<GgufEntry> metadata_of(std::span<const GramInput> inputs) {
  std::vector<std::string> tensors;
  std::vector<uint64_t> input_of_tensor, columns, blocks;
  for (size_t input = 0; input < inputs.size(); ++input) {
    columns.push_back(inputs[input].columns);
    blocks.push_back(inputs[input].block);
    for (const std::string& tensor : inputs[input].tensors) {
      tensors.push_back(tensor);
      input_of_tensor.push_back(input);
    }
  }
  return {{"general.type", GgufValue::string("gram")},
          {"gram.tensors", GgufValue::strings(tensors)},
          {"gram.input_of_tensor", numbers(input_of_tensor)},
          {"gram.columns", numbers(columns)},
          {"gram.block", numbers(blocks)}};
}

std::span<const uint8_t> bytes_of(std::span<const float> values) {
  return {reinterpret_cast<const uint8_t*>(values.data()), values.size_bytes()};
}

}  // namespace

uint64_t gram_values(uint64_t columns, uint64_t block) {
  const uint64_t left = columns % block;
  return columns / block * block * block + left * left;
}

Status write_grams(const std::filesystem::path& path, std::span<const GramInput> inputs,
                   const std::function<std::vector<float>(size_t input, size_t matrix)>& gram) {
  std::vector<GgufTensorPlan> tensors;
  for (size_t input = 0; input < inputs.size(); ++input) {
    const uint64_t matrices = inputs[input].tokens.size();
    const uint64_t values = gram_values(inputs[input].columns, inputs[input].block);
    tensors.push_back({fmt::format("input.{}.mean", input), {values, matrices}, 0, values * matrices * sizeof(float)});
    tensors.push_back({fmt::format("input.{}.tokens", input), {matrices}, 0, matrices * sizeof(float)});
  }
  RUNG_TRY(GgufWriter writer, GgufWriter::create(path, metadata_of(inputs), tensors));
  for (size_t input = 0; input < inputs.size(); ++input) {
    const std::vector<double>& tokens = inputs[input].tokens;
    for (size_t matrix = 0; matrix < tokens.size(); ++matrix) {
      const std::vector<float> values = gram(input, matrix);
      RUNG_CHECK(writer.write(bytes_of(values)));
    }
    const std::vector<float> stored(tokens.begin(), tokens.end());
    RUNG_CHECK(writer.write(bytes_of(stored)));
  }
  return writer.commit();
}

}  // namespace rung
