// A ladder (docs/ladder-json.md) as CSV (RFC 4180): one line a measured value, so that a spreadsheet or a data frame
// can take it as it is. The numbers are those of the JSON, digit for digit.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace rung {

/// Columns: model, rung, kind, bytes, bits_per_weight, measure, value, low, high, error, items, lost, gained, p_value,
/// verdict. A measure is a key of the rung (perplexity, kld_mean, ..., same_top, rms_dp) or score:NAME and
/// retained:NAME of a capability. Empty where there is no such number. Cells that a spreadsheet would take for a
/// formula get an apostrophe. Deterministic; safe from any thread.
std::string render_csv(const nlohmann::ordered_json& ladder);

}  // namespace rung
