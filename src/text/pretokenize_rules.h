// The splitting rules that tokenizer.ggml.pre names, as one table. A rule is a list of regular expressions; each cuts
// every piece the one before left into its matches and what lies between them. The expressions are those of the
// models' own tokenizer.json files; which name means which rule follows llama.cpp, as GGUF leaves the names to it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace rung {

struct PretokenizeRule {
  std::vector<std::string_view> names;
  std::vector<std::string_view> expressions;  ///< PCRE2; \s and \S mean Unicode White_Space
  bool ignore_merges = false;                 ///< a whole piece that is a vocabulary entry stays whole
  bool adds_bos = false;                      ///< what tokenizer.ggml.add_bos_token is when absent
};

/// nullptr if the name is unknown; an empty name is "default".
const PretokenizeRule* find_pretokenize_rule(std::string_view name);
/// All names, with commas between.
std::string pretokenize_rule_names();

}  // namespace rung
