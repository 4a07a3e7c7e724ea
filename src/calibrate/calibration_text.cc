#include "calibrate/calibration_text.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/mapped_file.h"
#include "measure/panel_items.h"
#include "measure/perplexity.h"

namespace rung {
namespace {

using nlohmann::ordered_json;

Status check_conversation(const ordered_json& record, const std::string& place) {
  const auto messages = record.find("messages");
  if (messages == record.end() || !messages->is_array() || messages->empty())
    return input_error("{}: field 'messages': expected a list of messages that is not empty", place);
  for (const ordered_json& message : *messages) {
    const bool has_role = message.is_object() && message.contains("role") && message["role"].is_string();
    if (!has_role) return input_error("{}: field 'messages': every message must be an object with a role", place);
  }
  const auto tools = record.find("tools");
  if (tools != record.end() && !tools->is_null() && !tools->is_array())
    return input_error("{}: field 'tools': found {}, allowed is a list", place, tools->type_name());
  return {};
}

Result<std::vector<Token>> conversation_tokens(const ModelText& model, std::string_view line,
                                               const std::string& place) {
  const auto record = parse_bounded_json(line);
  if (!record) return input_error("{}: {}", place, record.error().message);
  if (!record->is_object()) return input_error("{}: found {}, allowed is an object", place, record->type_name());
  RUNG_CHECK(check_conversation(*record, place));
  const ordered_json& messages = (*record)["messages"];
  const auto tools = record->find("tools");
  const bool has_tools = tools != record->end() && tools->is_array();
  const bool asks = messages.back()["role"].get_ref<const std::string&>() == "user";
  const auto rendered = model.render_chat(messages, has_tools ? &*tools : nullptr, asks);
  if (!rendered)
    return input_error("{}: the model's chat template cannot render it: {}", place, rendered.error().message);
  return model.encode_chat(*rendered);
}

/// Cuts a conversation into chunks: the first is as the template makes it, later ones begin with BOS as well.
void add_conversation(const ModelText& model, const std::vector<Token>& tokens, CalibrationText& text) {
  const bool has_bos = model.tokenizer.adds_bos() && model.tokenizer.bos();
  for (size_t begin = 0; begin < tokens.size();) {
    std::vector<Token> chunk;
    if (begin > 0 && has_bos) chunk.push_back(*model.tokenizer.bos());
    const size_t taken = std::min(text.context - chunk.size(), tokens.size() - begin);
    const auto first = tokens.begin() + static_cast<ptrdiff_t>(begin);
    chunk.insert(chunk.end(), first, first + static_cast<ptrdiff_t>(taken));
    text.chunks.push_back(std::move(chunk));
    begin += taken;
  }
}

}  // namespace

size_t CalibrationText::tokens() const {
  size_t sum = 0;
  for (const auto& chunk : chunks) sum += chunk.size();
  return sum;
}

Status add_text_file(const ModelText& model, const std::filesystem::path& path, bool parse_special,
                     CalibrationText& text) {
  RUNG_TRY(const std::string content, read_file(path));
  RUNG_TRY(TextChunks cut, cut_text(model.tokenizer, content, path.string(), text.context, 0, parse_special));
  std::move(cut.chunks.begin(), cut.chunks.end(), std::back_inserter(text.chunks));
  text.datasets.push_back(path.string());
  return {};
}

Status add_chat_file(const ModelText& model, const std::filesystem::path& path, CalibrationText& text) {
  if (!model.chat_template)
    return input_error("{}: the model has no chat template, so conversations cannot be rendered; use --text",
                       path.string());
  RUNG_TRY(const std::string content, read_file(path));
  const size_t before = text.chunks.size();
  size_t number = 0;
  for (size_t begin = 0; begin < content.size();) {
    const size_t end = std::min(content.find('\n', begin), content.size());
    const auto line = std::string_view(content).substr(begin, end - begin);
    begin = end + 1;
    ++number;
    if (line.find_first_not_of(" \t\r") == line.npos) continue;
    RUNG_TRY(const auto tokens, conversation_tokens(model, line, fmt::format("{}: line {}", path.string(), number)));
    add_conversation(model, tokens, text);
  }
  if (text.chunks.size() == before) return input_error("{}: has no conversation", path.string());
  text.datasets.push_back(path.string());
  return {};
}

}  // namespace rung
