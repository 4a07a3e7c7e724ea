#include "plan/model_shapes.h"

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>

#include "base/mapped_file.h"
#include "io/safetensors.h"
#include "plan/hf_config.h"
#include "plan/hf_tensors.h"
#include "plan/quantity.h"
#include "plan/size_model.h"
#include "plan/tensor_map.h"

namespace rung {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr uint64_t kMaxText = uint64_t{1} << 28;
constexpr std::string_view kIndexEnding = ".safetensors.index.json";

bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

Result<ModelShapes> of_gguf(const std::string& path) {
  ModelShapes shapes;
  shapes.name = path;
  RUNG_TRY(shapes.directory, GgufFile::open(path, GgufData::kMayBeMissing));
  uint64_t bytes = 0;
  for (const GgufTensor& tensor : shapes.directory.tensors()) {
    if (tensor.data_bytes() == 0)
      return input_error("{}: tensor {}: {} is unknown here, so its size is too", path, tensor.name,
                         ggml_type_name(tensor.ggml_type));
    bytes += tensor.data_bytes();
  }
  if (shapes.directory.tensors().empty()) return input_error("{}: has no tensors", path);
  if (bytes > shapes.directory.file_bytes()) shapes.notes.push_back("only the header is here, not the weights");
  shapes.stored_bytes = bytes;
  return shapes;
}

Result<ModelShapes> of_map(const std::string& path) {
  ModelShapes shapes;
  shapes.name = path;
  shapes.source = ModelShapes::Source::kTensorMap;
  RUNG_TRY(const std::string text, read_file(path, kMaxText));
  RUNG_TRY(std::vector<GgufTensor> tensors, parse_tensor_map(text, path));
  RUNG_TRY(shapes.directory, GgufFile::describe(path, {}, std::move(tensors)));
  shapes.stored_bytes = 0;
  for (const GgufTensor& tensor : shapes.directory.tensors()) *shapes.stored_bytes += tensor.data_bytes();
  return shapes;
}

Result<ModelShapes> of_size(const std::string& name, const ModelSize& size) {
  ModelShapes shapes;
  shapes.name = name;
  shapes.source = ModelShapes::Source::kSize;
  RUNG_TRY(shapes.directory, usual_model(size, name));
  shapes.notes.push_back("a rule of thumb: counted on a model of the usual shape and this size");
  return shapes;
}

/// What lies in the folder of a Hugging Face model.
class HfReader {
 public:
  HfReader(std::string name, fs::path folder) : name_(std::move(name)), folder_(std::move(folder)) {}

  Result<ModelShapes> read() {
    shapes_.name = name_;
    shapes_.source = ModelShapes::Source::kHuggingFace;
    RUNG_CHECK(read_configuration());
    RUNG_CHECK(find_files());
    if (files_.empty()) return from_total();
    std::vector<SafetensorsTensor> tensors;
    uint64_t bytes = 0;
    for (const fs::path& file : files_) {
      RUNG_TRY(SafetensorsHeader header, read_safetensors_header(file));
      if (__builtin_add_overflow(bytes, header.data_bytes, &bytes) || bytes > uint64_t{1} << 60)
        return input_error("{}: the tensors come to more than 2^60 bytes, which is no model", file.string());
      std::move(header.tensors.begin(), header.tensors.end(), std::back_inserter(tensors));
    }
    RUNG_CHECK(compare_with_index(tensors, bytes));
    shapes_.stored_bytes = bytes;
    return from_tensors(tensors);
  }

 private:
  Status read_configuration() {
    const fs::path path = folder_ / "config.json";
    if (!is_there(path)) {
      shapes_.cache_unknown.push_back("config.json");
      return {};
    }
    RUNG_TRY(const std::string text, read_file(path, kMaxText));
    RUNG_TRY(config_, parse_hf_config(text, path.string()));
    shapes_.cache_unknown = config_.not_understood;
    return {};
  }

  /// The files that the index names, or all that are there.
  Status find_files() {
    std::error_code fault;
    std::vector<fs::path> found;
    bool has_gguf = false;
    for (fs::directory_iterator at(folder_, fault), end; !fault && at != end; at.increment(fault)) {
      const std::string file = at->path().filename().string();
      // A folder has no order: of several the first by name.
      if (file.ends_with(kIndexEnding) && (index_.empty() || at->path() < index_)) index_ = at->path();
      if (file.ends_with(".safetensors")) found.push_back(at->path());
      has_gguf = has_gguf || file.ends_with(".gguf");
    }
    if (fault) return input_error("{}: cannot be listed: {}", folder_.string(), fault.message());
    if (!shapes_.cache_unknown.empty() && index_.empty() && found.empty() && config_.metadata.empty())
      return input_error("{}: has no config.json and no safetensors file{}", folder_.string(),
                         has_gguf ? "; for a GGUF file give the file itself" : "");
    std::sort(found.begin(), found.end());
    if (index_.empty()) {
      files_ = std::move(found);
      return {};
    }
    return read_index();
  }

