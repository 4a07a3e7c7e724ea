// libFuzzer: any JSON is either refused as a schema with an error of one line, or gives a grammar from which random
// walks write texts that validate. The first bytes seed the walks.
#include <cstdlib>
#include <cstring>
#include <nlohmann/json.hpp>

#include "grammar/random_text_for_tests.h"
#include "text/json_schema.h"

namespace {

using nlohmann::ordered_json;

void require(bool condition) {
  if (!condition) std::abort();
}

void check_error(const rung::Error& error) {
  require(error.kind == rung::ErrorKind::kInput);
  require(!error.message.empty() && error.message.find('\n') == std::string::npos);
}

/// Anywhere in the schema a list of tools may lie.
void check_tools(const ordered_json& json) {
  const auto grammar = rung::Grammar::of_tools(json, {});
  if (!grammar) check_error(grammar.error());
}

void check_walks(const rung::Grammar& grammar, const ordered_json& schema, uint64_t seed) {
  rung::Rng rng(seed);
  rung::RandomText random(grammar, rng);
  for (int walk = 0; walk < 3; ++walk) {
    const auto text = random.draw(rng.below(200), 20'000);
    require(text.has_value());
    const ordered_json value = ordered_json::parse(*text, nullptr, false);
    require(!value.is_discarded());
    const rung::Status status = rung::validate_json(value, schema);
    // The validator tries every part of every anyOf, and gives up where they multiply.
    require(status || status.error().message.find("too many steps") != std::string::npos);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  uint64_t seed = 0;
  std::memcpy(&seed, data, std::min(size, sizeof(seed)));
  const auto deep = [](int depth, ordered_json::parse_event_t, ordered_json&) { return depth <= 100; };
  ordered_json schema;
  try {
    schema = ordered_json::parse(data, data + size, deep);
  } catch (const ordered_json::exception&) {
    return 0;
  }
  check_tools(schema);
  const auto grammar = rung::Grammar::of_schema(schema);
  if (grammar) {
    check_walks(*grammar, schema, seed);
  } else {
    check_error(grammar.error());
  }
  return 0;
}
