// Which format each tensor of a model gets. A type is one format for the whole model ("q4_k"); a recipe is a mixture
// with a name of its own ("asymmetric"). Both are ordered rules; the first that matches a tensor decides. Recipes are
// data: TOML (docs/recipes.md), shipped inside the program or a user's file, and llama.cpp's mixtures
// (llama_mixtures.h) in the same form. Only matrices are quantized, by the same exceptions as in llama-quantize (norms,
// routers, small steering tensors); a rule that names others can but make them floats. A format whose block does not
// divide a tensor's row falls back: to the rule's own list, or by llama.cpp's published rule.
#pragma once

#include <cstdint>
#include <optional>
#include <regex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "codec/format.h"
#include "io/gguf.h"
#include "model/tensor_role.h"
#include "recipe/layer_choice.h"
#include "recipe/number_range.h"

namespace rung {

/// What a rule's layers count.
enum class LayerCount : uint8_t {
  kLayer,           ///< the layer's number, of the model's layers
  kMatrix,          ///< the how-manieth matrix, layer by layer, that the rule is for, of as many as there are
  kMatrixOfLayers,  ///< the same, of the model's layers
};
std::string_view layer_count_name(LayerCount count);  ///< "layer", "matrix", "matrix of layers"

/// What a model must be for a rule to hold.
struct ModelCondition {
  std::vector<std::string> architectures;  ///< one of them; empty: any
  NumberRange experts;                     ///< routed experts of a layer, 0 in a dense model
  NumberRange expert_share;                ///< the part of all weights that routed experts hold, 0 to 1
  NumberRange heads_per_kv;                ///< query heads for each key and value head, rounded down
  std::optional<bool> imatrix;             ///< whether there is an importance matrix
  std::optional<bool> tied;                ///< whether the token embedding is the output matrix too
  std::optional<bool> seventy_b;           ///< llama.cpp's "70B" models (model_facts.h)
};

struct RecipeRule {
  std::vector<Role> roles;            ///< empty: any
  std::optional<std::regex> pattern;  ///< searched in the tensor's name; empty: any
  std::string pattern_text;
  LayerChoice layers;
  LayerCount count_by = LayerCount::kLayer;
  NumberRange weights;   ///< of the tensor
  NumberRange matrices;  ///< of the tensor: experts stand one behind the other
  ModelCondition when;
  std::optional<Format> format;   ///< empty: the tensor is kept as it is
  std::vector<Format> fallbacks;  ///< for rows that format does not divide, in order; empty: the recipe's
  std::string note;               ///< why
  size_t line = 0;                ///< in the recipe's file; 0: not from a file

  /// What it is for: "role routed expert down, layers last 6"; "every matrix".
  std::string label() const;
  bool has_same_choice(const RecipeRule& other) const { return label() == other.label(); }
};

struct Recipe {
  std::string name;
  bool is_type = false;               ///< one format for everything
  bool is_file = false;               ///< a user's: rules that match nothing are worth a warning
  bool needs_routed_experts = false;  ///< makes no sense for a dense model
  std::string description;            ///< one sentence
  std::vector<Format> fallbacks;      ///< for awkward rows, in order; empty: llama.cpp's
  std::vector<RecipeRule> rules;
  std::string text;  ///< as TOML

  std::string hash() const;  ///< content_hash of text
};

/// A type of any format that can be encoded, a recipe that comes with Rung, or a TOML file (a name that has a slash, or
/// ends with .toml). The error lists what there is.
Result<Recipe> find_recipe(std::string_view name);
/// Those that come with Rung, llama.cpp's mixtures last.
std::vector<std::string> recipe_names();

/// "REGEX=TYPE", as given to --rule. The type stands after the last '='.
Result<RecipeRule> parse_rule(std::string_view text);

/// What a plan did with a rule.
struct PlannedRule {
  std::string label;               ///< what it is for
  std::string note;                ///< why
  size_t tensors = 0;              ///< that it decided
  uint64_t weights = 0;            ///< in them
  uint64_t bytes = 0;              ///< of them in the result
  std::vector<std::string> types;  ///< that they get, each once
};

struct TensorPlan {
  static constexpr size_t kNoRule = static_cast<size_t>(-1);

  const GgufTensor* source = nullptr;
  std::optional<Format> format;  ///< empty: the source's bytes are kept as they are
  uint64_t bytes = 0;            ///< in the result
  bool fell_back = false;        ///< the rule's format does not divide the row
  std::string scale_name;        ///< nvfp4: the tensor of factors, F32, one a matrix, to be written beside it
  size_t rule = kNoRule;         ///< index in QuantizationPlan::rules
};

struct QuantizationPlan {
  std::string recipe;               ///< its name, with the user's rules appended
  std::string recipe_text;          ///< as TOML, the user's rules first; recipe_hash is its content_hash
  std::string recipe_hash;          ///< both empty in the plan of a reference
  std::vector<PlannedRule> rules;   ///< the user's, then the recipe's
  PlannedRule kept;                 ///< the tensors that no rule decided
  std::vector<TensorPlan> tensors;  ///< in file order
  uint64_t tensor_bytes = 0;
  uint64_t values = 0;
  std::vector<std::string> warnings;  ///< fallbacks, rules that decided nothing

  double bits_per_weight() const { return 8.0 * static_cast<double>(tensor_bytes) / static_cast<double>(values); }
  /// False if a format has no GGUF id.
  bool writable() const;
};

/// `first` are asked before the recipe's own rules. imatrix: whether there is one (llama.cpp's mixtures depend on it).
/// Errors: a dense model where the recipe needs experts, a tensor of a type that cannot be read, no quantizable tensor,
/// a rule that gives a tensor a type that neither llama.cpp nor the engine can load, rules of `first` that contradict
/// each other.
Result<QuantizationPlan> plan_quantization(const GgufFile& file, const Recipe& recipe,
                                           std::span<const RecipeRule> first, bool imatrix = false);

/// Every tensor as it is: the plan of a reference.
QuantizationPlan keep_plan(const GgufFile& file);

/// The format that holds the most weights.
std::optional<Format> main_format(const QuantizationPlan& plan);

bool is_routed_expert(std::string_view tensor_name);
bool has_routed_experts(const GgufFile& file);

}  // namespace rung
