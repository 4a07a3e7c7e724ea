#include "text/language.h"

#include <cld2/public/compact_lang_det.h>
#include <cld2/public/encodings.h>

#include <climits>

namespace rung {

std::string detect_language(std::string_view text) {
  if (text.size() > INT_MAX) return {};
  const CLD2::CLDHints no_hints = {nullptr, nullptr, CLD2::UNKNOWN_ENCODING, CLD2::UNKNOWN_LANGUAGE};
  CLD2::Language languages[3];
  int percents[3], text_bytes = 0, valid_bytes = 0;
  double scores[3];
  bool is_reliable = false;
  const CLD2::Language language =
      CLD2::ExtDetectLanguageSummaryCheckUTF8(text.data(), static_cast<int>(text.size()), true, &no_hints, 0, languages,
                                              percents, scores, nullptr, &text_bytes, &is_reliable, &valid_bytes);
  return language == CLD2::UNKNOWN_LANGUAGE ? std::string() : std::string(CLD2::LanguageCode(language)).substr(0, 2);
}

}  // namespace rung
