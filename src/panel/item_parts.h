// What the generators share: building a PanelItem, and the words that items are made of.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "panel/generator.h"

namespace rung {

/// One user turn. `gold` is a right answer's text.
PanelItem ask(std::string question, Grader grader, const nlohmann::ordered_json& answer, std::string gold);
PanelItem ask_number(std::string question, int64_t answer);
PanelItem ask_words(std::string question, std::string_view answer);

/// "Answer with the number only." and the like.
std::string_view number_only(Draw& draw);
std::string_view word_only(Draw& draw);

/// "a, b and c"
std::string listed(std::span<const std::string> parts);
/// "first", "second", ... up to "twelfth"
std::string_view ordinal(size_t place);
/// 0 to 999 in words
std::string number_words(uint64_t number);
std::string capitalized(std::string text);

using Words = std::span<const std::string_view>;
Words first_names();
Words things();  ///< plural, countable
Words objects();
Words places();
Words colors();
Words kinds();  ///< invented nouns
Words towns();

// The generators, one a file.
Generator math_generator();
Generator reasoning_generator();
Generator code_generator();
Generator code_writing_generator();
Generator schema_generator();
Generator tools_generator();
Generator instructions_generator();
Generator recall_generator();
Generator facts_generator(const FactTable& facts);
Generator prose_generator();

}  // namespace rung
