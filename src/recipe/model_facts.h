// What rules may ask about a model, from its metadata and tensor directory.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "recipe/recipe.h"

namespace rung {

struct ModelFacts {
  const GgufFile* file = nullptr;
  std::vector<TensorRole> roles;  ///< of each tensor
  std::vector<char> quantizable;  ///< of each tensor: a matrix that llama-quantize touches
  std::vector<size_t> order;      ///< all tensors, layer by layer and then by name: llama.cpp's order
  std::string architecture;
  uint64_t layers = 0;  ///< block_count, or more where tensors say so
  double experts = 0, heads_per_kv = 1, expert_share = 0;
  bool tied = false;       ///< there is no output.weight
  bool seventy_b = false;  ///< llama with 80 layers and grouped queries; qwen2, deci or olmo with 80; jais2 with 68
  bool imatrix = false;
};

/// llama-quantize touches matrices named *weight, but none of the roles that steer the others.
bool is_quantizable(const GgufTensor& tensor, Role role);

ModelFacts model_facts(const GgufFile& file, bool imatrix);

bool holds(const ModelCondition& condition, const ModelFacts& facts);

/// The tensors that a rule is for in a model.
class RuleMatcher {
 public:
  RuleMatcher(const RecipeRule& rule, const ModelFacts& facts);

  /// False: nothing can match, since the model is not what the rule asks for.
  bool holds() const { return holds_; }
  bool matches(size_t tensor) const;

 private:
  bool matches_but_layers(size_t tensor) const;

  const RecipeRule& rule_;
  const ModelFacts& facts_;
  bool holds_;
  std::vector<uint64_t> numbers_;  ///< of each tensor among those that match; where the rule counts matrices
  uint64_t count_;
};

}  // namespace rung
