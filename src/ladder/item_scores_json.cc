#include "ladder/item_scores_json.h"

#include <fmt/format.h>

#include <cstdlib>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>

namespace rung {
namespace {

using nlohmann::ordered_json;

/// What a reader needs; the rest would be most of the file. Not std::stod: it throws where a number is denormal, which
/// the probability of a long answer can be.
double six_digits(double value) { return std::strtod(fmt::format("{:.6g}", value).c_str(), nullptr); }

template <typename Item>
struct Field {
  std::string name;
  std::function<ordered_json(const Item&)> get;
  std::function<void(Item&, const ordered_json&)> set;
};

template <typename Item>
Field<Item> number(const char* name, double Item::*part) {
  return {name, [part](const Item& item) { return six_digits(item.*part); },
          [part](Item& item, const ordered_json& json) { item.*part = json.get<double>(); }};
}

template <typename Item>
Field<Item> flag(const char* name, bool Item::*part) {
  return {name, [part](const Item& item) { return item.*part ? 1 : 0; },
          [part](Item& item, const ordered_json& json) { item.*part = json.get<int>() != 0; }};
}

using Sum = std::function<TokenSum&(ItemScore&)>;

/// A sum and its tokens are two rows.
void add_sum(std::vector<Field<ItemScore>>& fields, const std::string& name, const Sum& sum) {
  const auto of = [sum](const ItemScore& item) {
    ItemScore copy = item;
    return sum(copy);
  };
  fields.push_back({name, [of](const ItemScore& item) { return six_digits(of(item).sum); },
                    [sum](ItemScore& item, const ordered_json& json) { sum(item).sum = json.get<double>(); }});
  fields.push_back({name + "_tokens", [of](const ItemScore& item) { return of(item).tokens; },
                    [sum](ItemScore& item, const ordered_json& json) { sum(item).tokens = json.get<uint32_t>(); }});
}

std::vector<Field<ItemScore>> item_fields() {
  std::vector<Field<ItemScore>> fields = {flag("runaway", &ItemScore::runaway),
                                          flag("generated", &ItemScore::generated),
                                          flag("open", &ItemScore::open),
                                          number("margin", &ItemScore::margin),
                                          number("confidence", &ItemScore::confidence),
                                          number("entropy", &ItemScore::entropy),
                                          number("max_probability", &ItemScore::max_probability)};
  add_sum(fields, "gold_nll", [](ItemScore& item) -> TokenSum& { return item.gold; });
  add_sum(fields, "own_nll", [](ItemScore& item) -> TokenSum& { return item.own; });
  for (size_t kind = 0; kind < kAnswerKinds; ++kind)
    add_sum(fields, fmt::format("kld_{}", answer_kind_name(static_cast<AnswerKind>(kind))),
            [kind](ItemScore& item) -> TokenSum& { return item.divergence[kind]; });
  return fields;
}

std::vector<Field<ProseSample>> prose_fields() {
  return {number("distinct_1", &ProseSample::distinct_1), number("distinct_2", &ProseSample::distinct_2),
          number("type_token", &ProseSample::type_token), number("repetition", &ProseSample::repetition),
          flag("loop", &ProseSample::loop)};
}

template <typename Item>
ordered_json rows_json(const std::vector<Item>& items, const std::vector<Field<Item>>& fields) {
  ordered_json json = ordered_json::object();
  for (const Field<Item>& field : fields) {
    ordered_json& row = json[field.name] = ordered_json::array();
    for (const Item& item : items) row.push_back(field.get(item));
  }
  return json;
}

template <typename Item>
void read_rows(const ordered_json& json, const std::vector<Field<Item>>& fields, std::vector<Item>& items) {
  for (const Field<Item>& field : fields)
    for (size_t item = 0; item < items.size(); ++item) field.set(items[item], json.at(field.name).at(item));
}

}  // namespace

ordered_json item_scores_json(const std::vector<ItemScore>& scores) { return rows_json(scores, item_fields()); }

std::vector<ItemScore> item_scores_from(const ordered_json& json, std::string_view right) {
  if (json.at("margin").empty()) return {};
  std::vector<ItemScore> scores(right.size());
  for (size_t item = 0; item < right.size(); ++item) scores[item].right = right[item] == '1';
  read_rows(json, item_fields(), scores);
  return scores;
}

ordered_json prose_samples_json(const std::vector<ProseSample>& samples) { return rows_json(samples, prose_fields()); }

std::vector<ProseSample> prose_samples_from(const ordered_json& json) {
  std::vector<ProseSample> samples(json.at("loop").size());
  read_rows(json, prose_fields(), samples);
  return samples;
}

}  // namespace rung
