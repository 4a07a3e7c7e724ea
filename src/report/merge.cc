#include "report/merge.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "ladder/models.h"
#include "report/json_member.h"

namespace rung {
namespace {

using Json = nlohmann::ordered_json;

struct Known {
  std::string_view format, key;  ///< where the page finds it; empty: a ladder
  int64_t newest;
};
constexpr Known kKnown[] = {{"rung-ladder", "", 2}, {"rung-kv-ladder", "kv", 1}, {"rung-plan", "plan", 1}};

std::string shown(const Json& value) {
  return value.is_null() ? "nothing" : value.dump(-1, ' ', true, Json::error_handler_t::replace);
}

Result<const Known*> known_of(const NamedDocument& document) {
  const Json &format = member(*document.json, "format"), &version = member(*document.json, "version");
  for (const Known& known : kKnown) {
    if (format != known.format) continue;
    if (version.is_number_integer() && version >= 1 && version <= known.newest) return &known;
    return input_error("{}: version: found {}, allowed 1 to {}", document.file, shown(version), known.newest);
  }
  return input_error(
      "{}: format: found {}, allowed rung-ladder, rung-kv-ladder and rung-plan, as 'rung ladder' and 'rung plan "
      "--json' "
      "write them",
      document.file, shown(format));
}

/// What must be the same for rungs to stand in one table.
std::string subject_of(const Json& ladder) {
  const Json& settings = member(ladder, "settings");
  return Json::array({member(member(ladder, "model"), "hash"), member(settings, "context"), member(settings, "texts"),
                      member(settings, "panel")})
      .dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// True if a rung came that was not there.
bool add_rungs(Json& ladder, const Json& other) {
  if (!member(ladder, "rungs").is_array() || !member(other, "rungs").is_array()) return false;
  bool added = false;
  for (const Json& rung : member(other, "rungs")) {
    const auto same = [&](const Json& each) { return member(each, "name") == member(rung, "name"); };
    if (std::any_of(ladder["rungs"].begin(), ladder["rungs"].end(), same)) continue;
    ladder["rungs"].push_back(rung);
    added = true;
  }
  return added;
}

/// One ladder of each subject, in the order given.
std::vector<Json> join_ladders(const std::vector<Json>& ladders) {
  std::vector<Json> joined;
  for (const Json& ladder : ladders) {
    const auto same = std::find_if(joined.begin(), joined.end(),
                                   [&](const Json& each) { return subject_of(each) == subject_of(ladder); });
    if (same == joined.end()) {
      joined.push_back(ladder);
    } else if (add_rungs(*same, ladder)) {
      if (!member(*same, "notes").is_array()) (*same)["notes"] = Json::array();
      (*same)["notes"].push_back(
          "Several runs are joined here: verdicts and findings are those of the run that each is from. 'rung ladder' "
          "with all "
          "these rungs judges them together, and takes what was measured from the results database.");
    }
  }
  return joined;
}

}  // namespace

Result<Json> merge_documents(const std::vector<NamedDocument>& documents) try {
  std::vector<Json> ladders;
  Json others = Json::object();
  for (const NamedDocument& document : documents) {
    RUNG_TRY(const Known* known, known_of(document));
    if (known->key.empty()) {
      ladders.push_back(*document.json);
    } else if (others.contains(known->key)) {
      return input_error("{}: is a second {}; a page has room for one", document.file, known->format);
    } else {
      others[std::string(known->key)] = *document.json;
    }
  }
  const std::vector<Json> joined = join_ladders(ladders);
  Json page = joined.empty() ? Json::object() : joined.front();
  if (joined.size() > 1) page["models"] = compare_models(joined, std::nullopt);
  page.update(others);
  return page;
} catch (const nlohmann::json::exception& error) {
  return input_error("the documents contradict their format: {}", error.what());
}

}  // namespace rung
