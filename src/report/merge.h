// Several documents on one page: ladders of one model become one ladder, ladders of several models stand on one chart,
// a KV ladder and a plan join them. Reads JSON only.
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "base/status.h"

namespace rung {

struct NamedDocument {
  std::string file;
  std::shared_ptr<const nlohmann::ordered_json> json;  ///< not null
};

/// What render_html, render_csv and render_markdown take. The first ladder is the page's; rungs that later ladders of
/// the same model, texts and panel add keep the verdicts of their own runs, and a note says so. Ladders of other models
/// give `models` (docs/ladder-json.md, models.json). A document of an unknown format or version is refused, as are two
/// KV ladders or two plans.
Result<nlohmann::ordered_json> merge_documents(const std::vector<NamedDocument>& documents);

}  // namespace rung
