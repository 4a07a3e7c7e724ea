#include "kv_option.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

namespace rung {

void add_kv_option(CLI::App& command, KvOptions& options) {
  std::vector<std::string_view> names;
  for (const KvFormatInfo& info : all_kv_formats()) names.push_back(info.name);
  const auto read = [&options](const std::string& text) {
    const auto parsed = parse_kv_options(text);
    if (!parsed) throw CLI::ValidationError("--kv", parsed.error().message);
    options = *parsed;
  };
  command
      .add_option_function<std::string>(
          "--kv", read,
          fmt::format("what keys and values are kept as: {}; one name for both, or K,V; NAME+rot rotates heads first; "
                      "+keepN at the end leaves the first and last N layers in f16; docs/kv.md",
                      fmt::join(names, ", ")))
      ->type_name("K[,V]")
      ->default_str("f16");
}

}  // namespace rung
