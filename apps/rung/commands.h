// The subcommands of rung. Each adds its options to the application and returns what runs when it was chosen.
#pragma once

#include <functional>

#include "base/status.h"

namespace CLI {
class App;
}

namespace rung {

using Command = std::function<Status()>;

/// Adds a subcommand to `app`; the returned function is called after parsing if the subcommand was given.
Command add_inspect(CLI::App& app);
Command add_quantize(CLI::App& app);
Command add_calibrate(CLI::App& app);
Command add_perplexity(CLI::App& app);
Command add_ladder(CLI::App& app);
Command add_run(CLI::App& app);
Command add_recipe(CLI::App& app);
Command add_compare(CLI::App& app);
Command add_plan(CLI::App& app);
Command add_panel(CLI::App& app);
Command add_report(CLI::App& app);

}  // namespace rung
