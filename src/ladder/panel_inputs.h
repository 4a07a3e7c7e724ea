// The panel of a ladder or comparison: read from a folder or drawn (panel/panel_spec.h), cut to what this model can be
// asked, rendered. What is left out is told in the inputs' notes; that nothing is left of a panel that was named is an
// error. The built-in panel is drawn with the levels at which the reference answers three of four items.
#pragma once

#include "base/observer.h"
#include "ladder/inputs.h"

namespace rung {

/// Reads or draws the panel and renders it; the built-in one, which has to be tuned, only checks its name and its
/// facts.
Status open_panel(const std::filesystem::path& model, const MeasuringMaterial& material, LadderInputs& inputs);

/// Draws the built-in panel, if that is what was named: asks the reference some hundred items first. After
/// open_inputs().
Status tune_panel(const MeasuringMaterial& material, ThreadPool& pool, Observer& observer, LadderInputs& inputs);

/// Of settings.panel in ladder.json: one row a capability.
nlohmann::ordered_json describe_panel(const LadderInputs& inputs);

}  // namespace rung
