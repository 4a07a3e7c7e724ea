#include "model/model_text.h"

#include <nlohmann/json.hpp>

#include "model/tokenizer_spec.h"

namespace rung {

Result<std::string> ModelText::render_chat(const nlohmann::ordered_json& messages, const nlohmann::ordered_json* tools,
                                           bool add_generation_prompt) const {
  const auto special = [&](std::optional<Token> token) { return token ? tokenizer.text(*token) : std::string(); };
  nlohmann::ordered_json context = {{"messages", messages},
                                    {"add_generation_prompt", add_generation_prompt},
                                    {"bos_token", special(tokenizer.bos())},
                                    {"eos_token", special(tokenizer.eos())}};
  if (tools != nullptr) context["tools"] = *tools;
  return chat_template->render(context);
}

std::vector<Token> ModelText::encode_chat(std::string_view rendered) const {
  const bool has_bos = tokenizer.bos() && rendered.starts_with(tokenizer.text(*tokenizer.bos()));
  return tokenizer.encode(rendered, !has_bos, true);
}

Result<ModelText> open_model_text(const GgufFile& file) {
  RUNG_TRY(TokenizerSpec spec, tokenizer_spec(file));
  auto tokenizer = Tokenizer::create(std::move(spec));
  if (!tokenizer) return input_error("{}: {}", file.path().string(), tokenizer.error().message);
  ModelText text{std::move(*tokenizer), std::nullopt};
  const GgufValue* source = file.find("tokenizer.chat_template");
  if (source == nullptr) return text;
  const std::string* string = source->as_string();
  if (string == nullptr)
    return input_error("{}: metadata key tokenizer.chat_template is no string", file.path().string());
  auto chat_template = ChatTemplate::parse(*string);
  if (!chat_template)
    return input_error("{}: metadata key tokenizer.chat_template: {}", file.path().string(),
                       chat_template.error().message);
  text.chat_template = std::move(*chat_template);
  return text;
}

}  // namespace rung
