#include "ladder/result_store.h"

#include <fmt/chrono.h>

#include <ctime>
#include <nlohmann/json.hpp>

#include "base/cpu.h"
#include "base/hash.h"

namespace rung {

Result<ResultStore> ResultStore::open(std::filesystem::path path, const std::filesystem::path& fallback_folder) {
  if (path.empty()) path = default_ledger_path();
  if (path.empty()) path = fallback_folder / "results.sqlite";
  RUNG_TRY(Ledger ledger, Ledger::open(path));
  return ResultStore(std::move(ledger));
}

std::optional<RungResult> result_of(const LedgerRow& row) {
  const auto json = nlohmann::ordered_json::parse(row.result, nullptr, false);
  if (!json.is_object()) return std::nullopt;
  auto result = rung_result_from_json(json);
  if (!result) return std::nullopt;
  return std::move(*result);
}

Result<std::optional<RungResult>> ResultStore::find(std::string_view inputs) const {
  RUNG_TRY(const auto row, ledger_.find(content_hash(inputs)));
  return row && row->kind == "rung" ? result_of(*row) : std::nullopt;
}

Status ResultStore::keep(const MeasuredModel& model, std::string_view inputs, const RungResult& result) {
  const auto replace = nlohmann::ordered_json::error_handler_t::replace;  // a capability may be called as a file is
  return ledger_.keep({.id = content_hash(inputs),
                       .kind = "rung",
                       .model_hash = model.hash,
                       .model_shape = model.shape,
                       .model_name = model.name,
                       .recipe = result.name,
                       .inputs = std::string(inputs),
                       .program = "rung " RUNG_VERSION,
                       .machine = machine_name(),
                       .measured_at = fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr))),
                       .result = to_json(result).dump(-1, ' ', false, replace)});
}

}  // namespace rung
