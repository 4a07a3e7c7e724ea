// The two direct prompts that CRUXEval is asked with, byte for byte: results compare only with the same prompt.
// From prompts.py of facebookresearch/cruxeval (MIT License, Copyright (c) 2023 Meta).
#pragma once

#include <string>
#include <string_view>

namespace rung {

/// What f(input) gives.
std::string cruxeval_output_prompt(std::string_view code, std::string_view input);
/// What f has to be given for this output.
std::string cruxeval_input_prompt(std::string_view code, std::string_view output);

}  // namespace rung
