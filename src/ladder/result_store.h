// Measured rungs in the results database: the ladder asks it before it measures and tells it afterwards, so that an
// interrupted ladder goes on where it stopped and another ladder of the same model, inputs, encoders and program
// measures only what is new.
#pragma once

#include <optional>

#include "ladder/rung_result.h"
#include "ledger/ledger.h"

namespace rung {

/// Whose results these are.
struct MeasuredModel {
  std::string hash, shape, name;
};

class ResultStore {
 public:
  /// An empty path: default_ledger_path(), or results.sqlite in `fallback_folder` where there is no home.
  static Result<ResultStore> open(std::filesystem::path path, const std::filesystem::path& fallback_folder);

  /// The result kept for exactly these inputs. One that cannot be read back counts as missing.
  Result<std::optional<RungResult>> find(std::string_view inputs) const;
  Status keep(const MeasuredModel& model, std::string_view inputs, const RungResult& result);

  const std::filesystem::path& path() const { return ledger_.path(); }

 private:
  explicit ResultStore(Ledger ledger) : ledger_(std::move(ledger)) {}
  Ledger ledger_;
};

/// What rung_result_from_json makes of a row's JSON; nothing where that was not written by to_json.
std::optional<RungResult> result_of(const LedgerRow& row);

}  // namespace rung
