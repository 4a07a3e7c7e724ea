// The tables of the results database and the steps from each version to the next. Persistent: a step is never changed
// once released, only followed by another.
#pragma once

#include <array>

namespace rung {

/// "Rung", so that another program's database is not taken for ours.
inline constexpr int kLedgerApplicationId = 0x52756E67;

/// Step n leads from version n to n + 1; version 0 is an empty file.
inline constexpr std::array kLedgerSteps = {
    R"(CREATE TABLE results (
         id TEXT PRIMARY KEY, kind TEXT NOT NULL, model_hash TEXT NOT NULL, model_name TEXT NOT NULL,
         recipe TEXT NOT NULL, inputs TEXT NOT NULL, program TEXT NOT NULL, machine TEXT NOT NULL,
         measured_at TEXT NOT NULL, result TEXT NOT NULL) STRICT)",
    // A planner reads headers only: it knows a model by its shape.
    R"(ALTER TABLE results ADD COLUMN model_shape TEXT NOT NULL DEFAULT '';
       CREATE INDEX results_by_shape ON results (kind, model_shape))",
};

}  // namespace rung
