#include "text/chat_template.h"

#include <nlohmann/json.hpp>

#include "text/jinja_eval.h"
#include "text/jinja_parser.h"
#include "text/utf8.h"

namespace rung {

struct ChatTemplate::Impl {
  jinja::Block block;
};

namespace {

Error named(Error error) {
  error.message = "chat template: " + error.message;
  return error;
}

}  // namespace

ChatTemplate::ChatTemplate(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ChatTemplate::ChatTemplate(ChatTemplate&&) noexcept = default;
ChatTemplate& ChatTemplate::operator=(ChatTemplate&&) noexcept = default;
ChatTemplate::~ChatTemplate() = default;

Result<ChatTemplate> ChatTemplate::parse(std::string_view source) {
  if (!is_utf8(source)) return input_error("chat template: not valid UTF-8");
  auto block = jinja::parse_template(source);
  if (!block) return tl::unexpected(named(std::move(block.error())));
  return ChatTemplate(std::make_unique<Impl>(Impl{std::move(*block)}));
}

Result<std::string> ChatTemplate::render(const nlohmann::ordered_json& context) const {
  if (!context.is_object()) return input_error("chat template: the context must be a JSON object");
  RUNG_TRY(const jinja::Value values, jinja::from_json(context));
  auto text = jinja::Evaluator(*values.dict()).run(impl_->block);
  if (!text) return tl::unexpected(named(std::move(text.error())));
  return text;
}

}  // namespace rung
