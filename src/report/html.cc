#include "report/html.h"

#include <nlohmann/json.hpp>
#include <string_view>

namespace rung {

std::string_view page_html();  // page.html, by rung_embed

namespace {

using Json = nlohmann::ordered_json;

// The HTML standard ends a script element at "</script" and changes its parsing at "<!--"; without "<" neither can
// occur. In JSON "<" is only ever part of a string, where \u003c means the same.
std::string script_safe(const Json& ladder) {
  const std::string json = ladder.dump(-1, ' ', false, Json::error_handler_t::replace);
  std::string safe;
  safe.reserve(json.size());
  for (const char character : json) {
    if (character == '<') {
      safe += "\\u003c";
    } else {
      safe += character;
    }
  }
  return safe;
}

}  // namespace

std::string render_html(const Json& ladder) {
  constexpr std::string_view kPlace = "<script type=\"application/json\" id=\"ladder\">";
  const std::string_view page = page_html();
  // The page is ours and html_test holds it to exactly one such place.
  const size_t place = page.find(kPlace) + kPlace.size();
  std::string html(page.substr(0, place));
  html += script_safe(ladder);
  html += page.substr(place);
  return html;
}

}  // namespace rung
