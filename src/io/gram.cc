#include "io/gram.h"

#include <algorithm>
#include <cmath>

#include "base/hash.h"
#include "io/byte_reader.h"
#include "io/gguf.h"
#include "io/gram_writer.h"

namespace rung {
namespace {

/// Largest difference of two mirrored values, both rounded from one double: none. Files of others may round each.
constexpr float kMirrorTolerance = 0x1p-20f;

constexpr size_t kHashPiece = size_t{4} << 20;

/// Piece by piece, so that the file is never in memory as a whole.
std::string hash_of(const MappedFile& mapped) {
  ContentHasher hasher;
  const auto bytes = mapped.bytes();
  for (size_t begin = 0; begin < bytes.size(); begin += kHashPiece) {
    const auto piece = bytes.subspan(begin, std::min(kHashPiece, bytes.size() - begin));
    hasher.add(piece);
    mapped.release(piece);
  }
  return hasher.digits();
}

/// Of a mapped GGUF file.
class GramReader {
 public:
  GramReader(const GgufFile& gguf, std::shared_ptr<const MappedFile> mapped, const std::string& file)
      : gguf_(gguf), file_(file) {
    result_.mapped = std::move(mapped);
  }

  Result<GramFile> read() {
    RUNG_TRY(const std::string type, gguf_.str("general.type"));
    if (type != "gram") return input_error("{}: general.type is {}, a Gram file has 'gram'", file_, quoted_name(type));
    RUNG_TRY(columns_, numbers("gram.columns"));
    RUNG_TRY(blocks_, numbers("gram.block"));
    if (columns_.size() != blocks_.size())
      return input_error("{}: gram.block has {} values, gram.columns has {}", file_, blocks_.size(), columns_.size());
    std::vector<std::shared_ptr<const std::vector<Gram>>> inputs;
    for (size_t input = 0; input < columns_.size(); ++input) {
      RUNG_TRY(std::vector<Gram> grams, read_input(input));
      inputs.push_back(std::make_shared<const std::vector<Gram>>(std::move(grams)));
    }
    return name_inputs(inputs);
  }

 private:
  Result<std::vector<uint64_t>> numbers(std::string_view key) const;
  Result<GramFile> name_inputs(const std::vector<std::shared_ptr<const std::vector<Gram>>>& inputs);
  Result<std::span<const float>> floats(const std::string& name, uint64_t row) const;
  Result<std::vector<Gram>> read_input(size_t input) const;
  Status check_values(size_t input, size_t matrix, const Gram& gram) const;

