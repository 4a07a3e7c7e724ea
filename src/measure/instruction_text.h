// What the checks of instructions ask of a text. Case is Unicode's; white space is ASCII's.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "text/regex.h"

namespace rung {

/// A JSON value for an error message, shortened.
std::string shown(const nlohmann::ordered_json& value);

std::vector<std::string_view> find_pattern(std::string_view text, std::string_view pattern);
size_t count_pattern(std::string_view text, std::string_view pattern);
/// Of `part`, whatever its case.
size_t count_text(std::string_view text, std::string_view part);
bool contains(std::string_view text, std::string_view part);
bool contains_word(std::string_view text, std::string_view word);
bool starts_in_any_case(std::string_view text, std::string_view start);
bool ends_in_any_case(std::string_view text, std::string_view end);
bool equal_in_any_case(std::string_view left, std::string_view right);

std::vector<std::string_view> split_text(std::string_view text, std::string_view separator);
/// The parts between matches of the pattern; the first and the last may be blank and are then left out, any other blank
/// one gives nothing.
std::optional<std::vector<std::string_view>> filled_parts(std::string_view text, std::string_view pattern);

size_t count_words(std::string_view text);
/// Ends are . ? and ! before white space, but not after an abbreviation, an initial, or three dots in mid-sentence.
size_t count_sentences(std::string_view text);
/// Words with letters, all of them capital: "I", "U.S.", "WELL-KNOWN"; a contraction such as "IT'S" is two.
size_t count_capital_words(std::string_view text);
/// Up to the first mark of . , ? ! ' " ; leading quotes dropped.
std::string_view first_word(std::string_view paragraph);

/// Has letters with case, and all of them are capital (lower case).
bool is_all_capital(std::string_view text);
bool is_all_lowercase(std::string_view text);
/// One JSON value, in Markdown's fence or not.
bool is_json(std::string_view text);
/// Also where the language cannot be told.
bool may_be_in(std::string_view text, std::string_view language);

}  // namespace rung
