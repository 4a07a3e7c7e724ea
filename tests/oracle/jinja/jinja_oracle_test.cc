// jinja_oracle_test CASES: renders each case of expect.py's file and compares with what jinja2 made of it. Where jinja2
// failed we must fail, with the same message if the template raised it itself. Exit status 1 if anything differs.
#include <fmt/format.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "text/chat_template.h"

namespace {

using nlohmann::ordered_json;

rung::Result<std::string> render(const ordered_json& one) {
  const auto parsed = rung::ChatTemplate::parse(one.at("template").get<std::string>());
  if (!parsed) return tl::unexpected(parsed.error());
  return parsed->render(one.at("context"));
}

/// Empty if ours agrees with jinja2's.
std::string difference(const ordered_json& one) {
  const auto ours = render(one);
  const std::string shown = ours ? ordered_json(*ours).dump(-1, ' ', false, ordered_json::error_handler_t::replace)
                                 : "error: " + ours.error().message;
  if (one.contains("text")) {
    const auto expected = one["text"].get<std::string>();
    return ours && *ours == expected ? "" : fmt::format("expected {}\n  found    {}", one["text"].dump(), shown);
  }
  const auto message = one.at("error").get<std::string>();
  const bool agrees = !ours && (!one["is_message"].get<bool>() || shown.find(message) != std::string::npos);
  return agrees ? "" : fmt::format("expected an error: {}\n  found    {}", message, shown);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  std::ifstream file(argv[1]);
  const ordered_json cases = ordered_json::parse(file);
  size_t different = 0;
  for (const ordered_json& one : cases) {
    const std::string text = difference(one);
    if (text.empty()) continue;
    fmt::print("{}\n  {}\n", one["name"].get<std::string>(), text);
    ++different;
  }
  fmt::print("{} of {} cases differ from jinja2\n", different, cases.size());
  return different == 0 && !cases.empty() ? 0 : 1;
}
