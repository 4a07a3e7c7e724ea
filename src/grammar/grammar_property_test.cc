// Random schemas: what a walk through the grammar writes validates, what validates is accepted, and every state leads
// on.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "grammar/random_schema_for_tests.h"
#include "grammar/random_text_for_tests.h"
#include "text/json_schema.h"

namespace rung {
namespace {

using Json = nlohmann::ordered_json;

RC_GTEST_PROP(GrammarProperty, WalksEndAndValidate, (uint64_t seed)) {
  Rng rng(seed);
  const Json schema = RandomSchema(rng).schema(3);
  const auto grammar = Grammar::of_schema(schema);
  RC_ASSERT(grammar.has_value());
  RandomText random(*grammar, rng);
  RC_LOG() << schema.dump() << "\n";
  for (int walk = 0; walk < 4; ++walk) {
    const auto text = random.draw(rng.below(120), 3000);
    RC_ASSERT(text.has_value());
    RC_LOG() << *text << "\n";
    const Json value = Json::parse(*text, nullptr, false);
    RC_ASSERT(!value.is_discarded());
    const Status status = validate_json(value, schema);
    RC_LOG() << (status ? "" : status.error().message) << "\n";
    RC_ASSERT(status.has_value());
    RC_ASSERT(grammar->accepts(*text));
  }
}

RC_GTEST_PROP(GrammarProperty, ValidInstancesAreAccepted, (uint64_t seed)) {
  Rng rng(seed);
  RandomSchema random(rng);
  const Json schema = random.schema(3);
  const auto grammar = Grammar::of_schema(schema);
  RC_ASSERT(grammar.has_value());
  for (int draw = 0; draw < 8; ++draw) {
    const Json value = random.value(schema);
    RC_LOG() << schema.dump() << "\n" << value.dump() << "\n";
    RC_ASSERT(validate_json(value, schema).has_value());
    for (const int indent : {-1, 0, 2}) RC_ASSERT(grammar->accepts(value.dump(indent)));
  }
}

/// One byte deleted, doubled or replaced: still accepted only if still valid.
RC_GTEST_PROP(GrammarProperty, DamagedInstancesAreAcceptedOnlyIfValid, (uint64_t seed)) {
  Rng rng(seed);
  RandomSchema random(rng);
  const Json schema = random.schema(3);
  const auto grammar = Grammar::of_schema(schema);
  RC_ASSERT(grammar.has_value());
  for (int draw = 0; draw < 8; ++draw) {
    std::string text = random.value(schema).dump();
    const size_t at = rng.below(text.size());
    constexpr std::string_view kBytes = "{}[]\",:01.x- \\";
    switch (rng.below(3)) {
      case 0:
        text.erase(at, 1);
        break;
      case 1:
        text.insert(at, 1, text[at]);
        break;
      default:
        text[at] = kBytes[rng.below(kBytes.size())];
    }
    if (!grammar->accepts(text)) continue;
    RC_LOG() << schema.dump() << "\n" << text << "\n";
    const Json value = Json::parse(text, nullptr, false);
    RC_ASSERT(!value.is_discarded());
    RC_ASSERT(validate_json(value, schema).has_value());
  }
}

/// Every prefix that is alive can be finished within the bounds, whatever they are: the walk never gets stuck, and a
/// number is accepted exactly if it lies between them.
RC_GTEST_PROP(GrammarProperty, BoundedNumbersAreThoseWithinTheBounds, (int32_t one, int32_t other, uint64_t seed)) {
  Rng rng(seed);
  const double scale = std::pow(10.0, static_cast<double>(rng.below(7)));
  const double low = std::min(one, other) / scale, high = std::max(one, other) / scale;
  const Json schema = {{"type", rng.below(2) == 0 ? "number" : "integer"}, {"minimum", low}, {"maximum", high}};
  const auto grammar = Grammar::of_schema(schema);
  if (!grammar) {
    RC_ASSERT(schema["type"] == "integer" && std::ceil(low) > std::floor(high));
    return;
  }
  RandomText random(*grammar, rng);
  for (int walk = 0; walk < 4; ++walk) {
    const auto text = random.draw(rng.below(12), 40);
    RC_ASSERT(text.has_value());
    RC_LOG() << schema.dump() << " " << *text << "\n";
    RC_ASSERT(validate_json(Json::parse(*text), schema).has_value());
  }
  for (int draw = 0; draw < 8; ++draw) {
    const double near = (rng.below(2) == 0 ? low : high) + (static_cast<double>(rng.below(5)) - 2) / scale;
    const Json number = schema["type"] == "integer" ? Json(static_cast<int64_t>(near)) : Json(near);
    const std::string text = number.dump();
    if (text.find('e') != std::string::npos) continue;
    RC_LOG() << schema.dump() << " " << text << "\n";
    if (text.size() <= 15) RC_ASSERT(grammar->accepts(text) == validate_json(number, schema).has_value());
  }
}

}  // namespace
}  // namespace rung
