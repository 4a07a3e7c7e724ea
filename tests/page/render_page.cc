// render_page LADDER.json REPORT.html: the page of a ladder, for the test of the page.
// render_page --table WIDTH LADDER.json: its table, to look at.
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>

#include "report/html.h"
#include "report/table.h"

int main(int count, char** words) {
  const bool table = count == 4 && std::string(words[1]) == "--table";
  if (!table && count != 3) {
    std::cerr << "usage: render_page LADDER.json REPORT.html | render_page --table WIDTH LADDER.json\n";
    return 2;
  }
  std::ifstream in(words[table ? 3 : 1]);
  const auto ladder = nlohmann::ordered_json::parse(in, nullptr, false);
  if (ladder.is_discarded()) {
    std::cerr << "render_page: " << words[table ? 3 : 1] << " is not JSON\n";
    return 2;
  }
  if (table) {
    std::cout << rung::render_table(ladder,
                                    {std::atoi(words[2]), getenv("COLOR") != nullptr, getenv("ASCII") == nullptr});
    return 0;
  }
  std::ofstream out(words[2], std::ios::binary);
  out << rung::render_html(ladder);
  return out.flush() ? 0 : 1;
}
