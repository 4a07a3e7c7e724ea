#include <toml++/toml.h>

#include <algorithm>
#include <functional>

#include "recipe/recipe_toml.h"

namespace rung {
namespace {

/// A document's own words may have line breaks in them, an error has none.
std::string one_line(std::string_view text) {
  std::string line;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    line += byte < 0x20 || byte == 0x7f ? fmt::format("\\x{:02x}", byte) : std::string(1, c);
  }
  return line;
}

/// One document under reading: errors name file, line and column.
class Reader {
 public:
  explicit Reader(std::string_view file) : file_(file) {}

  template <class... Args>
  tl::unexpected<Error> fault(const toml::source_region& where, fmt::format_string<Args...> format,
                              Args&&... args) const {
    return input_error("{}, line {}, column {}: {}", file_, where.begin.line, where.begin.column,
                       one_line(fmt::format(format, std::forward<Args>(args)...)));
  }
  tl::unexpected<Error> wrong_kind(std::string_view key, const toml::node& node, std::string_view allowed) const {
    return fault(node.source(), "{}: allowed is {}", key, allowed);
  }

  Result<std::string> text(std::string_view key, const toml::node& node) const {
    const auto value = node.value_exact<std::string>();
    if (!value) return wrong_kind(key, node, "a text");
    return *value;
  }

  Result<bool> boolean(std::string_view key, const toml::node& node) const {
    const auto value = node.value_exact<bool>();
    if (!value) return wrong_kind(key, node, "true or false");
    return *value;
  }

  /// One text or an array of texts.
  Result<std::vector<std::string>> texts(std::string_view key, const toml::node& node) const {
    std::vector<std::string> list;
    if (const toml::array* array = node.as_array()) {
      for (const toml::node& element : *array) {
        RUNG_TRY(std::string value, text(key, element));
        list.push_back(std::move(value));
      }
      if (list.empty()) return wrong_kind(key, node, "at least one text");
      return list;
    }
    RUNG_TRY(std::string value, text(key, node));
    list.push_back(std::move(value));
    return list;
  }

  /// "8", ">= 4" or the number itself.
  Result<NumberRange> range(std::string_view key, const toml::node& node) const {
    if (const auto number = node.value_exact<int64_t>()) return parsed_range(key, node, std::to_string(*number));
    RUNG_TRY(const std::string value, text(key, node));
    return parsed_range(key, node, value);
  }

  Result<Format> format(std::string_view key, const toml::node& node, const std::string& name) const {
    const auto found = format_from_name(name);
    if (found && format_info(*found).encode != nullptr) return *found;
    std::string types;
    for (const FormatInfo& info : all_formats())
      if (info.encode != nullptr) types += (types.empty() ? "" : ", ") + std::string(info.name);
    return fault(node.source(), "{}: found '{}', allowed are {}", key, name, types);
  }

  Result<std::vector<Format>> formats(std::string_view key, const toml::node& node) const {
    RUNG_TRY(const std::vector<std::string> names, texts(key, node));
    std::vector<Format> list;
    for (const std::string& name : names) {
      RUNG_TRY(const Format one, format(key, node, name));
      list.push_back(one);
    }
    return list;
  }

 private:
  Result<NumberRange> parsed_range(std::string_view key, const toml::node& node, const std::string& value) const {
    const auto range = parse_number_range(value);
    if (!range) return fault(node.source(), "{}: {}", key, range.error().message);
    return *range;
  }

