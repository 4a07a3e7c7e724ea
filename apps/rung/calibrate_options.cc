#include "calibrate_options.h"

#include <CLI/CLI.hpp>

namespace rung {
namespace {

void add_source_options(CLI::App& command, CalibrateArguments& arguments) {
  command.add_option("MODEL", arguments.model, "a GGUF file, best in F32, F16 or BF16");
  command.add_option("-o,--output", arguments.out, "the importance matrix to write: GGUF, or the old format if .dat")
      ->type_name("FILE");
  command.add_option("--text", arguments.texts, "UTF-8 text to calibrate on; repeatable")
      ->type_name("FILE")
      ->expected(1, -1);
  command
      .add_option("--chat", arguments.chats,
                  "conversations, JSON Lines of {\"messages\": [...], \"tools\": [...]}, through the model's chat "
                  "template with its special tokens; repeatable")
      ->type_name("FILE.jsonl")
      ->expected(1, -1);
  command
      .add_option("--merge", arguments.merged,
                  "importance matrices, GGUF or .dat, whose sums are added; alone or with text; repeatable")
      ->type_name("FILE")
      ->expected(1, -1);
  command
      .add_option(
          "--top-up", arguments.pools,
          "prompts (.jsonl conversations, else text, chunk by chunk) from which those are added that feed experts "
          "with too few tokens; repeatable")
      ->type_name("POOL")
      ->expected(1, -1);
  command.add_option("--least-tokens", arguments.least_tokens, "tokens that --top-up wants each expert to see")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  command.add_flag("--weights-only", arguments.weights_only,
                   "no text: the mean squared weight of each column stands for its activations; the file says so");
}

void add_run_options(CLI::App& command, CalibrateArguments& arguments) {
  command.add_option("--context", arguments.context, "tokens of a chunk; each begins with BOS if the model wants it")
      ->capture_default_str()
      ->check(CLI::Range(4, 1 << 20));
  command.add_flag("--parse-special", arguments.parse_special,
                   "special tokens written in the text become their ids (in conversations they always do)");
  command.add_flag("--output-matrix,--process-output", arguments.output_matrix, "calibrate the output matrix too");
  command
      .add_option("--precision", arguments.precision,
                  "f32: weights, activations and KV in floats; q8: activations in 8 bits for integer types")
      ->capture_default_str()
      ->check(CLI::IsMember({"f32", "q8"}));
  command
      .add_option("--gram", arguments.gram,
                  "also keep second moments E[x x^T] of every input, for GPTQ: blocks (256 columns along the diagonal) "
                  "or full")
      ->capture_default_str()
      ->check(CLI::IsMember({"none", "blocks", "full"}));
  command.add_option("--gram-file", arguments.gram_file, "where they go; default: the output's name with .gram.gguf")
      ->type_name("FILE");
  command.add_option("--max-memory", arguments.max_memory, "memory that second moments may take, default 4GiB")
      ->transform(CLI::AsSizeValue(true))
      ->check(CLI::PositiveNumber);
  command.add_option("--show", arguments.show, "print statistics of an importance matrix and do nothing else")
      ->type_name("FILE");
  command.add_option("--threads", arguments.threads, "threads; the result does not depend on it")
      ->check(CLI::Range(1, 1024));
  command.add_flag("--json", arguments.json, "print JSON");
}

}  // namespace

void add_calibrate_options(CLI::App& command, CalibrateArguments& arguments) {
  add_source_options(command, arguments);
  add_run_options(command, arguments);
  command.footer(
      "Example: rung calibrate model.bf16.gguf --text calibration.txt --parse-special -o imatrix.gguf\n"
      "Tokens of each expert are reported; experts that saw few lean on their layer's pooled statistics when the "
      "model\n"
      "is quantized.");
}

}  // namespace rung
