// What a GGUF file says about text: its tokenizer and its chat template. Immutable.
#pragma once

#include <optional>

#include "io/gguf.h"
#include "text/chat_template.h"
#include "text/tokenizer.h"

namespace rung {

struct ModelText {
  Tokenizer tokenizer;
  std::optional<ChatTemplate> chat_template;  ///< tokenizer.chat_template, if the file has one

  /// A conversation through the chat template, which must be there. tools: a list as OpenAI writes them, or null.
  Result<std::string> render_chat(const nlohmann::ordered_json& messages, const nlohmann::ordered_json* tools,
                                  bool add_generation_prompt) const;
  /// Tokens of a rendered chat: special tokens parsed, BOS added where the model wants it and the text has none.
  std::vector<Token> encode_chat(std::string_view rendered) const;
};

Result<ModelText> open_model_text(const GgufFile& file);

}  // namespace rung
