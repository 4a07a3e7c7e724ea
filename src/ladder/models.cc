#include "ladder/models.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "measure/statistics.h"

namespace rung {
namespace {

using nlohmann::ordered_json;

/// One rung of one model at one capability.
struct Entry {
  size_t model = 0;
  const ordered_json* rung = nullptr;
  double score = 0;
  Interval interval;

  uint64_t bytes() const { return (*rung).at("bytes").get<uint64_t>(); }
};

/// Whether the scores of two groups of items may be equal: the interval of their difference from the two intervals
/// (Newcombe, Statistics in Medicine 17 (1998) 873, method 10). The items are the same, which makes it cautious.
bool may_be_equal(const Entry& better, const Entry& other) {
  const double below = better.score - better.interval.low, above = other.interval.high - other.score;
  return better.score - other.score <= std::sqrt(below * below + above * above);
}

bool fits(const ordered_json& rung, std::optional<uint64_t> memory) {
  return rung.at("writable").get<bool>() && (!memory || rung.at("bytes").get<uint64_t>() <= *memory);
}

ordered_json name_json(const Entry& entry, const std::vector<ordered_json>& ladders) {
  return {{"model", ladders[entry.model].at("model").at("name")},
          {"rung", (*entry.rung).at("name")},
          {"bytes", entry.bytes()},
          {"score", entry.score},
          {"low", entry.interval.low},
          {"high", entry.interval.high}};
}

class Comparison {
 public:
  Comparison(const std::vector<ordered_json>& ladders, std::optional<uint64_t> memory)
      : ladders_(ladders), memory_(memory) {}

  ordered_json run() {
    find_capabilities();
    ordered_json document = {{"format", "rung-models"}, {"version", 1}};
    document["memory"] = memory_ ? ordered_json(*memory_) : ordered_json(nullptr);
    document["models"] = ordered_json::array();
    document["points"] = ordered_json::array();
    for (const ordered_json& ladder : ladders_) {
      document["models"].push_back(ladder.at("model"));
      for (const ordered_json& rung : ladder.at("rungs")) document["points"].push_back(point_json(ladder, rung));
    }
    document["best"] = ordered_json::array();
    for (const auto& [capability, models] : capabilities_) document["best"].push_back(best_json(capability, models));
    document["notes"] = notes_;
    return document;
  }

 private:
  /// Those of the first model that has them; a model with other items under the same name is left out of it.
  void find_capabilities() {
    std::map<std::string, ordered_json> first;
    for (size_t model = 0; model < ladders_.size(); ++model)
      for (const ordered_json& panel : ladders_[model].at("settings").at("panel")) {
        const auto name = panel.at("capability").get<std::string>();
        const auto [known, is_new] = first.emplace(name, panel.at("hash"));
        if (known->second == panel.at("hash")) {
          capabilities_[name].push_back(model);
        } else {
          notes_.push_back(fmt::format("{}: {} was asked other items and is left out there.", name,
                                       ladders_[model].at("model").at("name").get<std::string>()));
        }
      }
  }

  /// The mean score over the capabilities that all models share.
  ordered_json point_json(const ordered_json& ladder, const ordered_json& rung) const {
    ordered_json point = {{"model", ladder.at("model").at("name")},
                          {"rung", rung.at("name")},
                          {"bytes", rung.at("bytes")},
                          {"bits_per_weight", rung.at("bits_per_weight")},
                          {"fits", fits(rung, memory_)}};
    double sum = 0, count = 0;
    point["panel"] = ordered_json::object();
    for (const auto& [capability, models] : capabilities_) {
      if (!rung.at("panel").contains(capability)) continue;
      const ordered_json& cell = rung.at("panel")[capability];
      point["panel"][capability] = {{"score", cell.at("score")}, {"low", cell.at("low")}, {"high", cell.at("high")}};
      if (models.size() < ladders_.size()) continue;
      sum += cell.at("score").get<double>();
      ++count;
    }
    point["score"] = count > 0 ? ordered_json(sum / count) : ordered_json(nullptr);
    return point;
  }

  ordered_json best_json(const std::string& capability, const std::vector<size_t>& models) const {
    std::vector<Entry> entries;
    for (const size_t model : models)
      for (const ordered_json& rung : ladders_[model].at("rungs")) {
        if (!fits(rung, memory_) || !rung.at("panel").contains(capability)) continue;
        const ordered_json& cell = rung.at("panel")[capability];
        entries.push_back({model,
                           &rung,
                           cell.at("score").get<double>(),
                           {cell.at("low").get<double>(), cell.at("high").get<double>()}});
      }
    ordered_json json = {{"capability", capability}, {"best", nullptr}, {"smallest_as_good", nullptr}};
    if (entries.empty()) return json;
    const auto smaller = [](const Entry& a, const Entry& b) { return a.bytes() < b.bytes(); };
    std::stable_sort(entries.begin(), entries.end(), smaller);
    const Entry best = *std::max_element(entries.begin(), entries.end(),
                                         [](const Entry& a, const Entry& b) { return a.score < b.score; });
    const auto as_good =
        std::find_if(entries.begin(), entries.end(), [&](const Entry& entry) { return may_be_equal(best, entry); });
    json["best"] = name_json(best, ladders_);
    json["smallest_as_good"] = name_json(*as_good, ladders_);
    return json;
  }

  const std::vector<ordered_json>& ladders_;
  std::optional<uint64_t> memory_;
  std::map<std::string, std::vector<size_t>> capabilities_;  ///< and the models they count for
  ordered_json notes_ = ordered_json::array();
};

}  // namespace

ordered_json compare_models(const std::vector<ordered_json>& ladders, std::optional<uint64_t> memory) {
  return Comparison(ladders, memory).run();
}

}  // namespace rung
