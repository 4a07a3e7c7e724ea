// What is wrong with a rule in a model: that it decides nothing, or asks for what cannot be loaded.
#pragma once

#include <optional>
#include <string>

#include "recipe/model_facts.h"

namespace rung {

/// "rule 'regex = ...'", with its line where it has one.
std::string rule_name(const RecipeRule& rule);

/// Whether a tensor that llama-quantize keeps may get the rule's format all the same: floats where llama.cpp and the
/// engine read any (routers), F32 for everything.
bool can_be_float(const ModelFacts& facts, size_t tensor, Format format);

/// Why nothing can load the rule's type in the tensors that it names; empty: it can be loaded.
std::optional<std::string> load_fault(const RecipeRule& rule, const RuleMatcher& matcher, const ModelFacts& facts);

/// A rule that decided nothing: why, with the nearest names. decided_by: the rule that was first in what it matches, if
/// it matches anything.
std::string idle_warning(const RecipeRule& rule, const ModelFacts& facts, const RecipeRule* decided_by);

}  // namespace rung
