// llama-quantize's --tensor-type-file: words REGEX=TYPE between blanks, the first that matches a tensor's name decides.
// It lowers the letters of a regex and splits at its first '='.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "recipe/recipe.h"

namespace rung {

/// The words as rules, in order; after them nothing decides. file: named in errors, with the line.
Result<Recipe> parse_tensor_type_file(std::string_view text, std::string_view file);

struct TensorTypeFile {
  std::string text;
  std::vector<std::string> left_out;  ///< tensors that the plan makes another float and llama-quantize never touches
};

/// What gives llama-quantize the plan's types, matrix by matrix: `llama-quantize --tensor-type-file FILE IN OUT TYPE`
/// with any TYPE that is quantized. A tensor and its twins in other layers share a line. Fails where the plan has a
/// type that GGUF lacks.
Result<TensorTypeFile> tensor_type_file(const QuantizationPlan& plan);

}  // namespace rung
