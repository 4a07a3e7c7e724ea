#include "receipt.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <nlohmann/json.hpp>

#include "terminal.h"

namespace rung {
namespace {

using nlohmann::ordered_json;

std::string bytes_or_dash(std::optional<uint64_t> bytes) { return bytes ? human_bytes(*bytes) : "-"; }

ordered_json number_or_null(std::optional<uint64_t> bytes) {
  return bytes ? ordered_json(*bytes) : ordered_json(nullptr);
}

ordered_json pair_json(uint64_t predicted, std::optional<uint64_t> actual) {
  return {{"predicted", predicted}, {"actual", number_or_null(actual)}};
}

}  // namespace

Receipt::Receipt(bool wanted) : wanted_(wanted) {
  if (!wanted) return;
  watch_.emplace();
  add(Kind::kAnonymous, "program", "program", kProgramAnonymous, std::nullopt);
  add(Kind::kFile, "program_file", "program and libraries, pages", kProgramFile, std::nullopt);
}

/// Parts of one kind add up: several models, several sessions.
void Receipt::add(Kind kind, std::string key, std::string label, uint64_t predicted, std::optional<uint64_t> actual) {
  const auto found = std::find_if(parts_.begin(), parts_.end(), [&](const Part& part) { return part.key == key; });
  if (found == parts_.end()) return parts_.push_back({kind, std::move(key), std::move(label), predicted, actual});
  found->predicted += predicted;
  if (found->actual && actual) found->actual = *found->actual + *actual;
}

void Receipt::add_anonymous(std::string key, std::string label, uint64_t predicted, std::optional<uint64_t> actual) {
  add(Kind::kAnonymous, std::move(key), std::move(label), predicted, actual);
}

void Receipt::add_file(const Engine& engine, uint64_t tokens) {
  const GgufFile& file = engine.source().file();
  const FileMemory memory = predict_file_memory(engine.config(), file, tokens);
  std::optional<uint64_t> touched = 0;
  for (size_t shard = 0; shard < file.shard_count(); ++shard) {
    const auto pages = resident_bytes(file.shard_bytes(shard));
    touched = touched && pages ? std::optional(*touched + *pages) : std::nullopt;
  }
  add(Kind::kAddressSpace, "weights_mapped", "model, mapped", memory.mapped, file.file_bytes());
  add(Kind::kFile, "weights", "model, pages in memory", memory.touched, touched);
  add_anonymous("tokenizer", "metadata and tokenizer", predict_text_memory(count_text(file)), std::nullopt);
}

void Receipt::add_file_pages(uint64_t predicted) {
  add(Kind::kFile, "weights", "model, pages in memory", predicted, std::nullopt);
}

void Receipt::add_session(const Session& session, const SessionOptions& options, const SessionUse& use,
                          size_t threads) {
  const Engine& engine = session.engine();
  const ForwardLayout layout = forward_layout(engine.config(), tensor_shapes(engine.source()), options.precision);
  const SessionMemory predicted = predict_session_memory(engine.config(), layout, options, use, threads);
  const SessionMemory actual = session.memory();
  add(Kind::kAddressSpace, "kv_reserved", "KV cache, reserved", predicted.kv_reserved, actual.kv_reserved);
  add_anonymous("kv", "KV cache, in memory", predicted.kv, actual.kv);
  add_anonymous("buffers", "activations", predicted.buffers, actual.buffers);
  add_anonymous("scratch", "scratch of the threads", predicted.scratch, actual.scratch);
  add_anonymous("logits", "logits", predicted.logits, actual.logits);
}

void Receipt::close() {
  if (watch_) peak_ = watch_->stop();
}

uint64_t Receipt::predicted(Kind kind) const {
  uint64_t total = 0;
  for (const Part& part : parts_)
    if (part.kind == kind) total += part.predicted;
  return total;
}

ordered_json Receipt::json() const {
  ordered_json parts = ordered_json::object();
  for (const Part& part : parts_) parts[part.key] = pair_json(part.predicted, part.actual);
  const auto peak = [&](uint64_t ProcessMemory::*value) {
    return peak_ ? std::optional((*peak_).*value) : std::nullopt;
  };
  const uint64_t anonymous = predicted(Kind::kAnonymous), file = predicted(Kind::kFile);
  return {{"parts", parts},
          {"anonymous_peak", pair_json(anonymous, peak(&ProcessMemory::anonymous))},
          {"file_peak", pair_json(file, peak(&ProcessMemory::file))},
          {"resident_peak", pair_json(anonymous + file, peak(&ProcessMemory::peak_resident))}};
}

void Receipt::print() const {
  if (!wanted_) return;
  const auto line = [](std::string_view label, uint64_t predicted, std::optional<uint64_t> actual) {
    fmt::print(stderr, "{:<30}{:>12}{:>12}\n", label, human_bytes(predicted), bytes_or_dash(actual));
  };
  const auto peak = [&](uint64_t ProcessMemory::*value) {
    return peak_ ? std::optional((*peak_).*value) : std::nullopt;
  };
  fmt::print(stderr, "\n{:<30}{:>12}{:>12}\n", "Memory", "predicted", "actual");
  for (const Part& part : parts_) line(part.label, part.predicted, part.actual);
  const uint64_t anonymous = predicted(Kind::kAnonymous), file = predicted(Kind::kFile);
  line("anonymous memory, highest", anonymous, peak(&ProcessMemory::anonymous));
  line("file pages, highest", file, peak(&ProcessMemory::file));
  line("resident, highest", anonymous + file, peak(&ProcessMemory::peak_resident));
}

void add_receipt_option(CLI::App& command, bool& wanted) {
  command.add_flag("--receipt", wanted,
                   "at the end, the memory that was predicted beside what the kernel saw: on stderr, or in the JSON");
}

}  // namespace rung
