// Instructions that a program can verify, as IFEval publishes them (Zhou et al. 2023, arXiv:2311.07911): 25 kinds, each
// with an id such as "length_constraints:number_words" and arguments. Checked as lm-evaluation-harness 0.4.9 does, but
// for three things that it leaves to trained models or to chance: sentences and words in capitals are cut by rules here
// (there by NLTK's Punkt and Treebank tokenizers), languages are told by CLD2 (there by langdetect), keywords are plain
// text (there patterns). Pure; any text is an answer.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace rung {

/// `list` must be a list, not empty, of {"id": ..., "kwargs": {...}}. The error names position, field, what was found
/// and what is allowed. Arguments that the kind does not use are ignored: some published files fill them with null.
Status check_instructions(const nlohmann::ordered_json& list);

enum class Strictness {
  kStrict,  ///< the answer as it stands
  kLoose,   ///< also without its first line, its last, both, and each of these without asterisks
};

/// One value an instruction of a list that check_instructions() accepts. An empty answer follows none.
std::vector<bool> instructions_followed(const nlohmann::ordered_json& list, std::string_view answer,
                                        Strictness strictness);

}  // namespace rung
