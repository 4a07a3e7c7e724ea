// Which format each tensor of a model gets. A type is one format for the whole model ("q4_k"); a recipe is a mixture
// with a name of its own ("asymmetric"). Both are ordered rules; the first that matches a tensor decides. Norms,
// routers, one-dimensional and other small tensors are never touched, by the same exceptions as llama-quantize. A
// format whose block does not divide a tensor's row falls back by llama.cpp's published rule.
#pragma once

#include <cstdint>
#include <optional>
#include <regex>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"
#include "codec/format.h"
#include "io/gguf.h"
#include "model/tensor_role.h"

namespace rung {

struct RecipeRule {
  std::vector<Role> roles;            ///< empty: any
  std::optional<std::regex> pattern;  ///< searched in the tensor's name; empty: any
  std::string pattern_text;
  double last_layers_share = 0;  ///< > 0: only the last max(1, round(share * layers)) layers
  Format format = Format::F32;
};

struct Recipe {
  std::string name;
  bool is_type = false;               ///< one format for everything
  bool needs_routed_experts = false;  ///< makes no sense for a dense model
  std::string description;            ///< one sentence
  std::vector<RecipeRule> rules;
};

/// A type of any format that can be encoded, or a built-in recipe. The error lists what there is.
Result<Recipe> find_recipe(std::string_view name);
std::vector<std::string> recipe_names();

/// "REGEX=TYPE", as given to --rule. The type stands after the last '='.
Result<RecipeRule> parse_rule(std::string_view text);

struct TensorPlan {
  const GgufTensor* source = nullptr;
  std::optional<Format> format;  ///< empty: the source's bytes are kept as they are
  uint64_t bytes = 0;            ///< in the result
  bool fell_back = false;        ///< the rule's format does not divide the row
  std::string scale_name;        ///< nvfp4: the tensor of factors, F32, one a matrix, to be written beside it
};

struct QuantizationPlan {
  std::string recipe;               ///< its name, with the user's rules appended
  std::vector<TensorPlan> tensors;  ///< in file order
  uint64_t tensor_bytes = 0;
  uint64_t values = 0;
  std::vector<std::string> warnings;  ///< fallbacks, rules that matched nothing

  double bits_per_weight() const { return 8.0 * static_cast<double>(tensor_bytes) / static_cast<double>(values); }
  /// False if a format has no GGUF id.
  bool writable() const;
};

/// `first` are asked before the recipe's own rules. Errors: a tensor of a type that cannot be read, no quantizable
/// tensor.
Result<QuantizationPlan> plan_quantization(const GgufFile& file, const Recipe& recipe,
                                           std::span<const RecipeRule> first);

/// Every tensor as it is: the plan of a reference.
QuantizationPlan keep_plan(const GgufFile& file);

/// The format that holds the most weights.
std::optional<Format> main_format(const QuantizationPlan& plan);

bool is_routed_expert(std::string_view tensor_name);
bool has_routed_experts(const GgufFile& file);

}  // namespace rung
