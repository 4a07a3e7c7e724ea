// The results database: what was measured, each result under the content hash of all that it depends on, so that
// nothing is measured twice and every number can be traced to its inputs. One SQLite file, shared by runs: a write
// locks it for a moment, and who finds it locked waits. A file of an older version is brought up to date when it is
// opened, in one transaction; one of a newer version is refused. What is read from it is as foreign as any file.
//
// Spec: sqlite.org/pragma.html (application_id, user_version), sqlite.org/security.html (defensive mode).
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace rung {

struct LedgerRow {
  std::string id;           ///< content hash of `inputs`
  std::string kind;         ///< what `result` is: "rung"
  std::string model_hash;   ///< of the reference's metadata and tensor data
  std::string model_shape;  ///< hash of its name and its tensors' names and shapes; empty in rows of version 1
  std::string model_name;
  std::string recipe;       ///< the rung's name
  std::string inputs;       ///< everything that the result depends on, as readable text
  std::string program;      ///< "rung 0.1.0"
  std::string machine;      ///< processor and instruction set
  std::string measured_at;  ///< UTC, ISO 8601
  std::string result;       ///< JSON
};

class Ledger {
 public:
  static constexpr int kVersion = 2;

  /// Creates the file, and its folder, where missing. `lock_wait` is how long another run may hold it.
  static Result<Ledger> open(const std::filesystem::path& path,
                             std::chrono::milliseconds lock_wait = std::chrono::seconds(10));
  Ledger(Ledger&&) noexcept;
  Ledger& operator=(Ledger&&) noexcept;
  ~Ledger();

  Result<std::optional<LedgerRow>> find(std::string_view id) const;
  /// Replaces a row of the same id.
  Status keep(const LedgerRow& row);
  /// All results of one kind for models of that shape, the newest first.
  Result<std::vector<LedgerRow>> of_shape(std::string_view kind, std::string_view model_shape) const;

  const std::filesystem::path& path() const;

 private:
  struct State;
  explicit Ledger(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// RUNG_RESULTS, else $XDG_DATA_HOME/rung/results.sqlite, else ~/.local/share/rung/results.sqlite (XDG base directory
/// specification). Empty where there is no home either.
std::filesystem::path default_ledger_path();

}  // namespace rung
