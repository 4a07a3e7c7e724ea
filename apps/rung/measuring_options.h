// The options that 'rung ladder' and 'rung compare' share: what models are measured with.
#pragma once

#include <string_view>

#include "ladder/inputs.h"

namespace CLI {
class App;
}

namespace rung {

/// How the help of a subcommand calls what it quantizes.
struct MeasuringHelp {
  std::string_view imatrix;     ///< the importance matrix
  std::string_view gptq_names;  ///< what +gptq is part of
};

void add_measuring_options(CLI::App& command, const MeasuringHelp& help, MeasuringMaterial& material, int& threads);

}  // namespace rung
