// The option --kv of every subcommand that runs a model.
#pragma once

#include "engine/kv_options.h"

namespace CLI {
class App;
}

namespace rung {

void add_kv_option(CLI::App& command, KvOptions& options);

}  // namespace rung