  std::string_view file_;
};

/// What reads the value of a key into T.
template <class T>
struct Key {
  std::string_view name;
  std::function<Status(const Reader&, const toml::node&, T&)> read;
};

template <class T>
std::string key_list(const std::vector<Key<T>>& keys) {
  std::string names;
  for (const Key<T>& key : keys) names += (names.empty() ? "" : ", ") + std::string(key.name);
  return names;
}

template <class T>
Status read_keys(const Reader& reader, const toml::table& table, const std::vector<Key<T>>& keys, T& value) {
  for (const auto& [name, node] : table) {
    const auto key = std::find_if(keys.begin(), keys.end(),
                                  [&, found = name.str()](const Key<T>& known) { return known.name == found; });
    if (key == keys.end())
      return reader.fault(name.source(), "key '{}' is unknown, allowed are {}", name.str(), key_list(keys));
    RUNG_CHECK(key->read(reader, node, value));
  }
  return {};
}

Status read_roles(const Reader& reader, const toml::node& node, RecipeRule& rule) {
  RUNG_TRY(const std::vector<std::string> words, reader.texts("role", node));
  for (const std::string& word : words) {
    const std::vector<Role> roles = roles_named(word);
    if (roles.empty()) {
      std::string labels;
      for (const RoleInfo& info : all_roles()) labels += (labels.empty() ? "" : ", ") + std::string(info.label);
      return reader.fault(node.source(), "role: found '{}', allowed are {}, or their first words", word, labels);
    }
    for (const Role role : roles)
      if (std::find(rule.roles.begin(), rule.roles.end(), role) == rule.roles.end()) rule.roles.push_back(role);
  }
  return {};
}

Status read_regex(const Reader& reader, const toml::node& node, RecipeRule& rule) {
  RUNG_TRY(rule.pattern_text, reader.text("regex", node));
  try {
    rule.pattern = std::regex(rule.pattern_text, std::regex::ECMAScript | std::regex::optimize);
  } catch (const std::regex_error& error) {
    return reader.fault(node.source(), "regex: '{}' is not a regular expression: {}", rule.pattern_text, error.what());
  }
  return {};
}

Status read_layers(const Reader& reader, const toml::node& node, RecipeRule& rule) {
  const auto number = node.value_exact<int64_t>();
  RUNG_TRY(const std::string text, number ? Result<std::string>(std::to_string(*number)) : reader.text("layers", node));
  auto layers = LayerChoice::parse(text);
  if (!layers) return reader.fault(node.source(), "layers: {}", layers.error().message);
  rule.layers = std::move(*layers);
  return {};
}

Status read_count_by(const Reader& reader, const toml::node& node, RecipeRule& rule) {
  RUNG_TRY(const std::string text, reader.text("count_by", node));
  for (const LayerCount count : {LayerCount::kLayer, LayerCount::kMatrix, LayerCount::kMatrixOfLayers})
    if (text == layer_count_name(count)) {
      rule.count_by = count;
      return {};
    }
  return reader.fault(node.source(), "count_by: found '{}', allowed are layer, matrix, matrix of layers", text);
}

Status read_type(const Reader& reader, const toml::node& node, RecipeRule& rule) {
  RUNG_TRY(const std::string name, reader.text("type", node));
  if (name == "keep") return {};
  RUNG_TRY(rule.format, reader.format("type", node, name));
  return {};
}

/// A key whose value a member takes as it is read.
template <class T, class Member, class Value>
Key<T> into(std::string_view key, Member T::*member,
            Result<Value> (Reader::*read)(std::string_view, const toml::node&) const) {
  return {key, [key, member, read](const Reader& reader, const toml::node& node, T& value) -> Status {
            RUNG_TRY(value.*member, (reader.*read)(key, node));
            return {};
          }};
}

const std::vector<Key<ModelCondition>>& condition_keys() {
  static const std::vector<Key<ModelCondition>> keys = {
      into("architecture", &ModelCondition::architectures, &Reader::texts),
      into("experts", &ModelCondition::experts, &Reader::range),
      into("expert_share", &ModelCondition::expert_share, &Reader::range),
      into("heads_per_kv", &ModelCondition::heads_per_kv, &Reader::range),
      into("imatrix", &ModelCondition::imatrix, &Reader::boolean),
      into("tied", &ModelCondition::tied, &Reader::boolean),
      into("llama_70b", &ModelCondition::seventy_b, &Reader::boolean),
  };
  return keys;
}

Status read_condition(const Reader& reader, const toml::node& node, RecipeRule& rule) {
  const toml::table* table = node.as_table();
  if (table == nullptr) return reader.wrong_kind("when", node, "a table, for example { experts = \">= 4\" }");
  return read_keys(reader, *table, condition_keys(), rule.when);
}

const std::vector<Key<RecipeRule>>& rule_keys() {
  static const std::vector<Key<RecipeRule>> keys = {
      {"role", read_roles},
      {"regex", read_regex},
      {"layers", read_layers},
      {"count_by", read_count_by},
      into("weights", &RecipeRule::weights, &Reader::range),
      into("matrices", &RecipeRule::matrices, &Reader::range),
      {"when", read_condition},
      {"type", read_type},
      into("fallback", &RecipeRule::fallbacks, &Reader::formats),
      into("note", &RecipeRule::note, &Reader::text),
  };
  return keys;
}

Status check_conflicts(const Reader& reader, const toml::source_region& where, const Recipe& recipe) {
  const RecipeRule& added = recipe.rules.back();
  for (const RecipeRule& rule : recipe.rules) {
    if (&rule == &added || !rule.has_same_choice(added) || rule.format == added.format) continue;
    const auto name = [](const RecipeRule& one) { return one.format ? format_name(*one.format) : "keep"; };
    return reader.fault(where, "the rule gives '{}' {}, but the one in line {} gives the same {}", added.label(),
                        name(added), rule.line, name(rule));
  }
  return {};
}

Status read_rules(const Reader& reader, const toml::node& node, Recipe& recipe) {
  const toml::array* array = node.as_array();
  if (array == nullptr) return reader.wrong_kind("rule", node, "tables that begin with [[rule]]");
  for (const toml::node& element : *array) {
    const toml::table* table = element.as_table();
    if (table == nullptr) return reader.wrong_kind("rule", element, "tables that begin with [[rule]]");
    RecipeRule rule;
    rule.line = element.source().begin.line;
    RUNG_CHECK(read_keys(reader, *table, rule_keys(), rule));
    if (!table->contains("type")) return reader.fault(element.source(), "the rule has no type");
    recipe.rules.push_back(std::move(rule));
    RUNG_CHECK(check_conflicts(reader, element.source(), recipe));
  }
  return {};
}

Status read_needs(const Reader& reader, const toml::node& node, Recipe& recipe) {
  RUNG_TRY(const std::string text, reader.text("needs", node));
  if (text != "routed experts")
    return reader.fault(node.source(), "needs: found '{}', allowed is 'routed experts'", text);
  recipe.needs_routed_experts = true;
  return {};
}

const std::vector<Key<Recipe>>& recipe_keys() {
  static const std::vector<Key<Recipe>> keys = {
      into("name", &Recipe::name, &Reader::text),
      into("description", &Recipe::description, &Reader::text),
      {"needs", read_needs},
      into("fallback", &Recipe::fallbacks, &Reader::formats),
      {"rule", read_rules},
  };
  return keys;
}

}  // namespace

std::vector<Role> roles_named(std::string_view word) {
  std::vector<Role> roles;
  for (const RoleInfo& info : all_roles()) {
    if (info.label == word) return {info.role};
    const bool begins = info.label.starts_with(word) && info.label.size() > word.size() && !word.empty();
    if (begins && info.label[word.size()] == ' ' && info.quantizable) roles.push_back(info.role);
  }
  return roles;
}

Result<Recipe> parse_recipe(std::string_view text, std::string_view file) try {
  const Reader reader(file);
  const toml::table document = toml::parse(text);
  Recipe recipe;
  RUNG_CHECK(read_keys(reader, document, recipe_keys(), recipe));
  if (recipe.rules.empty()) return input_error("{}: has no rule; each begins with [[rule]]", file);
  recipe.text = text;
  return recipe;
} catch (const toml::parse_error& error) {
  return input_error("{}, line {}, column {}: {}", file, error.source().begin.line, error.source().begin.column,
                     one_line(error.description()));
}

}  // namespace rung
