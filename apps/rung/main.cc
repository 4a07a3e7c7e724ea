#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <new>
#include <system_error>
#include <utility>
#include <vector>

#include "base/cpu.h"
#include "commands.h"
#include "report/terminal_text.h"
#include "terminal.h"

namespace rung {
namespace {

int exit_status(const Error& error) {
  switch (error.kind) {
    case ErrorKind::kInput:
      return 2;
    case ErrorKind::kFailed:
      return 1;
    case ErrorKind::kCancelled:
      break;
  }
  return 130;
}

int report(const Status& status) {
  if (status) return 0;
  // A message may quote names out of a file, and a name must not move the cursor.
  fmt::print(stderr, "rung: {}\n", printable(status.error().message));
  return exit_status(status.error());
}

/// Runs a command; memory that cannot be had and output that cannot be written become errors too, and so does what
/// should have been an error already.
Status run_command(const Command& command) try {
  RUNG_CHECK(command());
  if (std::fflush(stdout) != 0) return failed_error("standard output: cannot be written: {}", std::strerror(errno));
  return {};
} catch (const std::bad_alloc&) {
  return failed_error("out of memory");
} catch (const std::system_error& error) {
  return failed_error("standard output: {}", error.what());
} catch (const std::exception& error) {
  return failed_error("a fault of this program: {}; please report it with the command", error.what());
}

/// CLI11 would only say that a subcommand is missing.
Status check_command_name(const CLI::App& app, int argc, char** argv) {
  if (argc < 2 || argv[1][0] == '-') return {};
  std::string names;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (command->get_name() == argv[1]) return {};
    names += (names.empty() ? "" : ", ") + command->get_name();
  }
  return input_error("command: found '{}', allowed are {}; see 'rung --help'", argv[1], names);
}

int run_program(int argc, char** argv) {
  CLI::App app("Rung takes a language model down the precision ladder and measures what each bit costs.");
  app.name("rung");
  app.set_version_flag("--version", "rung " RUNG_VERSION);
  app.require_subcommand(1);
  app.footer(
      "Try: rung ladder models/pico-moe/pico-moe.bf16.gguf --out rung-out\n"
      "'rung COMMAND --help' explains a command. RUNG_ISA=scalar|avx2|avx512 forces an instruction set.");
  std::vector<Command> commands;
  for (const auto add : {add_ladder, add_compare, add_quantize, add_calibrate, add_perplexity, add_inspect, add_run,
                         add_recipe, add_plan, add_panel, add_report})
    commands.push_back(add(app));
  if (const Status name = check_command_name(app, argc, argv); !name) return report(name);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp& help) {
    return app.exit(help);
  } catch (const CLI::CallForVersion& version) {
    return app.exit(version);
  } catch (const CLI::ParseError& error) {
    const auto chosen = app.get_subcommands();
    fmt::print(stderr, "rung: {}; see 'rung {}--help'\n", error.what(),
               chosen.empty() ? "" : chosen.front()->get_name() + " ");
    return 2;
  }
  if (const Status isa = check_isa_choice(); !isa) return report(isa);
  install_interrupt_handler();
  const auto all = app.get_subcommands([](const CLI::App*) { return true; });
  for (size_t index = 0; index < all.size(); ++index)
    if (all[index]->parsed()) return report(run_command(commands[index]));
  return 2;
}

}  // namespace
}  // namespace rung

int main(int argc, char** argv) { return rung::run_program(argc, argv); }
