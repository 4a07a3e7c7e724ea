#include "engine/model_memory.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "model/tensor_role.h"

namespace rung {
namespace {

bool is_routed_matrix(Role role) {
  return role == Role::kRoutedExpertGate || role == Role::kRoutedExpertUp || role == Role::kRoutedExpertGateUp ||
         role == Role::kRoutedExpertDown;
}

uint64_t bytes_of(const TensorShape& tensor) {
  uint64_t values = 1;
  for (const uint64_t length : tensor.shape) values *= length;
  return row_bytes(tensor.format, values);
}

uint64_t experts_touched(const ModelConfig& config, const TensorShape& tensor, uint64_t tokens) {
  if (config.experts == 0) return bytes_of(tensor);
  const double chosen = static_cast<double>(config.experts_used) / static_cast<double>(config.experts);
  const double share = 1 - std::pow(1 - chosen, static_cast<double>(tokens));
  return static_cast<uint64_t>(share * static_cast<double>(bytes_of(tensor)));
}

}  // namespace

FileMemory predict_file_memory(const ModelConfig& config, std::span<const TensorShape> tensors, uint64_t header_bytes,
                               uint64_t tokens) {
  FileMemory memory{header_bytes, header_bytes};
  const bool tied = std::none_of(tensors.begin(), tensors.end(),
                                 [](const TensorShape& tensor) { return role_of(tensor.name).role == Role::kOutput; });
  for (const TensorShape& tensor : tensors) {
    const TensorRole place = role_of(tensor.name);
    const uint64_t bytes = bytes_of(tensor);
    memory.mapped += bytes;
    if (place.layer && *place.layer >= config.layers) continue;
    if (place.role == Role::kTokenEmbedding && !tied) continue;
    if (is_routed_matrix(place.role)) {
      memory.touched += experts_touched(config, tensor, tokens);
    } else {
      memory.touched += bytes;
    }
  }
  return memory;
}

FileMemory predict_file_memory(const ModelConfig& config, const GgufFile& file, uint64_t tokens) {
  std::vector<TensorShape> shapes;
  std::vector<uint64_t> headers;  // of each file of a split
  for (size_t shard = 0; shard < file.shard_count(); ++shard) headers.push_back(file.shard_bytes(shard).size());
  for (const GgufTensor& tensor : file.tensors()) {
    if (!tensor.format) continue;  // mapped, never read
    shapes.push_back({tensor.name, *tensor.format, tensor.shape});
    const auto offset = static_cast<uint64_t>(tensor.bytes.data() - file.shard_bytes(tensor.shard).data());
    headers[tensor.shard] = std::min(headers[tensor.shard], offset);
  }
  const uint64_t header_bytes = std::accumulate(headers.begin(), headers.end(), uint64_t{0});
  FileMemory memory = predict_file_memory(config, shapes, header_bytes, tokens);
  memory.mapped = file.file_bytes();
  return memory;
}

// What the code holds at once: the file's arrays (texts and their ends, scores, kinds), TokenizerSpec (strings, scores,
// kinds), Vocabulary (the same again, and a hash node with its bucket), and for merges the file's array, the spec's
// string and a hash node. Sizes of libstdc++ and glibc's malloc on 64 bits.
uint64_t predict_text_memory(const TextCounts& counts) {
  constexpr uint64_t kString = 32, kNumbers = 8, kEnd = 8, kTokenNode = 48 + 8, kMergeNode = 32 + 8;
  return counts.token_bytes + counts.tokens * (kEnd + kNumbers + 2 * (kString + kNumbers) + kTokenNode) +
         counts.merge_bytes + counts.merges * (kEnd + kString + kMergeNode);
}

TextCounts count_text(const GgufFile& file) {
  const auto count = [&](std::string_view key, uint64_t& entries, uint64_t& bytes) {
    const GgufValue* value = file.find(key);
    const GgufArray* array = value == nullptr ? nullptr : value->as_array();
    if (array == nullptr || array->element != GgufType::kString) return;
    entries = array->values.size();
    for (size_t index = 0; index < entries; ++index) bytes += array->values.text(index).size();
  };
  TextCounts counts;
  count("tokenizer.ggml.tokens", counts.tokens, counts.token_bytes);
  count("tokenizer.ggml.merges", counts.merges, counts.merge_bytes);
  return counts;
}

}  // namespace rung
