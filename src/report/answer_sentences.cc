#include "report/answer_sentences.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "report/terminal_text.h"

namespace rung {
namespace {

using nlohmann::ordered_json;

/// The number at the end of a path; nothing where it is not.
std::optional<double> number_at(const ordered_json& json, const char* pointer) {
  const ordered_json::json_pointer path(pointer);
  if (!json.contains(path) || !json.at(path).is_number()) return std::nullopt;
  return json.at(path).get<double>();
}

std::string text_at(const ordered_json& json, const char* pointer) {
  const ordered_json::json_pointer path(pointer);
  return json.contains(path) && json.at(path).is_string() ? printable(json.at(path).get<std::string>()) : std::string();
}

/// The rung of fewest bits whose answers were compared with the reference's.
const ordered_json* lowest_compared(const ordered_json& rungs) {
  const ordered_json* lowest = nullptr;
  for (const ordered_json& rung : rungs) {
    const auto bits = number_at(rung, "/bits_per_weight");
    if (!bits || !rung.contains(ordered_json::json_pointer("/answers/divergence"))) continue;
    if (lowest == nullptr || *bits < number_at(*lowest, "/bits_per_weight")) lowest = &rung;
  }
  return lowest;
}

std::string divergence_sentence(const ordered_json& rung) {
  std::vector<std::string> parts;
  for (const auto& [key, name] : {std::pair("digits", "digits"), std::pair("words", "names and words"),
                                  std::pair("marks", "braces and marks"), std::pair("end", "ends")}) {
    const std::string pointer = fmt::format("/answers/divergence/{}/mean", key);
    if (const auto mean = number_at(rung, pointer.c_str()))
      parts.push_back(fmt::format("{} on {}", divergence(mean), name));
  }
  if (const auto prose = number_at(rung, "/kld/mean")) parts.push_back(divergence(prose) + " on prose");
  if (parts.size() < 2) return {};
  return fmt::format("{}: KL divergence from the reference of {} (nats a token).", text_at(rung, "/name"),
                     enumerate(parts));
}

/// "Intro: name (what), name (what)." over the rungs for which `what` is not empty.
template <typename What>
void add_list(const ordered_json& rungs, const std::string& intro, What what, std::vector<std::string>& sentences) {
  std::vector<std::string> parts;
  for (const ordered_json& rung : rungs)
    if (const std::string text = what(rung); !text.empty())
      parts.push_back(fmt::format("{} ({})", text_at(rung, "/name"), text));
  if (!parts.empty()) sentences.push_back(fmt::format("{}: {}.", intro, enumerate(parts)));
}

std::string surer_when_wrong(const ordered_json& rung) {
  const auto change = number_at(rung, "/answers/confidence/wrong_change/confidence/mean");
  if (text_at(rung, "/answers/confidence/more_confident_when_wrong") != "yes" || !change) return {};
  if (*change < 0.005) return {};  // certain, and too small to be worth a word
  return fmt::format("{:+.2f}", *change);
}

double runaways(const ordered_json& rung) {
  double sum = 0;
  const ordered_json::json_pointer path("/answers/capabilities");
  if (!rung.contains(path)) return 0;
  for (const ordered_json& capability : rung.at(path)) sum += number_at(capability, "/runaway").value_or(0);
  return sum;
}

/// Which way the prose has become poorer, beyond the interval.
std::string poorer_prose(const ordered_json& rung) {
  std::vector<std::string> parts;
  const auto words = number_at(rung, "/prose/type_token/change/high");
  const auto phrases = number_at(rung, "/prose/repetition/change/low");
  if (words && *words < 0)
    parts.push_back(
        fmt::format("{:+.1f} % different words", 100 * number_at(rung, "/prose/type_token/change/mean").value_or(0)));
  if (phrases && *phrases > 0)
    parts.push_back(
        fmt::format("{:+.1f} % repeated phrases", 100 * number_at(rung, "/prose/repetition/change/mean").value_or(0)));
  return enumerate(parts);
}

}  // namespace

std::vector<std::string> answer_sentences(const ordered_json& ladder) {
  std::vector<std::string> sentences;
  if (!ladder.is_object() || !ladder.contains("rungs") || !ladder["rungs"].is_array()) return sentences;
  const ordered_json& rungs = ladder["rungs"];
  if (const ordered_json* lowest = lowest_compared(rungs))
    if (std::string sentence = divergence_sentence(*lowest); !sentence.empty())
      sentences.push_back(std::move(sentence));
  add_list(rungs, "More confident when wrong than the reference", surer_when_wrong, sentences);
  const double before = rungs.empty() ? 0 : runaways(rungs.front());
  const auto loops = [&](const ordered_json& rung) {
    const double now = runaways(rung);
    return now > before ? fmt::format("{:.0f} answers, the reference {:.0f}", now, before) : std::string();
  };
  add_list(rungs, "Answers that ran into loops", loops, sentences);
  add_list(rungs, "Poorer prose", poorer_prose, sentences);
  return sentences;
}

}  // namespace rung
