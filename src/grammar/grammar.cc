#include "grammar/grammar.h"

#include "grammar/automaton.h"
#include "grammar/schema_compiler.h"

namespace rung {

Result<Grammar> Grammar::of_schema(const nlohmann::ordered_json& schema) {
  RulesBuilder builder;
  RUNG_TRY(const ValueId value, SchemaCompiler(builder).document(schema, kAnyType));
  auto rules = std::make_shared<GrammarRules>();
  RUNG_TRY(*rules, builder.finish());
  if (!RulesBuilder::is_possible(*rules, value))
    return input_error("schema: no value is valid for it, or only values nested deeper than {} levels", kMaxHeight);
  rules->scripts = {{{Step::Kind::kSpace, "", kNoValue, "", false}, {Step::Kind::kValue, "", value, "", false}}};
  return Grammar(std::move(rules));
}

bool Grammar::accepts(std::string_view text) const {
  Automaton automaton(*this);
  Automaton::State state = automaton.start();
  for (const char byte : text) state = automaton.step(state, static_cast<uint8_t>(byte));
  return automaton.may_end(state);
}

}  // namespace rung
