// --receipt: the bytes that a run was predicted to take beside those that it took, part by part, and the highest
// anonymous, file-backed and resident memory as the kernel saw them.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/process_memory.h"
#include "engine/model_memory.h"
#include "engine/session_memory.h"

namespace CLI {
class App;
}

namespace rung {

class Receipt {
 public:
  /// wanted: else nothing is watched and nothing printed.
  explicit Receipt(bool wanted);

  bool wanted() const { return wanted_; }
  /// A model file, read by so many tokens, with its tokenizer.
  void add_file(const Engine& engine, uint64_t tokens);
  /// Pages of model files that are mapped until the end, where nobody can look at them any more.
  void add_file_pages(uint64_t predicted);
  /// A session, while it lives.
  void add_session(const Session& session, const SessionOptions& options, const SessionUse& use, size_t threads);
  /// Other anonymous memory. actual: where it can be told apart.
  void add_anonymous(std::string key, std::string label, uint64_t predicted, std::optional<uint64_t> actual);

  /// Stops watching; to be called before what was measured is gone. Then one of the two below.
  void close();
  nlohmann::ordered_json json() const;
  /// A table on stderr.
  void print() const;

 private:
  enum class Kind { kAddressSpace, kAnonymous, kFile };
  struct Part {
    Kind kind;
    std::string key, label;
    uint64_t predicted;
    std::optional<uint64_t> actual;
  };
  void add(Kind kind, std::string key, std::string label, uint64_t predicted, std::optional<uint64_t> actual);
  uint64_t predicted(Kind kind) const;

  bool wanted_;
  std::vector<Part> parts_;
  std::optional<PeakMemory> watch_;
  std::optional<ProcessMemory> peak_;
};

void add_receipt_option(CLI::App& command, bool& wanted);

}  // namespace rung
