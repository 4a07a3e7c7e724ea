#include "io/gguf_writer.h"

#include <algorithm>
#include <string_view>
#include <type_traits>
#include <unordered_set>
#include <utility>

#include "io/byte_reader.h"
#include "io/gguf_layout.h"

namespace rung {
namespace {

constexpr uint32_t kMagic = 0x46554747;  // "GGUF"
constexpr uint32_t kVersion = 3;

/// Collects the part before the tensor data.
class HeaderBuilder {
 public:
  template <class T>
  void number(T value) {
    static_assert(std::is_arithmetic_v<T>);
    bytes({reinterpret_cast<const uint8_t*>(&value), sizeof(value)});
  }
  void text(std::string_view value) {
    number(uint64_t{value.size()});
    bytes({reinterpret_cast<const uint8_t*>(value.data()), value.size()});
  }
  void bytes(std::span<const uint8_t> values) {
    const size_t begin = out_.size();
    out_.resize(begin + values.size());
    std::copy(values.begin(), values.end(), out_.begin() + static_cast<ptrdiff_t>(begin));
  }
  void value(const GgufValue& value);
  void pad(uint64_t alignment) { out_.resize(align_up(out_.size(), alignment)); }
  std::vector<uint8_t> take() { return std::move(out_); }

 private:
  std::vector<uint8_t> out_;
};

void HeaderBuilder::value(const GgufValue& value) {
  if (value.type == GgufType::kString) return text(std::get<std::string>(value.data));
  if (value.type != GgufType::kArray) return store_packed(value, out_);
  const GgufArray& array = *std::get<std::shared_ptr<const GgufArray>>(value.data);
  number(static_cast<uint32_t>(array.element));
  number(uint64_t{array.values.size()});
  if (array.element == GgufType::kString) {
    for (size_t index = 0; index < array.values.size(); ++index) text(array.values.text(index));
  } else if (array.element == GgufType::kArray) {
    for (const GgufValue& element : array.values) this->value(element);
  } else {
    bytes(array.values.packed());
  }
}

std::vector<uint8_t> build_header(std::span<const GgufEntry> metadata, std::span<const GgufTensorPlan> tensors,
                                  std::span<const uint64_t> offsets, uint64_t alignment) {
  HeaderBuilder out;
  out.number(kMagic);
  out.number(kVersion);
  out.number(uint64_t{tensors.size()});
  out.number(uint64_t{metadata.size()});
  for (const GgufEntry& entry : metadata) {
    out.text(entry.key);
    out.number(static_cast<uint32_t>(entry.value.type));
    out.value(entry.value);
  }
  for (size_t index = 0; index < tensors.size(); ++index) {
    const GgufTensorPlan& tensor = tensors[index];
    out.text(tensor.name);
    out.number(static_cast<uint32_t>(tensor.shape.size()));
    for (const uint64_t length : tensor.shape) out.number(length);
    out.number(tensor.ggml_type);
    out.number(offsets[index]);
  }
  out.pad(alignment);
  return out.take();
}

Status check_plan(std::string_view path, std::span<const GgufEntry> metadata, std::span<const GgufTensorPlan> tensors) {
  std::unordered_set<std::string_view> seen;
  for (const GgufEntry& entry : metadata)
    if (!seen.insert(entry.key).second)
      return input_error("{}: metadata key {} would be written twice", path, quoted_name(entry.key));
  seen.clear();
  for (const GgufTensorPlan& tensor : tensors) {
    if (!seen.insert(tensor.name).second)
      return input_error("{}: tensor {} would be written twice", path, quoted_name(tensor.name));
    const bool sized = std::find(tensor.shape.begin(), tensor.shape.end(), 0u) == tensor.shape.end();
    if (tensor.shape.empty() || tensor.shape.size() > kGgufMaxDimensions || !sized)
      return input_error("{}: tensor {} has {} dimensions, allowed are 1 to {}, none of them 0", path,
                         quoted_name(tensor.name), tensor.shape.size(), kGgufMaxDimensions);
  }
  return {};
}

}  // namespace

Result<GgufOutline> gguf_outline(std::string_view file, std::span<const GgufEntry> metadata,
                                 std::span<const GgufTensorPlan> tensors) {
  RUNG_TRY(const uint64_t alignment, gguf_alignment(metadata, file));
  RUNG_CHECK(check_plan(file, metadata, tensors));
  GgufOutline outline;
  uint64_t data_bytes = 0;
  for (const GgufTensorPlan& tensor : tensors) {
    outline.offsets.push_back(data_bytes);
    data_bytes += align_up(tensor.bytes, alignment);
  }
  outline.header = build_header(metadata, tensors, outline.offsets, alignment);
  for (uint64_t& offset : outline.offsets) offset += outline.header.size();
  outline.bytes = outline.header.size() + data_bytes;
  return outline;
}

Result<GgufWriter> GgufWriter::create(const std::filesystem::path& path, std::span<const GgufEntry> metadata,
                                      std::span<const GgufTensorPlan> tensors) {
  RUNG_TRY(const GgufOutline outline, gguf_outline(path.string(), metadata, tensors));
  RUNG_CHECK(check_room(std::vector<PlannedFile>{{path, outline.bytes}}));
  RUNG_TRY(AtomicFile file, AtomicFile::create(path));
  RUNG_CHECK(file.write(outline.header));
  GgufWriter writer(std::move(file), path.string(), {tensors.begin(), tensors.end()}, outline);
  RUNG_CHECK(writer.finish_tensors());
  return writer;
}

Status GgufWriter::write(std::span<const uint8_t> bytes) {
  if (bytes.empty()) return {};
  if (current_ == tensors_.size())
    return failed_error("{}: {} bytes more than announced after the last tensor", path_, bytes.size());
  const GgufTensorPlan& tensor = tensors_[current_];
  if (bytes.size() > tensor.bytes - written_)
    return failed_error("{}: tensor {} has {} bytes announced, {} written and {} more coming", path_,
                        quoted_name(tensor.name), tensor.bytes, written_, bytes.size());
  RUNG_CHECK(file_.write(bytes));
  written_ += bytes.size();
  return finish_tensors();
}

/// Pads and passes every tensor that is complete, also those without bytes.
Status GgufWriter::finish_tensors() {
  while (current_ < tensors_.size() && written_ == tensors_[current_].bytes) {
    ++current_;
    written_ = 0;
    RUNG_CHECK(pad_to(ends_[current_]));
  }
  return {};
}

Status GgufWriter::pad_to(uint64_t end) {
  static constexpr uint8_t kZeros[4096] = {};
  while (file_.position() < end)
    RUNG_CHECK(file_.write(std::span(kZeros, std::min<uint64_t>(end - file_.position(), sizeof(kZeros)))));
  return {};
}

Status GgufWriter::commit() {
  if (current_ < tensors_.size())
    return failed_error("{}: tensor {} has {} bytes announced, only {} written", path_,
                        quoted_name(tensors_[current_].name), tensors_[current_].bytes, written_);
  return file_.commit();
}

}  // namespace rung
