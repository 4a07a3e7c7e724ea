// rung perplexity: perplexity of a model on a text, and its divergence from a reference.
#include "measure/perplexity.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "commands.h"
#include "kv_option.h"
#include "model/model_text.h"
#include "receipt.h"
#include "terminal.h"

namespace rung {
namespace {

using nlohmann::ordered_json;

struct Options {
  std::string model, text, reference, precision = "q8";
  KvOptions kv;
  size_t context = 512, tokens = 0;
  int threads = 0;
  bool json = false, receipt = false;
};

struct Opened {
  std::shared_ptr<const Engine> engine;
  ModelText text;
};

Result<Opened> open_model(const std::string& path) {
  RUNG_TRY(auto source, FileSource::open(path));
  RUNG_TRY(auto engine, Engine::open(source));
  RUNG_TRY(ModelText text, open_model_text(source->file()));
  if (text.tokenizer.size() > engine->config().vocabulary)
    return input_error("{}: the tokenizer has {} tokens, the token embedding only {} rows", path, text.tokenizer.size(),
                       engine->config().vocabulary);
  return Opened{std::move(engine), std::move(text)};
}

ordered_json estimate_json(const Estimate& estimate) { return {{"value", estimate.value}, {"error", estimate.error}}; }

void print_json(const PerplexityResult& result, const Options& options, const TextChunks& text,
                const Receipt& receipt) {
  ordered_json json = {{"model", options.model},
                       {"text", options.text},
                       {"context", text.context},
                       {"chunks", text.chunks.size()},
                       {"tokens", result.tokens},
                       {"perplexity", result.perplexity.value},
                       {"perplexity_error", result.perplexity.error}};
  if (result.has_reference) {
    json["reference"] = options.reference;
    json["reference_perplexity"] = result.reference_perplexity.value;
    json["log_perplexity_ratio"] = estimate_json(result.log_ratio);
    json["kld"] = {{"mean", result.kld.value}, {"mean_error", result.kld.error}, {"median", result.kld_median},
                   {"p99", result.kld_p99},    {"p99_9", result.kld_p999},       {"max", result.kld_max}};
    json["same_top"] = result.same_top.value;
    json["same_top_error"] = result.same_top.error;
    json["rms_dp"] = result.rms_delta_p.value;
    json["rms_dp_error"] = result.rms_delta_p.error;
  }
  if (receipt.wanted()) json["receipt"] = receipt.json();
  fmt::print("{}\n", json.dump(1, ' ', false, ordered_json::error_handler_t::replace));
}

/// A model's part of the receipt, while its session lives.
void add_to_receipt(Receipt& receipt, const ChunkLogits& logits, const TextChunks& text, size_t threads) {
  if (!receipt.wanted()) return;
  receipt.add_file(logits.session().engine(), text.chunks.size() * text.context);
  receipt.add_session(logits.session(), logits.options(), logits.session_use(), threads);
  receipt.add_anonymous("kept_logits", "logits of a chunk", logits.predicted_logit_bytes(), logits.logit_bytes());
}

void print_text(const PerplexityResult& result, const TextChunks& text) {
  fmt::print("{} chunks of {} tokens, {} predictions scored\n", text.chunks.size(), text.context, result.tokens);
  fmt::print("perplexity                 {:10.4f} +- {:.4f}\n", result.perplexity.value, result.perplexity.error);
  if (!result.has_reference) return;
  fmt::print("perplexity of reference    {:10.4f} +- {:.4f}\n", result.reference_perplexity.value,
             result.reference_perplexity.error);
  fmt::print("ln(perplexity ratio)       {:10.5f} +- {:.5f}\n", result.log_ratio.value, result.log_ratio.error);
  fmt::print("KL divergence, mean        {:10.6f} +- {:.6f}\n", result.kld.value, result.kld.error);
  fmt::print("KL divergence, median      {:10.6f}\n", result.kld_median);
  fmt::print("KL divergence, 99 %        {:10.6f}\n", result.kld_p99);
  fmt::print("KL divergence, 99.9 %      {:10.6f}\n", result.kld_p999);
  fmt::print("KL divergence, largest     {:10.6f}\n", result.kld_max);
  fmt::print("same most likely token     {:10.3f} +- {:.3f} %\n", 100 * result.same_top.value,
             100 * result.same_top.error);
  fmt::print("RMS change of p(right)     {:10.3f} +- {:.3f} %\n", 100 * result.rms_delta_p.value,
             100 * result.rms_delta_p.error);
}

Status perplexity(const Options& options) {
  Receipt receipt(options.receipt);
  RUNG_TRY(const std::string text, read_file(options.text));
  RUNG_TRY(const Opened model, open_model(options.model));
  RUNG_CHECK(check_kv_options(model.engine->config(), options.kv));
  RUNG_TRY(const TextChunks chunks,
           cut_text(model.text.tokenizer, text, options.text, options.context, options.tokens));
  ThreadPool pool(options.threads);
  Terminal terminal(options.json);
  if (const std::string note = kv_research_note(options.kv); !note.empty()) terminal.note(note);
  SessionOptions session;
  session.precision = options.precision == "f32" ? Precision::kF32 : Precision::kQ8;
  session.kv = options.kv;
  ChunkLogits logits(model.engine, pool, session, chunks, 0);
  std::optional<ChunkLogits> reference;
  if (!options.reference.empty()) {
    RUNG_TRY(const Opened other, open_model(options.reference));
    session.kv = reference_kv(options.kv);
    reference.emplace(other.engine, pool, session, chunks, 0);
  }
  RUNG_TRY(const PerplexityResult result,
           measure_perplexity(logits, reference ? &*reference : nullptr, chunks, pool, terminal));
  const auto threads = static_cast<size_t>(pool.size());
  add_to_receipt(receipt, logits, chunks, threads);
  if (reference) add_to_receipt(receipt, *reference, chunks, threads);
  receipt.close();
  options.json ? print_json(result, options, chunks, receipt) : print_text(result, chunks);
  if (!options.json) receipt.print();
  return {};
}

}  // namespace

Command add_perplexity(CLI::App& app) {
  auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("perplexity", "Measure perplexity on a text, and KL divergence from a reference model");
  command->add_option("MODEL", options->model, "a GGUF file")->required();
  command->add_option("--text", options->text, "UTF-8 text to measure on")->required()->type_name("FILE");
  command
      ->add_option("--reference", options->reference,
                   "the model that MODEL was made from; both run side by side, this one with an f16 KV "
                   "cache (f32 if --kv is)")
      ->type_name("MODEL");
  command->add_option("--context", options->context, "tokens a chunk; the second half is scored")
      ->capture_default_str()
      ->check(CLI::Range(4, 1 << 20));
  command->add_option("--tokens", options->tokens, "use only the first so many tokens of the text");
  command
      ->add_option("--precision", options->precision,
                   "q8: activations in 8 bits for integer types, as everyone does; f32: all in floats")
      ->capture_default_str()
      ->check(CLI::IsMember({"q8", "f32"}));
  add_kv_option(*command, options->kv);
  command->add_option("--threads", options->threads, "threads; the result does not depend on it")
      ->check(CLI::Range(1, 1024));
  add_receipt_option(*command, options->receipt);
  command->add_flag("--json", options->json, "print JSON");
  command->footer("Example: rung perplexity model.q4_k.gguf --text prose.txt --reference model.bf16.gguf");
  return [options] { return perplexity(*options); };
}

}  // namespace rung
