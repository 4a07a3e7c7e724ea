#include "ladder/inputs.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/hash.h"
#include "quantize/importance.h"
#include "recipe/recipe.h"
#include "tasks/tasks.h"

namespace rung {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

/// NAME beside the model, else the shipped one.
fs::path find_beside(const fs::path& model, const char* name) {
  const fs::path beside = model.parent_path() / name;
  return is_there(beside) ? beside : fs::path(RUNG_DATA_DIR) / name;
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

Status read_capabilities(const fs::path& model, const MeasuringMaterial& material, LadderInputs& inputs) {
  if (material.tasks.empty() || !material.panel.empty()) {
    RUNG_TRY(inputs.panel, read_panel(material.panel.empty() ? find_beside(model, "panel") : material.panel));
  }
  RUNG_TRY(std::vector<LoadedTask> tasks, load_tasks(material.tasks));
  for (LoadedTask& task : tasks) {
    for (const Capability& other : inputs.panel)
      if (other.name == task.capability.name)
        return input_error("tasks: {} is also a capability of the panel; leave one of them out", other.name);
    inputs.panel.push_back(std::move(task.capability));
    inputs.notes.insert(inputs.notes.end(), task.notes.begin(), task.notes.end());
  }
  return {};
}

bool asks_in_chat(const Capability& capability) {
  return std::any_of(capability.items.begin(), capability.items.end(),
                     [](const PanelItem& item) { return item.messages != nullptr; });
}

/// What only a chat template can ask.
void leave_out_chats(LadderInputs& inputs) {
  std::string names;
  for (const Capability& capability : inputs.panel)
    if (asks_in_chat(capability)) names += (names.empty() ? "" : ", ") + capability.name;
  if (names.empty()) return;
  std::erase_if(inputs.panel, asks_in_chat);
  inputs.notes.push_back(inputs.panel.empty()
                             ? "The model has no chat template, so the panel of capabilities was left out."
                             : fmt::format("The model has no chat template, so {} were left out.", names));
}

/// All that an item's verdict depends on besides the model.
std::string identity(const PanelPrompt& prompt) {
  const PanelItem& item = *prompt.item;
  std::string all = fmt::format("{} {}", item.id, fmt::join(prompt.tokens, " "));
  for (const PanelItem::Json& part : {item.answer, item.schema, item.choices})
    if (part) all += " " + part->dump();
  return all + fmt::format(" {} {} {} {} {}\n", static_cast<int>(item.grader), fmt::join(item.stops, "|"), item.extract,
                           item.by_length, item.max_tokens.value_or(0));
}

Status open_panel(const fs::path& model, const MeasuringMaterial& material, LadderInputs& inputs) {
  RUNG_CHECK(read_capabilities(model, material, inputs));
  if (!inputs.text->chat_template) leave_out_chats(inputs);
  RUNG_TRY(inputs.asked, render_panel(inputs.panel, *inputs.text, material.items));
  std::string all;
  for (const AskedCapability& capability : inputs.asked)
    for (const PanelPrompt& prompt : capability.prompts) all += identity(prompt);
  if (!inputs.panel.empty()) inputs.panel_hash = content_hash(all);
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

Status open_inputs(const fs::path& model, const MeasuringMaterial& material, LadderInputs& inputs) {
  RUNG_TRY(inputs.source, FileSource::open(model));
  RUNG_TRY(inputs.engine, Engine::open(inputs.source));
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
  ordered_json settings = {
      {"context", inputs.chunks.context}, {"texts", ordered_json::array()}, {"panel", ordered_json::array()}};
  for (const LadderText& text : inputs.texts)
    settings["texts"].push_back(
        {{"file", text.file}, {"hash", text.hash}, {"tokens", text.tokens}, {"chunks", text.chunks.chunks.size()}});
  for (const AskedCapability& capability : inputs.asked)
    settings["panel"].push_back(
        {{"capability", capability.name}, {"items", capability.prompts.size()}, {"of", capability.of}});
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
