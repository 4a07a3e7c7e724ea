// Pico's tasks that have a form: programs, JSON, tool calls.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <numeric>

#include "panel/item_parts.h"
#include "panel/pico_parts.h"
#include "panel/pico_words.h"

namespace rung::pico {
namespace {

using Json = nlohmann::ordered_json;

/// A space after ':' and ',', as Python's json writes it and pico was trained to.
std::string spaced(const Json& json) {
  if (json.is_object()) {
    std::string text;
    for (const auto& [key, value] : json.items())
      text += fmt::format("{}{}: {}", text.empty() ? "" : ", ", Json(key).dump(), spaced(value));
    return "{" + text + "}";
  }
  if (!json.is_array()) return json.dump();
  std::string text;
  for (const Json& value : json) text += (text.empty() ? "" : ", ") + spaced(value);
  return "[" + text + "]";
}

Task printed(std::string_view kind, const std::string& program, const std::string& answer) {
  return {ask("What does this print?\n" + program, Grader::kExact, answer, answer),
          fmt::format("{}|{}", kind, program)};
}

Task trace(Draw& draw, const std::vector<std::string_view>& names) {
  const int64_t x = draw.between(0, 9), k = draw.between(1, 9), m = draw.between(1, 5);
  const char sign = draw.pick(std::string_view("+-*"));
  const int64_t y = sign == '+' ? x + k : sign == '-' ? x - k : x * k;
  return printed("trace",
                 fmt::format("{0} = {2}\n{1} = {0} {3} {4}\nprint({1} + {5})", names[0], names[1], x, sign, k, m),
                 std::to_string(y + m));
}

Task loop(Draw& draw, const std::vector<std::string_view>& names) {
  const int64_t rounds = draw.between(2, 6), k = draw.between(1, 5);
  return printed("loop", fmt::format("{0} = 0\nfor i in range({1}):\n    {0} += {2}\nprint({0})", names[0], rounds, k),
                 std::to_string(rounds * k));
}

Task list(Draw& draw, const std::vector<std::string_view>& names) {
  std::vector<int64_t> values(static_cast<size_t>(draw.between(3, 5)));
  for (int64_t& value : values) value = draw.between(0, 9);
  constexpr std::string_view kFunctions[] = {"sum", "max", "min", "len", "sorted"};
  const auto function = draw.pick(kFunctions);
  const std::string program = fmt::format("{0} = [{1}]\nprint({2}({0}))", names[0], fmt::join(values, ", "), function);
  std::sort(values.begin(), values.end());
  const int64_t sum = std::accumulate(values.begin(), values.end(), int64_t{0});
  return printed("list", program,
                 function == "sum"   ? std::to_string(sum)
                 : function == "max" ? std::to_string(values.back())
                 : function == "min" ? std::to_string(values.front())
                 : function == "len" ? std::to_string(values.size())
                                     : fmt::format("[{}]", fmt::join(values, ", ")));
}

Task call(Draw& draw, const std::vector<std::string_view>& names) {
  const int64_t k = draw.between(1, 5), m = draw.between(0, 9), x = draw.between(0, 9);
  return printed("call", fmt::format("def f({0}):\n    return {0} * {1} + {2}\nprint(f({3}))", names[0], k, m, x),
                 std::to_string(x * k + m));
}

Task write(Draw& draw, const std::vector<std::string_view>& names) {
  struct Function {
    std::string_view name, does, body;
  };
  // {0} is the parameter, {1} a number.
  constexpr Function kFunctions[] = {{"add", "adds {1} to {0}", "return {0} + {1}"},
                                     {"sub", "subtracts {1} from {0}", "return {0} - {1}"},
                                     {"mul", "multiplies {0} by {1}", "return {0} * {1}"},
                                     {"double", "doubles {0}", "return {0} * 2"},
                                     {"square", "squares {0}", "return {0} * {0}"},
                                     {"is_even", "tells if {0} is even", "return {0} % 2 == 0"},
                                     {"last", "returns the last item of {0}", "return {0}[-1]"},
                                     {"first", "returns the first item of {0}", "return {0}[0]"},
                                     {"total", "sums the list {0}", "return sum({0})"},
                                     {"biggest", "finds the largest item of {0}", "return max({0})"}};
  constexpr std::string_view kEndings[] = {"it", "value", "number", "fn"};
  const Function& function = draw.pick(kFunctions);
  const int64_t number = draw.between(2, 99);
  const std::string name =
      std::string(function.name) + (draw.chance(0.5) ? "_" + std::string(draw.pick(kEndings)) : "");
  const std::string body = fmt::format(fmt::runtime(function.body), names[0], number);
  const std::string gold = fmt::format("def {}({}):\n    {}", name, names[0], body);
  const bool has_number = body.find(std::to_string(number)) != std::string::npos;
  return {ask(fmt::format("Write a Python function {} that {}.", name,
                          fmt::format(fmt::runtime(function.does), names[0], number)),
              Grader::kExact, gold, gold),
          fmt::format("write|{}|{}|{}", name, names[0], has_number ? number : 0)};
}

/// A key of pico's records: its type, a value, and how the text says it.
struct Field {
  std::string_view key, type;
  Json (*draw)(Draw&);
};

template <const auto& kWords>
Json word(Draw& draw) {
  return draw.pick(kWords);
}
Json age(Draw& draw) { return draw.between(18, 90); }
Json active(Draw& draw) { return draw.chance(0.5); }
Json score(Draw& draw) { return draw.between(0, 100); }
Json floor(Draw& draw) { return draw.between(1, 40); }
Json likes(Draw& draw) {
  const auto foods = draw.sample(kFoods, static_cast<size_t>(draw.between(1, 3)));
  return std::vector<std::string>(foods.begin(), foods.end());
}

constexpr Field kFields[] = {{"name", "string", word<kNames>},   {"age", "integer", age},
                             {"city", "string", word<kCities>},  {"job", "string", word<kJobs>},
                             {"color", "string", word<kColors>}, {"active", "boolean", active},
                             {"score", "integer", score},        {"likes", "array", likes},
                             {"floor", "integer", floor}};

std::string phrase(const Field& field, const Json& value) {
  if (field.key == "active") return fmt::format("the account is {}", value.get<bool>() ? "active" : "closed");
  if (field.key == "likes")
    return fmt::format("the likes are {}", fmt::join(value.get<std::vector<std::string>>(), " and "));
  return fmt::format("{} {} is {}", field.key == "name" ? "The" : "the", field.key,
                     value.is_string() ? value.get<std::string>() : value.dump());
}

Json schema_of(const std::vector<const Field*>& order) {
  Json properties = Json::object(), required = Json::array();
  for (const Field* field : order) {
    Json type = {{"type", field->type}};
    if (field->type == "array") type["items"] = {{"type", "string"}};
    properties[std::string(field->key)] = std::move(type);
    required.push_back(field->key);
  }
  return {{"type", "object"}, {"properties", properties}, {"required", required}, {"additionalProperties", false}};
}

struct Tool {
  std::string_view name, description;
  std::vector<std::pair<std::string_view, std::string_view>> parameters;  ///< name, type
};

const std::vector<Tool>& all_tools() {
  static const std::vector<Tool> kTools = {
      {"get_weather", "Weather of a city", {{"city", "string"}}},
      {"set_timer", "Start a timer", {{"minutes", "integer"}}},
      {"send_mail", "Send a mail", {{"to", "string"}, {"subject", "string"}}},
      {"play_song", "Play a song", {{"title", "string"}}},
      {"add_event", "Add an event", {{"title", "string"}, {"day", "string"}}},
      {"convert", "Convert money", {{"amount", "integer"}, {"currency", "string"}}},
      {"find_route", "Find a route", {{"start", "string"}, {"goal", "string"}}},
      {"set_light", "Set a light", {{"room", "string"}, {"on", "boolean"}}},
      {"buy_item", "Buy an item", {{"item", "string"}, {"count", "integer"}}},
      {"search_web", "Search the web", {{"query", "string"}}}};
  return kTools;
}

Json definition(const Tool& tool) {
  Json properties = Json::object(), required = Json::array();
  for (const auto& [name, type] : tool.parameters) {
    properties[std::string(name)] = {{"type", type}};
    required.push_back(name);
  }
  return {{"type", "function"},
          {"function",
           {{"name", tool.name},
            {"description", tool.description},
            {"parameters", {{"type", "object"}, {"properties", properties}, {"required", required}}}}}};
}

struct Request {
  std::string text;
  Json arguments;
};

/// One of the wordings; {0} and {1} are the words of the arguments.
template <size_t kCount>
std::string worded(Draw& draw, const std::string_view (&wordings)[kCount], std::string_view first,
                   std::string_view second = "") {
  return fmt::format(fmt::runtime(draw.pick(wordings)), first, second);
}

Request place_request(Draw& draw, std::string_view tool) {
  const auto cities = draw.sample(kCities, 2);
  if (tool == "get_weather") {
    constexpr std::string_view kWordings[] = {"What is the weather in {0}?", "Is it raining in {0}?",
                                              "How warm is {0} today?"};
    return {worded(draw, kWordings, cities[0]), {{"city", cities[0]}}};
  }
  constexpr std::string_view kWordings[] = {"How do I get from {0} to {1}?", "Find a route from {0} to {1}."};
  return {worded(draw, kWordings, cities[0], cities[1]), {{"start", cities[0]}, {"goal", cities[1]}}};
}

Request counted_request(Draw& draw, std::string_view tool) {
  if (tool == "set_timer") {
    constexpr std::string_view kWordings[] = {"Set a timer for {0} minutes.", "Wake me in {0} minutes."};
    const int64_t minutes = draw.between(1, 90);
    return {worded(draw, kWordings, std::to_string(minutes)), {{"minutes", minutes}}};
  }
  if (tool == "convert") {
    constexpr std::string_view kWordings[] = {"Convert {0} to {1}.", "How much is {0} in {1}?"};
    const int64_t amount = draw.between(1, 99);
    const auto currency = draw.pick(kCurrencies);
    return {worded(draw, kWordings, std::to_string(amount), currency), {{"amount", amount}, {"currency", currency}}};
  }
  constexpr std::string_view kWordings[] = {"Buy {0} {1}.", "Order {0} of {1}."};
  std::vector<std::string_view> goods(std::begin(kFoods), std::end(kFoods));
  goods.insert(goods.end(), std::begin(kObjects), std::end(kObjects));
  const auto item = draw.pick(goods);
  const int64_t count = draw.between(1, 20);
  return {worded(draw, kWordings, std::to_string(count), item), {{"item", item}, {"count", count}}};
}

Request named_request(Draw& draw, std::string_view tool) {
  const auto event = draw.pick(kEvents);
  if (tool == "send_mail") {
    constexpr std::string_view kWordings[] = {"Mail {0} about the {1}.", "Write to {0} about the {1}."};
    const auto name = draw.pick(kNames);
    return {worded(draw, kWordings, name, event), {{"to", name}, {"subject", event}}};
  }
  if (tool == "add_event") {
    constexpr std::string_view kWordings[] = {"Add {0} on {1}.", "I have {0} on {1}, note it."};
    const auto day = draw.pick(kDays);
    return {worded(draw, kWordings, event, day), {{"title", event}, {"day", day}}};
  }
  if (tool == "play_song") {
    constexpr std::string_view kWordings[] = {"Play {0}.", "I want to hear {0}."};
    const auto song = draw.pick(kSongs);
    return {worded(draw, kWordings, song), {{"title", song}}};
  }
  constexpr std::string_view kWordings[] = {"Search the web for {0}.", "Look up {0}."};
  const auto topic = draw.pick(kTopics);
  return {worded(draw, kWordings, topic), {{"query", topic}}};
}

Request request_for(Draw& draw, std::string_view tool) {
  if (tool == "get_weather" || tool == "find_route") return place_request(draw, tool);
  if (tool == "set_timer" || tool == "convert" || tool == "buy_item") return counted_request(draw, tool);
  if (tool != "set_light") return named_request(draw, tool);
  constexpr std::string_view kWordings[] = {"Turn the {0} light {1}.", "Switch {1} the light in the {0}."};
  const auto room = draw.pick(kRooms);
  const bool is_on = draw.chance(0.5);
  return {worded(draw, kWordings, room, is_on ? "on" : "off"), {{"room", room}, {"on", is_on}}};
}

}  // namespace

Task code(Draw& draw) {
  const size_t kind = draw.below(6);
  const auto names = draw.sample(kVariables, 3);
  return kind < 2    ? trace(draw, names)
         : kind == 2 ? loop(draw, names)
         : kind == 3 ? list(draw, names)
         : kind == 4 ? write(draw, names)
                     : call(draw, names);
}

Task schema(Draw& draw) {
  std::vector<const Field*> order = {&kFields[0]}, told, others;
  for (const size_t index : draw.indices(std::size(kFields) - 1, std::size(kFields) - 1))
    others.push_back(&kFields[1 + index]);
  const size_t more = static_cast<size_t>(draw.between(2, 4));
  order.insert(order.end(), others.begin(), others.begin() + static_cast<std::ptrdiff_t>(more));
  Json answer = Json::object();
  std::string properties;
  for (const Field* field : order) {
    answer[std::string(field->key)] = field->draw(draw);
    properties += fmt::format("{}{}: {}", properties.empty() ? "" : ", ", field->key, field->type);
  }
  told = order;
  if (draw.chance(0.5)) draw.shuffle(told);
  std::vector<std::string> phrases;
  for (const Field* field : told) phrases.push_back(phrase(*field, answer[std::string(field->key)]));
  std::string text = capitalized(fmt::format("{}.", fmt::join(phrases, "; ")));
  if (draw.chance(0.3)) {
    const Field& extra = *others[more + draw.below(others.size() - more)];
    text += fmt::format(" Also, {}.", phrase(extra, extra.draw(draw)));
  }
  const std::string question = fmt::format("Reply with JSON {{{}}}.\n{}", properties, text);
  Task task{ask(question, Grader::kJson, answer, spaced(answer)), "schema|" + question};
  task.item.schema = std::make_shared<const Json>(schema_of(order));
  return task;
}

Task tools(Draw& draw) {
  const auto order = draw.indices(all_tools().size(), all_tools().size());
  const size_t count = static_cast<size_t>(draw.between(2, 3));
  std::vector<std::string_view> names;
  Json definitions = Json::array();
  for (size_t at = 0; at < count; ++at) {
    names.push_back(all_tools()[order[at]].name);
    definitions.push_back(definition(all_tools()[order[at]]));
  }
  const bool fits = draw.chance(0.85);
  const std::string_view name =
      fits ? draw.pick(names) : all_tools()[order[count + draw.below(order.size() - count)]].name;
  const Request request = request_for(draw, name);
  const Json made = {{"name", name}, {"arguments", request.arguments}};
  const std::string key = fmt::format("tools|{}|{}", python_tuple(names), request.text);
  Task task{fits
                ? ask(request.text, Grader::kToolCall, made, fmt::format("<tool_call>\n{}\n</tool_call>", spaced(made)))
                : ask(request.text, Grader::kNoToolCall, nullptr, "I have no tool for that."),
            key};
  task.item.tools = std::make_shared<const Json>(std::move(definitions));
  return task;
}

}  // namespace rung::pico
