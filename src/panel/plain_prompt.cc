#include "panel/plain_prompt.h"

#include <nlohmann/json.hpp>

namespace rung {
namespace {

bool is_one_line(Grader grader) {
  return grader == Grader::kExact || grader == Grader::kShortAnswer || grader == Grader::kNumber;
}

std::string content_of(const nlohmann::ordered_json& message) {
  return message.contains("content") && message["content"].is_string() ? message["content"].get<std::string>() : "";
}

}  // namespace

PanelItem without_template(const PanelItem& item) {
  if (!item.messages) return item;
  PanelItem plain = item;
  plain.messages = nullptr;
  if (item.grader == Grader::kChoice) {  // the choices go on where the question ends
    plain.prompt = content_of(item.messages->back());
    return plain;
  }
  for (const auto& message : *item.messages) {
    const bool is_answer = message["role"] == "assistant";
    plain.prompt +=
        fmt::format("{}{} {}\n", is_answer ? "" : "\n", is_answer ? "Answer:" : "Question:", content_of(message));
  }
  plain.prompt = plain.prompt.substr(1) + "Answer:";
  // A base model goes on with questions of its own.
  plain.stops.push_back(
      is_one_line(item.grader) && item.answer->dump().find("\\n") == std::string::npos ? "\n" : "\nQuestion:");
  return plain;
}

}  // namespace rung