  const GgufFile& gguf_;
  const std::string& file_;
  std::vector<uint64_t> columns_, blocks_;
  GramFile result_;
};

Result<std::vector<uint64_t>> GramReader::numbers(std::string_view key) const {
  RUNG_TRY(const GgufArray* array, gguf_.array(key, GgufType::kU64));
  std::vector<uint64_t> values;
  for (const GgufValue& value : array->values) values.push_back(*value.as_u64());
  return values;
}

Result<GramFile> GramReader::name_inputs(const std::vector<std::shared_ptr<const std::vector<Gram>>>& inputs) {
  RUNG_TRY(const GgufArray* names, gguf_.array("gram.tensors", GgufType::kString));
  RUNG_TRY(const std::vector<uint64_t> input_of_tensor, numbers("gram.input_of_tensor"));
  if (names->values.size() != input_of_tensor.size())
    return input_error("{}: gram.input_of_tensor has {} values, gram.tensors has {}", file_, input_of_tensor.size(),
                       names->values.size());
  for (size_t index = 0; index < input_of_tensor.size(); ++index) {
    const std::string name(names->values.text(index));
    const uint64_t input = input_of_tensor[index];
    if (input >= inputs.size())
      return input_error("{}: gram.input_of_tensor: tensor {} has input {}, allowed are less than {}", file_,
                         quoted_name(name), input, inputs.size());
    if (!result_.inputs.emplace(name, inputs[input]).second)
      return input_error("{}: gram.tensors: {} occurs twice", file_, quoted_name(name));
  }
  return std::move(result_);
}

/// A tensor whose rows are of that length.
Result<std::span<const float>> GramReader::floats(const std::string& name, uint64_t row) const {
  const GgufTensor* tensor = gguf_.tensor(name);
  if (tensor == nullptr) return input_error("{}: tensor {} is missing", file_, name);
  if (tensor->format != Format::F32)
    return input_error("{}: tensor {} is of type {}, allowed is f32", file_, name, ggml_type_name(tensor->ggml_type));
  if (tensor->columns() != row)
    return input_error("{}: tensor {} has rows of {} values, expected are {}", file_, name, tensor->columns(), row);
  if (reinterpret_cast<uintptr_t>(tensor->bytes.data()) % alignof(float) != 0)
    return input_error("{}: tensor {} begins at an odd address: general.alignment is {}, allowed here are 4 and more",
                       file_, name, gguf_.alignment());
  return std::span(reinterpret_cast<const float*>(tensor->bytes.data()), tensor->values());
}

Result<std::vector<Gram>> GramReader::read_input(size_t input) const {
  constexpr uint64_t kMostColumns = uint64_t{1} << 24;  // so that no square overflows
  const uint64_t columns = columns_[input], block = blocks_[input];
  if (columns == 0 || columns > kMostColumns || block == 0 || block > columns)
    return input_error("{}: input {} has {} columns in blocks of {}, allowed are 1 to {} and blocks of 1 to all", file_,
                       input, columns, block, kMostColumns);
  const uint64_t size = gram_values(columns, block);
  RUNG_TRY(const std::span<const float> values, floats(fmt::format("input.{}.mean", input), size));
  const uint64_t matrices = values.size() / size;
  RUNG_TRY(const std::span<const float> tokens, floats(fmt::format("input.{}.tokens", input), matrices));
  if (tokens.size() != matrices)
    return input_error("{}: tensor input.{}.tokens has {} values, expected are {}", file_, input, tokens.size(),
                       matrices);
  std::vector<Gram> grams;
  for (uint64_t matrix = 0; matrix < matrices; ++matrix) {
    grams.push_back({columns, block, tokens[matrix], values.subspan(matrix * size, size)});
    RUNG_CHECK(check_values(input, matrix, grams.back()));
    result_.release(grams.back());
  }
  return grams;
}

/// Finite, symmetric, nothing negative on the diagonal.
Status GramReader::check_values(size_t input, size_t matrix, const Gram& gram) const {
  if (!std::isfinite(gram.tokens) || gram.tokens < 0)
    return input_error("{}: input {}: tokens of matrix {} are {}, allowed are finite values from 0", file_, input,
                       matrix, gram.tokens);
  const float* values = gram.values.data();
  for (uint64_t first = 0; first < gram.columns; first += gram.block) {
    const uint64_t edge = std::min(gram.block, gram.columns - first);
    for (uint64_t row = 0; row < edge; ++row)
      for (uint64_t column = 0; column <= row; ++column) {
        const float value = values[row * edge + column], mirrored = values[column * edge + row];
        const bool sound = std::isfinite(value) && std::isfinite(mirrored) && (row != column || value >= 0);
        if (!sound || std::abs(value - mirrored) > kMirrorTolerance * std::abs(value))
          return input_error(
              "{}: input {}, matrix {}: values of columns {} and {} are {} and {}, allowed are finite, equal ones, "
              "from "
              "0 for a column with itself",
              file_, input, matrix, first + row, first + column, value, mirrored);
      }
    values += edge * edge;
  }
  return {};
}

}  // namespace

const Gram* GramFile::find(std::string_view tensor, uint64_t matrix) const {
  const auto found = inputs.find(tensor);
  if (found == inputs.end() || matrix >= found->second->size()) return nullptr;
  return &(*found->second)[matrix];
}

void GramFile::release(const Gram& gram) const {
  if (mapped != nullptr)
    mapped->release({reinterpret_cast<const uint8_t*>(gram.values.data()), gram.values.size_bytes()});
}

Result<GramFile> read_grams(const std::filesystem::path& path) {
  RUNG_TRY(MappedFile opened, MappedFile::open(path));
  const auto mapped = std::make_shared<const MappedFile>(std::move(opened));
  RUNG_TRY(const GgufFile gguf, GgufFile::parse(mapped->bytes(), path.string()));
  RUNG_TRY(GramFile result, GramReader(gguf, mapped, path.string()).read());
  result.file = path.filename().string();
  result.hash = hash_of(*mapped);
  return result;
}

}  // namespace rung
