#include "ladder/inputs.h"

#include <nlohmann/json.hpp>

#include "base/hash.h"
#include "ladder/panel_inputs.h"
#include "quantize/importance.h"
#include "recipe/recipe.h"

namespace rung {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

void append_value(const GgufValue& value, std::string& out) {
  if (const GgufArray* array = value.as_array()) {
    for (const GgufValue& element : array->values) append_value(element, out);
  } else if (const std::string* string = value.as_string()) {
    out += *string;
  } else if (const auto number = value.as_double()) {
    out += fmt::format("{}", *number);
  } else {
    out += value.as_bool().value_or(false) ? "true" : "false";
  }
  out += '\n';
}

Status open_texts(const fs::path& model, const MeasuringMaterial& material, LadderInputs& inputs) {
  std::vector<fs::path> paths = material.texts;
  if (paths.empty()) paths.push_back(find_beside(model, "prose.txt"));
  for (const fs::path& path : paths) {
    RUNG_TRY(const std::string text, read_file(path));
    LadderText entry{path.filename().string(), content_hash(text), 0, {}};
    RUNG_TRY(entry.chunks, cut_text(inputs.text->tokenizer, text, path.string(), material.context, material.tokens));
    entry.tokens = entry.chunks.tokens;
    inputs.chunks.context = material.context;
    inputs.chunks.tokens += entry.tokens;
    inputs.chunks.chunks.insert(inputs.chunks.chunks.end(), entry.chunks.chunks.begin(), entry.chunks.chunks.end());
    inputs.texts.push_back(std::move(entry));
  }
  return {};
}

/// Second moments' diagonal where there is no importance matrix: the same as `rung quantize --gram` does.
Status open_imatrix(const fs::path& model, const MeasuringMaterial& material, LadderInputs& inputs) {
  fs::path path = material.imatrix;
  if (path.empty()) {
    path = model.parent_path() / "imatrix.gguf";
    if (!is_there(path) && inputs.grams) {
      inputs.notes.push_back(
          fmt::format("No importance matrix was given, so importance is the diagonal of the second moments in {}.",
                      inputs.grams->file));
      inputs.imatrix = imatrix_of(*inputs.grams);
      inputs.imatrix_hash = inputs.grams->hash;
      return {};
    }
    if (!is_there(path)) {
      inputs.notes.push_back(
          "No importance matrix was given, so the types that need one used the column energy of the weights instead "
          "(calibration \"weights-only\"); with one they lose less.");
      return {};
    }
  }
  RUNG_TRY(const std::string bytes, read_file(path));
  inputs.imatrix_hash = content_hash(bytes);
  RUNG_TRY(inputs.imatrix, read_imatrix(path));
  return {};
}

uint64_t parameters(const GgufFile& file, bool routed_only) {
  uint64_t values = 0;
  for (const GgufTensor& tensor : file.tensors())
    if (!routed_only || is_routed_expert(tensor.name)) values += tensor.values();
  return values;
}

}  // namespace

fs::path find_beside(const fs::path& model, const char* name) {
  const fs::path beside = model.parent_path() / name;
  return is_there(beside) ? beside : fs::path(RUNG_DATA_DIR) / name;
}

Status open_inputs(const fs::path& model, const MeasuringMaterial& material, LadderInputs& inputs) {
  RUNG_TRY(inputs.source, FileSource::open(model));
  RUNG_TRY(inputs.engine, Engine::open(inputs.source));
  RUNG_CHECK(check_kv_options(inputs.engine->config(), material.kv));
  inputs.kv = material.kv;
  if (std::string note = kv_research_note(material.kv); !note.empty()) inputs.notes.push_back(std::move(note));
  RUNG_TRY(inputs.text, open_model_text(inputs.source->file()));
  RUNG_CHECK(open_texts(model, material, inputs));
  RUNG_CHECK(open_panel(model, material, inputs));
  if (!material.gram.empty()) {
    RUNG_TRY(inputs.grams, read_grams(material.gram));
  }
  return open_imatrix(model, material, inputs);
}

Result<std::string> hash_model(const GgufFile& file, Observer& observer) {
  std::string parts;
  for (const GgufEntry& entry : file.metadata()) {
    parts += entry.key + "=";
    append_value(entry.value, parts);
  }
  uint64_t done = 0;
  for (const GgufTensor& tensor : file.tensors()) {
    if (observer.cancelled()) return cancelled_error();
    observer.progress("reading the model", done, file.file_bytes());
    done += tensor.bytes.size();
    parts += fmt::format("{} {} {} {}\n", tensor.name, tensor.ggml_type, fmt::join(tensor.shape, "x"),
                         content_hash(tensor.bytes));
  }
  return content_hash(parts);
}

Status identify_model(LadderInputs& inputs, Observer& observer) {
  RUNG_TRY(inputs.model_hash, hash_model(inputs.source->file(), observer));
  return {};
}

ordered_json describe_inputs(const fs::path& model, const LadderInputs& inputs) {
  const GgufFile& file = inputs.source->file();
  const GgufValue* name = file.find("general.name");
  const auto all = parameters(file, false), routed = parameters(file, true);
  ordered_json about = {
      {"name", name != nullptr && name->as_string() != nullptr ? *name->as_string() : model.stem().string()},
      {"file", model.filename().string()},
      {"architecture", inputs.engine->config().architecture->name},
      {"parameters", all},
      {"routed_share", static_cast<double>(routed) / static_cast<double>(all)},
      {"bytes", file.file_bytes()},
      {"hash", inputs.model_hash}};
  ordered_json settings = {{"context", inputs.chunks.context},
                           {"kv", kv_options_name(inputs.kv)},
                           {"texts", ordered_json::array()},
                           {"panel", describe_panel(inputs)}};
  for (const LadderText& text : inputs.texts)
    settings["texts"].push_back(
        {{"file", text.file}, {"hash", text.hash}, {"tokens", text.tokens}, {"chunks", text.chunks.chunks.size()}});
  settings["imatrix"] = nullptr;
  if (inputs.imatrix)
    settings["imatrix"] = {{"file", inputs.imatrix->file},
                           {"datasets", inputs.imatrix->datasets},
                           {"chunks", inputs.imatrix->chunk_count}};
  settings["gram"] = nullptr;
  if (inputs.grams) settings["gram"] = {{"file", inputs.grams->file}, {"hash", inputs.grams->hash}};
  return {{"model", about}, {"settings", settings}};
}

}  // namespace rung
