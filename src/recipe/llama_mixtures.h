// llama.cpp's mixtures ("llama.cpp/Q4_K_M") as recipes: what llama-quantize gives each tensor, as ordered rules. The
// facts are those of its tree at d32676d (2026-08); testdata/llama-mixtures has what its dry run says.
#pragma once

#include <span>
#include <string_view>

#include "recipe/recipe.h"

namespace rung {

inline constexpr std::string_view kLlamaPrefix = "llama.cpp/";

/// "Q4_K_M" ...: the names of llama-quantize, without the prefix.
std::span<const std::string_view> llama_mixture_names();
/// name: one of them.
Recipe llama_mixture(std::string_view name);

}  // namespace rung
