#include "panel/pico_parts.h"

namespace rung {

std::string_view pico_facts_tsv();

namespace pico {

const std::vector<Land>& lands() {
  static const std::vector<Land> kLands = [] {
    std::vector<Land> all;
    std::string_view text = pico_facts_tsv();
    const auto cut = [&text](char at) {
      const size_t end = text.find(at);
      const std::string part(text.substr(0, end));
      text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
      return part;
    };
    cut('\n');  // the line that says what it is
    while (!text.empty()) {
      Land& land = all.emplace_back();
      land.name = cut('\t');
      land.capital = cut('\t');
      land.color = cut('\t');
      land.food = cut('\n');
    }
    return all;
  }();
  return kLands;
}

}  // namespace pico
}  // namespace rung
