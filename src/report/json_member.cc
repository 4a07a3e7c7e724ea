#include "report/json_member.h"

#include <nlohmann/json.hpp>

namespace rung {

const nlohmann::ordered_json& member(const nlohmann::ordered_json& object, std::string_view key) {
  static const nlohmann::ordered_json kAbsent;
  if (!object.is_object()) return kAbsent;
  const auto found = object.find(key);
  return found == object.end() ? kAbsent : *found;
}

}  // namespace rung
