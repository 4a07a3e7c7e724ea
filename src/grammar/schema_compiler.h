// JSON Schema to rules (docs/grammar.md lists the keywords). What a grammar cannot keep is refused, never ignored.
#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "grammar/json_types.h"
#include "grammar/rules_builder.h"

namespace rung {

class SchemaCompiler {
 public:
  using Json = nlohmann::ordered_json;

  explicit SchemaCompiler(RulesBuilder& builder) : builder_(builder) {}

  /// A value of these types that is valid for a whole document, which outlives the compiler.
  Result<ValueId> document(const Json& schema, TypeSet types);

 private:
  Result<ValueId> schema(const Json& schema, TypeSet types, const std::string& at);
  Status fill(ValueId value, const Json& schema, TypeSet types, const std::string& at);
  Status reference(ValueId value, const Json& schema, TypeSet types, const std::string& at);
  Status parts(ValueId value, const Json& schema, const char* keyword, TypeSet types, const std::string& at);
  Status constants(ValueId value, const Json& schema, TypeSet types, const std::string& at);
  Status constant_structure(ValueId value, const Json& constant, const std::string& at);
  Result<ValueId> constant(const Json& constant, const std::string& at);
  Status scalars(ValueId value, const Json& schema, TypeSet types, const std::string& at);
  Status string(ValueId value, const Json& schema, const std::string& at);
  Status array(ValueId value, const Json& schema, const std::string& at);
  Status object(ValueId value, const Json& schema, const std::string& at);

  RulesBuilder& builder_;
  const Json* root_ = nullptr;
  size_t open_ = 0;  ///< schemas that are being filled
  std::map<std::pair<const Json*, TypeSet>, ValueId> known_;
};

}  // namespace rung
