// Small cuts of a model's answer that graders share. Pure; views into the text that was given.
#pragma once

#include <string>
#include <string_view>

namespace rung {

/// Without the white space around it.
std::string_view trim_space(std::string_view text);

/// What a Markdown fence holds if the text is nothing else (```json ... ```), else the text; trimmed.
std::string_view without_fence(std::string_view text);

/// What the first Markdown fence holds; without one the text as it is, its indentation too. A fence that does not end
/// reaches to the end.
std::string_view first_fenced(std::string_view text);

/// The words of a short answer: what follows the last "answer:" if there is one, else all; ASCII lower case, without
/// Markdown emphasis, quotes and brackets around it, without a final full stop, white space as one space.
std::string short_answer_words(std::string_view text);

}  // namespace rung
