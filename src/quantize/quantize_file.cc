#include "quantize/quantize_file.h"

#include <algorithm>
#include <map>

#include "io/gguf_writer.h"
#include "quantize/encode_tensor.h"

namespace rung {
namespace {

constexpr uint32_t kQuantizationVersion = 2;  // GGML_QNT_VERSION: block layouts as of 2023-05, unchanged since

/// general.file_type, llama.cpp's number for files that are mostly of one format (enum llama_ftype).
std::optional<uint32_t> file_type_of(Format format) {
  static const std::map<Format, uint32_t> numbers = {
      {Format::F32, 0},    {Format::F16, 1},     {Format::Q4_0, 2},     {Format::Q4_1, 3},    {Format::Q8_0, 7},
      {Format::Q5_0, 8},   {Format::Q5_1, 9},    {Format::Q2_K, 10},    {Format::Q3_K, 11},   {Format::Q4_K, 14},
      {Format::Q5_K, 16},  {Format::Q6_K, 18},   {Format::IQ2_XXS, 19}, {Format::IQ2_XS, 20}, {Format::IQ3_XXS, 23},
      {Format::IQ1_S, 24}, {Format::IQ4_NL, 25}, {Format::IQ3_S, 26},   {Format::IQ2_S, 28},  {Format::IQ4_XS, 30},
      {Format::IQ1_M, 31}, {Format::BF16, 32},   {Format::TQ1_0, 36},   {Format::TQ2_0, 37}};
  const auto found = numbers.find(format);
  if (found == numbers.end()) return std::nullopt;
  return found->second;
}

void set(std::vector<GgufEntry>& metadata, std::string key, GgufValue value) {
  const auto found =
      std::find_if(metadata.begin(), metadata.end(), [&](const GgufEntry& entry) { return entry.key == key; });
  if (found != metadata.end()) {
    found->value = std::move(value);
  } else {
    metadata.push_back({std::move(key), std::move(value)});
  }
}

uint32_t ggml_type_of(const TensorPlan& tensor) {
  return tensor.format ? static_cast<uint32_t>(format_info(*tensor.format).ggml_id) : tensor.source->ggml_type;
}

std::vector<GgufTensorPlan> directory_of(const QuantizationPlan& plan) {
  std::vector<GgufTensorPlan> directory;
  for (const TensorPlan& tensor : plan.tensors)
    directory.push_back({tensor.source->name, tensor.source->shape, ggml_type_of(tensor), tensor.bytes});
  return directory;
}

Status write_tensor(const TensorPlan& tensor, const ImportanceOptions& options, GgufWriter& writer, ThreadPool& pool) {
  const GgufTensor& source = *tensor.source;
  if (!tensor.format) return writer.write(source.bytes);
  RUNG_TRY(const std::vector<float> importance, importance_of(tensor, options, pool));
  const size_t band = band_rows(source), stride = row_bytes(*tensor.format, source.columns());
  std::vector<uint8_t> bytes(std::min<size_t>(band, source.rows()) * stride);
  for (size_t first = 0; first < source.rows(); first += band) {
    const size_t count = std::min<size_t>(band, source.rows() - first);
    RUNG_CHECK(encode_rows(tensor, importance, first, count, pool, bytes.data()));
    RUNG_CHECK(writer.write(std::span(bytes).first(count * stride)));
  }
  return {};
}

Status check_output(const GgufFile& file, const QuantizationPlan& plan, const std::filesystem::path& out) {
  if (!plan.writable())
    return input_error(
        "{}: GGUF has no id for this type, so no other program could read the file; measure it with 'rung ladder "
        "MODEL --rungs {}'",
        plan.recipe, plan.recipe);
  std::error_code ignored;
  if (std::filesystem::equivalent(file.path(), out, ignored))
    return input_error("{}: the output would overwrite the input", out.string());
  return {};
}

}  // namespace

std::vector<GgufEntry> quantized_metadata(const GgufFile& file, const QuantizationPlan& plan,
                                          const ImportanceOptions& options) {
  std::vector<GgufEntry> metadata;
  for (const GgufEntry& entry : file.metadata())
    if (!entry.key.starts_with("split.") && !entry.key.starts_with("quantize.")) metadata.push_back(entry);
  set(metadata, "general.quantization_version", GgufValue::u32(kQuantizationVersion));
  if (const auto format = main_format(plan))
    if (const auto number = file_type_of(*format)) set(metadata, "general.file_type", GgufValue::u32(*number));
  const CalibrationSource calibration = calibration_of(plan, options);
  if (calibration == CalibrationSource::kImatrix) {
    const Imatrix& imatrix = *options.imatrix;
    set(metadata, "quantize.imatrix.file", GgufValue::string(imatrix.file));
    set(metadata, "quantize.imatrix.dataset",
        GgufValue::string(imatrix.datasets.empty() ? "" : imatrix.datasets.front()));
    set(metadata, "quantize.imatrix.entries_count", GgufValue::u32(static_cast<uint32_t>(imatrix.entries.size())));
    set(metadata, "quantize.imatrix.chunks_count", GgufValue::u32(imatrix.chunk_count));
  }
  set(metadata, "rung.version", GgufValue::string(RUNG_VERSION));
  set(metadata, "rung.recipe", GgufValue::string(plan.recipe));
  set(metadata, "rung.calibration", GgufValue::string(std::string(calibration_name(calibration))));
  return metadata;
}

uint64_t quantized_file_bytes(const GgufFile& file, const QuantizationPlan& plan, const ImportanceOptions& options) {
  if (!plan.writable()) return plan.tensor_bytes;
  return gguf_file_bytes(quantized_metadata(file, plan, options), directory_of(plan));
}

Status quantize_file(const GgufFile& file, const QuantizationPlan& plan, const ImportanceOptions& options,
                     const std::filesystem::path& out, ThreadPool& pool, Observer& observer) {
  RUNG_CHECK(check_output(file, plan, out));
  RUNG_CHECK(check_calibration(plan, options));
  RUNG_TRY(GgufWriter writer, GgufWriter::create(out, quantized_metadata(file, plan, options), directory_of(plan)));
  uint64_t done = 0;
  for (const TensorPlan& tensor : plan.tensors) {
    if (observer.cancelled()) return cancelled_error();
    observer.progress("quantize", done, plan.values);
    RUNG_CHECK(write_tensor(tensor, options, writer, pool));
    done += tensor.source->values();
  }
  RUNG_CHECK(writer.commit());
  observer.progress("quantize", plan.values, plan.values);
  return {};
}

}  // namespace rung
