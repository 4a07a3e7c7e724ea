// Extraction: a text about something, a JSON Schema, and the one object that both allow.
#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "panel/item_parts.h"

namespace rung {
namespace {

using Json = nlohmann::ordered_json;

enum class FieldKind { kWord, kCount, kFlag, kDate, kList, kPrice };

/// A key of a record. `said` has one {} for the value; for a flag it is the words of true, `said_else` those of false.
struct Field {
  std::string_view key;
  FieldKind kind;
  std::string_view said, said_else;
  Words (*words)();
};

struct Domain {
  std::string_view noun;
  std::array<Field, 9> fields;
};

Words foods() {
  static constexpr std::string_view kWords[] = {"lentils", "noodles", "olives",  "mushrooms", "peppers",
                                                "spinach", "tofu",    "walnuts", "yogurt",    "zucchini"};
  return kWords;
}
Words trades() {
  static constexpr std::string_view kWords[] = {"plumber", "dentist",  "architect", "librarian",  "gardener",
                                                "chemist", "musician", "welder",    "translator", "surveyor"};
  return kWords;
}

constexpr FieldKind kWord = FieldKind::kWord, kCount = FieldKind::kCount, kFlag = FieldKind::kFlag,
                    kDate = FieldKind::kDate, kList = FieldKind::kList, kPrice = FieldKind::kPrice;

constexpr Domain kDomains[] = {{"person",
                                {{{"name", kWord, "the person is called {}", "", first_names},
                                  {"age", kCount, "the age is {} years", "", nullptr},
                                  {"town", kWord, "home is {}", "", towns},
                                  {"job", kWord, "the trade is {}", "", trades},
                                  {"married", kFlag, "there is a spouse", "there is no spouse", nullptr},
                                  {"born", kDate, "the date of birth is {}", "", nullptr},
                                  {"likes", kList, "the favourite foods are {}", "", foods},
                                  {"children", kCount, "the number of children is {}", "", nullptr},
                                  {"savings", kPrice, "the savings amount to {} dollars", "", nullptr}}}},
                               {"order",
                                {{{"customer", kWord, "the customer is {}", "", first_names},
                                  {"item", kWord, "a {} was ordered", "", objects},
                                  {"quantity", kCount, "the quantity is {}", "", nullptr},
                                  {"color", kWord, "the color asked for is {}", "", colors},
                                  {"paid", kFlag, "the bill is paid", "the bill is still open", nullptr},
                                  {"ordered_on", kDate, "the order came on {}", "", nullptr},
                                  {"extras", kList, "also in the parcel are {}", "", things},
                                  {"parcels", kCount, "it travels in {} parcels", "", nullptr},
                                  {"price", kPrice, "the price is {} dollars", "", nullptr}}}},
                               {"event",
                                {{{"host", kWord, "the host is {}", "", first_names},
                                  {"town", kWord, "it takes place in {}", "", towns},
                                  {"guests", kCount, "the number of guests is {}", "", nullptr},
                                  {"room", kWord, "the room is the {}", "", places},
                                  {"public", kFlag, "everyone may come", "only invited people may come", nullptr},
                                  {"date", kDate, "the day is {}", "", nullptr},
                                  {"menu", kList, "to eat there are {}", "", foods},
                                  {"hours", kCount, "it lasts {} hours", "", nullptr},
                                  {"ticket_price", kPrice, "a ticket costs {} dollars", "", nullptr}}}},
                               {"device",
                                {{{"model", kWord, "the model is called {}", "", kinds},
                                  {"owner", kWord, "the owner is {}", "", first_names},
                                  {"weight_grams", kCount, "it weighs {} grams", "", nullptr},
                                  {"color", kWord, "its color is {}", "", colors},
                                  {"broken", kFlag, "it is broken", "it works well", nullptr},
                                  {"bought_on", kDate, "it was bought on {}", "", nullptr},
                                  {"accessories", kList, "with it come {}", "", things},
                                  {"ports", kCount, "the number of ports is {}", "", nullptr},
                                  {"price", kPrice, "it cost {} dollars", "", nullptr}}}},
                               {"trip",
                                {{{"traveler", kWord, "the traveler is {}", "", first_names},
                                  {"from", kWord, "the start is {}", "", towns},
                                  {"nights", kCount, "it takes {} nights", "", nullptr},
                                  {"guide", kWord, "the guide is a {}", "", trades},
                                  {"insured", kFlag, "an insurance was taken", "no insurance was taken", nullptr},
                                  {"leaves_on", kDate, "the departure is on {}", "", nullptr},
                                  {"luggage", kList, "in the bag are {}", "", things},
                                  {"stops", kCount, "the number of stops is {}", "", nullptr},
                                  {"fare", kPrice, "the fare is {} dollars", "", nullptr}}}}};

constexpr std::string_view kMonths[] = {"January", "February", "March",     "April",   "May",      "June",
                                        "July",    "August",   "September", "October", "November", "December"};

/// A value with the words that the text has for it.
struct Value {
  Json json;
  std::string words;
};

Value draw_count(Draw& draw, size_t level) {
  const auto number = static_cast<uint64_t>(draw.between(2, level < 3 ? 99 : 999));
  return {number, level > 4 && draw.chance(0.5) ? number_words(number) : std::to_string(number)};
}

Value draw_date(Draw& draw) {
  const int64_t year = draw.between(1950, 2030), month = draw.between(1, 12), day = draw.between(1, 28);
  const std::string_view name = kMonths[month - 1];
  return {fmt::format("{:04}-{:02}-{:02}", year, month, day),
          draw.chance(0.5) ? fmt::format("{} {}, {}", name, day, year) : fmt::format("{} {} {}", day, name, year)};
}

Value draw_list(Draw& draw, const Field& field, size_t level) {
  const auto words = draw.sample(field.words(), 2 + level / 4);
  std::vector<std::string> parts(words.begin(), words.end());
  return {parts, listed(parts)};
}

Value draw_value(Draw& draw, const Field& field, size_t level) {
  switch (field.kind) {
    case FieldKind::kWord: {
      const std::string word(draw.pick(field.words()));
      return {word, word};
    }
    case FieldKind::kCount:
      return draw_count(draw, level);
    case FieldKind::kFlag:
      return {draw.chance(0.5), ""};
    case FieldKind::kDate:
      return draw_date(draw);
    case FieldKind::kList:
      return draw_list(draw, field, level);
    case FieldKind::kPrice:
      break;
  }
  const int64_t cents = draw.between(100, level < 5 ? 9999 : 999999);
  return {static_cast<double>(cents) / 100, fmt::format("{}.{:02}", cents / 100, cents % 100)};
}

Json type_of(const Field& field) {
  switch (field.kind) {
    case FieldKind::kWord:
      return {{"type", "string"}};
    case FieldKind::kCount:
      return {{"type", "integer"}};
    case FieldKind::kFlag:
      return {{"type", "boolean"}};
    case FieldKind::kDate:
      return {{"type", "string"}, {"minLength", 10}, {"maxLength", 10}, {"description", "year-month-day"}};
    case FieldKind::kList:
      return {{"type", "array"}, {"items", {{"type", "string"}}}};
    case FieldKind::kPrice:
      break;
  }
  return {{"type", "number"}};
}

std::string said(const Field& field, const Value& value) {
  if (field.kind == FieldKind::kFlag) return std::string(value.json.get<bool>() ? field.said : field.said_else);
  return fmt::format(fmt::runtime(field.said), value.words);
}

Json object_schema(Json properties, Json required) {
  return {{"type", "object"},
          {"properties", std::move(properties)},
          {"required", std::move(required)},
          {"additionalProperties", false}};
}

/// The keys that are asked for, and facts of the same domain that nobody asked for.
struct Wanted {
  std::vector<const Field*> required, optional, extra;
  Json schema;
};

/// From level 3 some keys are optional, from level 2 there are facts that nobody asked for.
Wanted draw_wanted(Draw& draw, const Domain& domain, size_t count, size_t level) {
  const auto chosen = draw.indices(domain.fields.size(), domain.fields.size());
  Wanted wanted;
  Json properties = Json::object(), required = Json::array();
  for (size_t at = 0; at < count; ++at) {
    const Field& field = domain.fields[chosen[at]];
    properties[std::string(field.key)] = type_of(field);
    const bool is_optional = level >= 3 && at > 0 && draw.chance(0.25);
    if (!is_optional) required.push_back(field.key);
    (is_optional ? wanted.optional : wanted.required).push_back(&field);
  }
  const size_t extra = std::min(level >= 2 ? 1 + level / 4 : 0, chosen.size() - count);
  for (size_t at = count; at < count + extra; ++at) wanted.extra.push_back(&domain.fields[chosen[at]]);
  wanted.schema = object_schema(std::move(properties), std::move(required));
  return wanted;
}

/// What a text says and what is to be made of it.
struct Record {
  std::vector<std::string> statements;  ///< each without a capital and a full stop
  Json value = Json::object();
};

Record draw_record(Draw& draw, const Wanted& wanted, size_t level) {
  Record record;
  const auto tell = [&](const Field& field, bool is_asked) {
    const Value value = draw_value(draw, field, level);
    record.statements.push_back(said(field, value));
    if (is_asked) record.value[std::string(field.key)] = value.json;
  };
  for (const Field* field : wanted.required) tell(*field, true);
  for (const Field* field : wanted.optional)
    if (draw.chance(0.5)) tell(*field, true);
  for (const Field* field : wanted.extra) tell(*field, false);
  draw.shuffle(record.statements);
  return record;
}

using Render = std::string (*)(Draw&, std::string_view noun, const std::vector<std::string>&);

std::string sentences(Draw&, std::string_view noun, const std::vector<std::string>& statements) {
  std::string text = fmt::format("This is about one {}.", noun);
  for (const std::string& statement : statements) text += " " + capitalized(statement) + ".";
  return text;
}

std::string run_on(Draw&, std::string_view noun, const std::vector<std::string>& statements) {
  return fmt::format("About the {}: {}.", noun, fmt::join(statements, "; "));
}

std::string bullets(Draw&, std::string_view noun, const std::vector<std::string>& statements) {
  return fmt::format("Notes on a {}:\n- {}", noun, fmt::join(statements, "\n- "));
}

std::string numbered(Draw&, std::string_view noun, const std::vector<std::string>& statements) {
  std::string text = fmt::format("What we know of the {}:", noun);
  for (size_t at = 0; at < statements.size(); ++at)
    text += fmt::format("\n{}. {}", at + 1, capitalized(statements[at]));
  return text;
}

std::string mail(Draw& draw, std::string_view noun, const std::vector<std::string>& statements) {
  const auto names = draw.sample(first_names(), 2);
  return fmt::format("Dear {},\n\nyou asked about the {}. Well, {}. That is all I know.\n\nYours, {}", names[0], noun,
                     fmt::join(statements, ", and "), names[1]);
}

std::string dialogue(Draw& draw, std::string_view noun, const std::vector<std::string>& statements) {
  const auto names = draw.sample(first_names(), 2);
  std::string text = fmt::format("{}: What do you know about the {}?", names[0], noun);
  for (const std::string& statement : statements)
    text += fmt::format("\n{}: {}.\n{}: {}", names[1], capitalized(statement), names[0],
                        draw.chance(0.5) ? "And what else?" : "I see.");
  return text;
}

std::string quoted_talk(Draw& draw, std::string_view noun, const std::vector<std::string>& statements) {
  std::string text = fmt::format("{} was asked about the {}.", draw.pick(first_names()), noun);
  for (const std::string& statement : statements)
    text += fmt::format(" \"{},\" was {} answer.", capitalized(statement), draw.chance(0.5) ? "one" : "the next");
  return text;
}

std::string memo(Draw& draw, std::string_view noun, const std::vector<std::string>& statements) {
  return fmt::format("MEMO\nTo: {}\nSubject: {}\n\n{}.", draw.pick(first_names()), noun,
                     capitalized(fmt::format("{}", fmt::join(statements, ".\n"))));
}

constexpr std::string_view kRequests[] = {
    "Read the text and write the JSON object that the schema describes. Write nothing else.",
    "Extract the data from the text as one JSON object that is valid for the schema, without comment.",
    "Turn the text into JSON that follows the schema. No other words.",
    "Fill the schema from the text. Reply with the JSON object only."};

PanelItem extraction(Draw& draw, size_t level, Render render) {
  const Domain& domain = draw.pick(kDomains);
  const size_t records = level >= 7 ? level - 5 : 1;
  const Wanted wanted = draw_wanted(draw, domain, level >= 7 ? level - 2 : level + 1, level);
  std::vector<std::string> texts;
  Json values = Json::array();
  for (size_t at = 0; at < records; ++at) {
    Record record = draw_record(draw, wanted, level);
    texts.push_back(render(draw, domain.noun, record.statements));
    values.push_back(std::move(record.value));
  }
  const Json schema = records == 1 ? wanted.schema
                                   : object_schema({{"records", {{"type", "array"}, {"items", wanted.schema}}}},
                                                   Json::array({"records"}));
  const Json value = records == 1 ? values[0] : Json{{"records", values}};
  PanelItem item =
      ask(fmt::format("{}{}{}\n\nSchema:\n{}\n\nText:\n{}", draw.pick(kRequests),
                      level >= 3 ? " Leave out what the text does not say." : "",
                      records > 1 ? " Keep the order of the text." : "", schema.dump(), fmt::join(texts, "\n\n")),
          Grader::kJson, value, value.dump());
  item.schema = std::make_shared<const Json>(schema);
  return item;
}

Form form(std::string_view name, Render render) {
  return {name, [render](Draw& draw, size_t level) { return extraction(draw, level, render); }};
}

}  // namespace

Generator schema_generator() {
  return {"schema",
          "JSON under a JSON Schema from a text",
          "keys (2 to 7), facts not asked for, optional keys, numbers in words, several records",
          {form("sentences", sentences), form("run_on", run_on), form("bullets", bullets), form("numbered", numbered),
           form("mail", mail), form("dialogue", dialogue), form("quoted_talk", quoted_talk), form("memo", memo)}};
}

}  // namespace rung
