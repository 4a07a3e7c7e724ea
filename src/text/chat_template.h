// A model's own chat template (Jinja, as Hugging Face's apply_chat_template runs it: trim_blocks, lstrip_blocks, loop
// controls, a tojson that keeps key order and escapes no HTML, raise_exception, strftime_now). Templates are hostile
// input: parsing and rendering are bounded in depth, steps and output size, and give errors. Immutable, thread-safe.
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "base/status.h"

namespace rung {

class ChatTemplate {
 public:
  static Result<ChatTemplate> parse(std::string_view source);
  ChatTemplate(ChatTemplate&&) noexcept;
  ChatTemplate& operator=(ChatTemplate&&) noexcept;
  ~ChatTemplate();

  /// `context`: an object with messages, tools (or absent), add_generation_prompt, bos_token, eos_token, ...
  Result<std::string> render(const nlohmann::ordered_json& context) const;

 private:
  struct Impl;
  explicit ChatTemplate(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace rung
