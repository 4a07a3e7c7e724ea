#include "quantize/output_layout.h"

#include <algorithm>
#include <limits>
#include <map>
#include <optional>

#include "base/hash.h"
#include "io/gguf_split.h"

namespace rung {
namespace {

constexpr uint32_t kQuantizationVersion = 2;  // GGML_QNT_VERSION: block layouts as of 2023-05, unchanged since
constexpr std::string_view kSuffix = ".gguf";
constexpr std::string_view kAlignmentKey = "general.alignment";

/// general.file_type, llama.cpp's number for files that are mostly of one format (enum llama_ftype).
std::optional<uint32_t> file_type_of(Format format) {
  static const std::map<Format, uint32_t> numbers = {
      {Format::F32, 0},    {Format::F16, 1},     {Format::Q4_0, 2},     {Format::Q4_1, 3},    {Format::Q8_0, 7},
      {Format::Q5_0, 8},   {Format::Q5_1, 9},    {Format::Q2_K, 10},    {Format::Q3_K, 11},   {Format::Q4_K, 14},
      {Format::Q5_K, 16},  {Format::Q6_K, 18},   {Format::IQ2_XXS, 19}, {Format::IQ2_XS, 20}, {Format::IQ3_XXS, 23},
      {Format::IQ1_S, 24}, {Format::IQ4_NL, 25}, {Format::IQ3_S, 26},   {Format::IQ2_S, 28},  {Format::IQ4_XS, 30},
      {Format::IQ1_M, 31}, {Format::BF16, 32},   {Format::TQ1_0, 36},   {Format::TQ2_0, 37},  {Format::MXFP4, 38},
      {Format::NVFP4, 39}, {Format::Q1_0, 40},   {Format::Q2_0, 41}};
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

void set_imatrix(std::vector<GgufEntry>& metadata, const Imatrix& imatrix) {
  set(metadata, "quantize.imatrix.file", GgufValue::string(imatrix.file));
  set(metadata, "quantize.imatrix.dataset",
      GgufValue::string(imatrix.datasets.empty() ? "" : imatrix.datasets.front()));
  set(metadata, "quantize.imatrix.entries_count", GgufValue::u32(static_cast<uint32_t>(imatrix.entries.size())));
  set(metadata, "quantize.imatrix.chunks_count", GgufValue::u32(imatrix.chunk_count));
  set(metadata, "rung.imatrix.hash", GgufValue::string(imatrix.hash));
}

void set_gram(std::vector<GgufEntry>& metadata, const GramFile& grams) {
  set(metadata, "rung.gram.file", GgufValue::string(grams.file));
  set(metadata, "rung.gram.hash", GgufValue::string(grams.hash));
}

uint32_t ggml_type_of(const TensorPlan& tensor) {
  return tensor.format ? static_cast<uint32_t>(format_info(*tensor.format).ggml_id) : tensor.source->ggml_type;
}

/// Entries of the directory for each tensor of the plan: itself, and its factors if it has any.
using Directory = std::vector<std::vector<GgufTensorPlan>>;

Directory directory_of(const QuantizationPlan& plan) {
  Directory directory;
  for (const TensorPlan& tensor : plan.tensors) {
    const GgufTensor& source = *tensor.source;
    directory.push_back({{source.name, source.shape, ggml_type_of(tensor), tensor.bytes}});
    if (tensor.scale_name.empty()) continue;
    const uint64_t matrices = source.shape.size() > 2 ? source.shape[2] : 1;
    const auto f32 = static_cast<uint32_t>(format_info(Format::F32).ggml_id);
    directory.back().push_back({tensor.scale_name, {matrices}, f32, matrices * sizeof(float)});
  }
  return directory;
}

std::vector<GgufTensorPlan> entries_of(std::span<const std::vector<GgufTensorPlan>> directory) {
  std::vector<GgufTensorPlan> entries;
  for (const auto& tensor : directory) entries.insert(entries.end(), tensor.begin(), tensor.end());
  return entries;
}

/// Integer widths as llama.cpp's gguf-split writes them.
void set_split(std::vector<GgufEntry>& metadata, size_t number, size_t count, size_t tensors) {
  set(metadata, "split.no", {GgufType::kU16, uint64_t{number}});
  set(metadata, "split.count", {GgufType::kU16, uint64_t{count}});
  set(metadata, "split.tensors.count", {GgufType::kI32, static_cast<int64_t>(tensors)});
}

/// Parts after the first have only what is needed to read them.
std::vector<GgufEntry> part_metadata(std::span<const GgufEntry> metadata, size_t number) {
  if (number == 0) return {metadata.begin(), metadata.end()};
  std::vector<GgufEntry> part;
  for (const GgufEntry& entry : metadata)
    if (entry.key == kAlignmentKey) part.push_back(entry);
  return part;
}

/// The first tensor of each part, by the input's parts.
std::vector<size_t> cuts_as_input(const GgufFile& file) {
  std::vector<size_t> cuts = {0};
  for (size_t tensor = 1; tensor < file.tensors().size(); ++tensor)
    if (file.tensors()[tensor].shard != file.tensors()[tensor - 1].shard) cuts.push_back(tensor);
  return cuts;
}

/// The first tensor of each part; every part as full as `limit` allows.
Result<std::vector<size_t>> cuts_by_size(std::span<const GgufEntry> metadata, const Directory& directory,
                                         uint64_t limit) {
  RUNG_TRY(const GgufOutline whole, gguf_outline("", metadata, entries_of(directory)));
  std::vector<size_t> cuts = {0};
  if (whole.bytes <= limit) return cuts;
  uint64_t used = 0;
  for (size_t tensor = 0; tensor < directory.size(); ++tensor) {
    // With a header of its own: a little more than it adds to a part.
    RUNG_TRY(const GgufOutline alone, gguf_outline("", part_metadata(metadata, 1), directory[tensor]));
    if (tensor != 0 && used + alone.bytes > limit) cuts.push_back(tensor);
    if (cuts.back() == tensor) {
      std::vector<GgufEntry> keys = part_metadata(metadata, cuts.size() - 1);
      set_split(keys, cuts.size() - 1, cuts.size(), directory.size());
      RUNG_TRY(const GgufOutline empty, gguf_outline("", keys, {}));
      used = empty.bytes;
    }
    used += alone.bytes;
  }
  return cuts;
}

std::filesystem::path part_path(const std::filesystem::path& path, size_t number, size_t count) {
  std::string prefix = path.string();
  if (prefix.ends_with(kSuffix)) prefix.resize(prefix.size() - kSuffix.size());
  return SplitPart{prefix, number, count}.path(number);
}

Result<OutputPart> layout_part(const std::filesystem::path& path, std::span<const GgufEntry> metadata,
                               std::span<const std::vector<GgufTensorPlan>> directory) {
  RUNG_TRY(GgufOutline outline, gguf_outline(path.string(), metadata, entries_of(directory)));
  OutputPart part{path, 0, std::move(outline.header), outline.bytes, {}, {}};
  size_t entry = 0;
  for (const auto& tensor : directory) {
    part.offsets.push_back(outline.offsets[entry]);
    part.scale_offsets.push_back(tensor.size() > 1 ? outline.offsets[entry + 1] : 0);
    entry += tensor.size();
  }
  return part;
}

}  // namespace

std::string_view effort_name(Effort effort) {
  switch (effort) {
    case Effort::kFast:
      return "fast";
    case Effort::kBest:
      return "best";
    case Effort::kNormal:
      break;
  }
  return "normal";
}

std::string unknown_hash() { return std::string(kContentHashDigits, '0'); }

std::vector<GgufEntry> quantized_metadata(const GgufFile& file, const QuantizationPlan& plan,
                                          const OutputOptions& options, const std::string& source_hash) {
  std::vector<GgufEntry> metadata;
  for (const GgufEntry& entry : file.metadata()) {
    const std::string& key = entry.key;
    if (!key.starts_with("split.") && !key.starts_with("quantize.") && !key.starts_with("rung."))
      metadata.push_back(entry);
  }
  set(metadata, "general.quantization_version", GgufValue::u32(kQuantizationVersion));
  if (const auto format = main_format(plan))
    if (const auto number = file_type_of(*format)) set(metadata, "general.file_type", GgufValue::u32(*number));
  const CalibrationSource calibration = calibration_of(plan, options.importance);
  if (calibration == CalibrationSource::kImatrix) set_imatrix(metadata, *options.importance.imatrix);
  if (options.importance.grams != nullptr) set_gram(metadata, *options.importance.grams);
  set(metadata, "rung.method", GgufValue::string(std::string(method_name(options.importance, calibration))));
  set(metadata, "rung.version", GgufValue::string(RUNG_VERSION));
  set(metadata, "rung.recipe", GgufValue::string(plan.recipe));
  set(metadata, "rung.recipe.text", GgufValue::string(plan.recipe_text));
  set(metadata, "rung.recipe.hash", GgufValue::string(plan.recipe_hash));
  set(metadata, "rung.effort", GgufValue::string(std::string(effort_name(options.effort))));
  set(metadata, "rung.calibration", GgufValue::string(std::string(calibration_name(calibration))));
  set(metadata, "rung.source.file", GgufValue::string(file.path().filename().string()));
  set(metadata, "rung.source.hash", GgufValue::string(source_hash));
  return metadata;
}

Result<std::vector<OutputPart>> layout_output(const GgufFile& file, const QuantizeOutput& output,
                                              const OutputOptions& options, const std::string& source_hash) {
  const std::vector<GgufEntry> metadata = quantized_metadata(file, output.plan, options, source_hash);
  const Directory directory = directory_of(output.plan);
  const size_t entries = entries_of(directory).size();
  std::vector<size_t> cuts = {0};
  if (options.keep_split) cuts = cuts_as_input(file);
  if (options.shard_bytes != 0) {
    RUNG_TRY(cuts, cuts_by_size(metadata, directory, options.shard_bytes));
  }
  if (cuts.size() > std::numeric_limits<uint16_t>::max())
    return input_error("{}: would have {} parts, allowed are {}", output.path.string(), cuts.size(),
                       std::numeric_limits<uint16_t>::max());
  std::vector<OutputPart> parts;
  for (size_t number = 0; number < cuts.size(); ++number) {
    const size_t first = cuts[number], end = number + 1 < cuts.size() ? cuts[number + 1] : directory.size();
    std::vector<GgufEntry> keys = part_metadata(metadata, number);
    if (cuts.size() > 1) set_split(keys, number, cuts.size(), entries);
    const std::filesystem::path path = cuts.size() > 1 ? part_path(output.path, number, cuts.size()) : output.path;
    RUNG_TRY(OutputPart part, layout_part(path, keys, std::span(directory).subspan(first, end - first)));
    part.first_tensor = first;
    parts.push_back(std::move(part));
  }
  return parts;
}

}  // namespace rung