  Status read_index() {
    RUNG_TRY(const std::string text, read_file(index_, kMaxText));
    const json document = json::parse(text, nullptr, false);
    const auto map = document.is_object() ? document.find("weight_map") : document.end();
    if (map == document.end() || !map->is_object())
      return input_error("{}: is no index: it has no weight_map", index_.string());
    if (const auto meta = document.find("metadata"); meta != document.end() && meta->is_object())
      if (const auto total = meta->find("total_size"); total != meta->end() && total->is_number_unsigned())
        index_total_ = total->get<uint64_t>();
    std::set<std::string> names;
    for (const auto& [tensor, file] : map->items()) {
      if (!file.is_string() || file.get<std::string>().find('/') != std::string::npos)
        return input_error("{}: weight_map: {} is in no file", index_.string(), tensor);
      names.insert(file.get<std::string>());
    }
    index_tensors_ = map->size();
    std::vector<std::string> missing;
    for (const std::string& file : names)
      is_there(folder_ / file) ? files_.push_back(folder_ / file) : missing.push_back(file);
    if (!files_.empty() && !missing.empty())
      return input_error("{}: {} of {} files are missing, the first is {}; give the headers of all, or the index alone",
                         folder_.string(), missing.size(), names.size(), missing.front());
    return {};
  }

  Status compare_with_index(const std::vector<SafetensorsTensor>& tensors, uint64_t bytes) const {
    if (index_.empty()) return {};
    if (tensors.size() != index_tensors_)
      return input_error("{}: lists {} tensors, the files have {}", index_.string(), index_tensors_, tensors.size());
    if (index_total_ && *index_total_ != bytes)
      return input_error("{}: total_size is {}, the files' tensors have {} bytes", index_.string(), *index_total_,
                         bytes);
    return {};
  }

  Result<ModelShapes> from_tensors(const std::vector<SafetensorsTensor>& tensors) {
    HfTensors converted = gguf_tensors_of(tensors, config_);
    if (converted.packed) {
      shapes_.notes.push_back("quantized already in a layout that GGUF does not have: counted as stored, no rungs");
      shapes_.total_only = true;
    }
    if (!converted.unknown.empty())
      shapes_.notes.push_back(
          fmt::format("{} tensors have names that nobody here knows (the first is {}): counted by shape",
                      converted.unknown.size(), converted.unknown.front()));
    shapes_.stored_tensor_bytes = std::move(converted.stored_bytes);
    RUNG_TRY(shapes_.directory, GgufFile::describe(name_, config_.metadata, std::move(converted.tensors)));
    return std::move(shapes_);
  }

  Result<ModelShapes> from_total() {
    shapes_.total_only = true;
    shapes_.stored_bytes = index_total_;
    if (index_total_ && *index_total_ > uint64_t{1} << 60)
      return input_error("{}: total_size is {}, which is no model", index_.string(), *index_total_);
    const uint64_t value_bytes = config_.weight_type == "float32"                                        ? 4
                                 : config_.weight_type == "bfloat16" || config_.weight_type == "float16" ? 2
                                                                                                         : 0;
    if (index_total_ && value_bytes != 0) shapes_.total_values = *index_total_ / value_bytes;
    shapes_.notes.push_back(index_total_ ? "the index alone is here: the total of the weights, not their parts"
                                         : "the configuration alone is here: the weights are not known");
    RUNG_TRY(shapes_.directory, GgufFile::describe(name_, config_.metadata, {}));
    return std::move(shapes_);
  }

  std::string name_;
  fs::path folder_, index_;
  std::vector<fs::path> files_;
  HfConfig config_;
  std::optional<uint64_t> index_total_;
  size_t index_tensors_ = 0;
  ModelShapes shapes_;
};

Result<bool> begins_with_gguf(const std::string& path) {
  RUNG_TRY(const MappedFile file, MappedFile::open(path));
  const auto bytes = file.bytes();
  return bytes.size() >= 4 && std::equal(bytes.begin(), bytes.begin() + 4, "GGUF");
}

}  // namespace

std::string_view source_name(ModelShapes::Source source) {
  switch (source) {
    case ModelShapes::Source::kGguf:
      return "GGUF file";
    case ModelShapes::Source::kHuggingFace:
      return "Hugging Face model";
    case ModelShapes::Source::kTensorMap:
      return "map of tensors";
    case ModelShapes::Source::kSize:
      break;
  }
  return "size";
}

Result<ModelShapes> open_model_shapes(const std::string& model) {
  const fs::path path = model;
  if (!is_there(path)) {
    if (const auto size = parse_model_size(model)) return of_size(model, *size);
    return input_error("model: found '{}', which is neither a file or folder nor a size like 70B, 8x7B or 30B-A3B",
                       model);
  }
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) return HfReader(model, path).read();
  const std::string name = path.filename().string();
  const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  if (name == "config.json" || name.ends_with(kIndexEnding) || name.ends_with(".safetensors"))
    return HfReader(model, folder).read();
  RUNG_TRY(const bool is_gguf, begins_with_gguf(model));
  if (is_gguf || name.ends_with(".gguf")) return of_gguf(model);
  if (name.ends_with(".map")) return of_map(model);
  return input_error(
      "{}: is none of a GGUF file, a Hugging Face folder, its config.json or safetensors files, or a "
      "tensors.TYPE.map",
      model);
}

}  // namespace rung
