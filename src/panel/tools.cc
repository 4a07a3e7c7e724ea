// Tools: choose the function and its arguments. One offered, one among many, several calls at once, none that fits,
// and calls that need an earlier turn.
#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "panel/item_parts.h"

namespace rung {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kDays[] = {"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"};
constexpr std::string_view kUnits[] = {"kilometers", "miles", "meters"};
constexpr std::string_view kLevelsOfHaste[] = {"low", "normal", "high"};
constexpr std::string_view kTopics[] = {"budget",   "harvest", "contract", "festival", "repairs",
                                        "election", "survey",  "payroll",  "training", "catalog"};

struct Request {
  std::string text;  ///< what the user says, a whole sentence
  Json arguments = Json::object();
};

/// A function: its parameters, all required, as JSON Schema properties, and how someone asks for it.
struct Tool {
  std::string_view name, description;
  Json properties;
  Request (*request)(Draw&);
};

Json text_type(std::string_view description) { return {{"type", "string"}, {"description", description}}; }
Json count_type(std::string_view description) { return {{"type", "integer"}, {"description", description}}; }
Json flag_type(std::string_view description) { return {{"type", "boolean"}, {"description", description}}; }
template <class List>
Json choice_type(const List& list) {
  Json values = Json::array();
  for (const std::string_view value : list) values.push_back(value);
  return {{"type", "string"}, {"enum", values}};
}

Request weather(Draw& draw) {
  const auto town = draw.pick(towns()), day = draw.pick(kDays);
  return {fmt::format("What will the weather be like in {} on {}?", town, day), {{"town", town}, {"day", day}}};
}
Request timer(Draw& draw) {
  const int64_t minutes = draw.between(2, 180);
  const auto label = draw.pick(objects());
  return {fmt::format("Start a timer of {} minutes and label it {}.", minutes, label),
          {{"minutes", minutes}, {"label", label}}};
}
Request message(Draw& draw) {
  const auto name = draw.pick(first_names()), topic = draw.pick(kTopics);
  return {fmt::format("Send {} a message with the subject {}.", name, topic), {{"to", name}, {"subject", topic}}};
}
Request ticket(Draw& draw) {
  const auto town = draw.sample(towns(), 2);
  const auto day = draw.pick(kDays);
  const int64_t seats = draw.between(1, 9);
  return {fmt::format("Book {} train seats from {} to {} for {}.", seats, town[0], town[1], day),
          {{"from", town[0]}, {"to", town[1]}, {"day", day}, {"seats", seats}}};
}
Request lamp(Draw& draw) {
  const auto room = draw.pick(places()), color = draw.pick(colors());
  const int64_t percent = draw.between(5, 100);
  return {fmt::format("Set the lamp in the {} to {} at {} percent.", room, color, percent),
          {{"room", room}, {"color", color}, {"percent", percent}}};
}
Request heating(Draw& draw) {
  const auto room = draw.pick(places());
  const int64_t degrees = draw.between(12, 28);
  const bool is_night = draw.chance(0.5);
  return {fmt::format("Heat the {} to {} degrees, {}.", room, degrees, is_night ? "at night too" : "but not at night"),
          {{"room", room}, {"degrees", degrees}, {"at_night", is_night}}};
}
Request order(Draw& draw) {
  const auto object = draw.pick(objects()), color = draw.pick(colors());
  const int64_t count = draw.between(2, 60);
  return {fmt::format("Order {} of the {} in {}.", count, object, color),
          {{"article", object}, {"color", color}, {"count", count}}};
}
Request report(Draw& draw) {
  const auto topic = draw.pick(kTopics), haste = draw.pick(kLevelsOfHaste), name = draw.pick(first_names());
  return {fmt::format("File a report on the {} for {} with {} priority.", topic, name, haste),
          {{"topic", topic}, {"assignee", name}, {"priority", haste}}};
}
Request distance(Draw& draw) {
  const auto town = draw.sample(towns(), 2);
  const auto unit = draw.pick(kUnits);
  return {fmt::format("How far is it from {} to {}, in {}?", town[0], town[1], unit),
          {{"from", town[0]}, {"to", town[1]}, {"unit", unit}}};
}
Request loan(Draw& draw) {
  const auto name = draw.pick(first_names()), object = draw.pick(objects());
  const int64_t days = draw.between(2, 60);
  return {fmt::format("Lend the {} to {} for {} days.", object, name, days),
          {{"object", object}, {"to", name}, {"days", days}}};
}
Request meeting(Draw& draw) {
  const auto names = draw.sample(first_names(), 2);
  const auto day = draw.pick(kDays);
  const int64_t hour = draw.between(8, 18);
  return {fmt::format("Arrange a meeting with {} and {} on {} at {} o'clock.", names[0], names[1], day, hour),
          {{"people", Json::array({names[0], names[1]})}, {"day", day}, {"hour", hour}}};
}
Request stock(Draw& draw) {
  const auto thing = draw.pick(things()), town = draw.pick(towns());
  return {fmt::format("How many {} are in stock in the {} store?", thing, town), {{"article", thing}, {"store", town}}};
}
Request move(Draw& draw) {
  const auto thing = draw.pick(things()), town = draw.pick(towns());
  const int64_t count = draw.between(2, 500);
  return {fmt::format("Ship {} {} to the {} store.", count, thing, town),
          {{"article", thing}, {"count", count}, {"store", town}}};
}
Request alarm(Draw& draw) {
  const auto room = draw.pick(places());
  const bool is_on = draw.chance(0.5);
  const int64_t code = draw.between(1000, 9999);
  return {fmt::format("Switch the alarm in the {} {} with the code {}.", room, is_on ? "on" : "off", code),
          {{"room", room}, {"on", is_on}, {"code", code}}};
}
Request watering(Draw& draw) {
  const auto day = draw.pick(kDays), color = draw.pick(colors());
  const int64_t liters = draw.between(1, 80);
  return {fmt::format("Water the {} bed with {} liters on {}.", color, liters, day),
          {{"bed", color}, {"liters", liters}, {"day", day}}};
}
Request contact(Draw& draw) {
  const auto name = draw.pick(first_names()), town = draw.pick(towns());
  const int64_t number = draw.between(100000, 999999);
  return {fmt::format("Save {} from {} with the number {} in my contacts.", name, town, number),
          {{"name", name}, {"address", {{"town", town}}}, {"number", number}}};
}

const std::vector<Tool>& tools() {
  static const std::vector<Tool> kTools = [] {
    const Json town = text_type("a town"), day = choice_type(kDays), room = text_type("a room of the house"),
               person = text_type("first name"), color = text_type("a color");
    const Json address = {{"type", "object"}, {"properties", {{"town", town}}}, {"required", Json::array({"town"})}};
    const Json people = {{"type", "array"}, {"items", {{"type", "string"}}}};
    std::vector<Tool> all = {
        {"get_weather", "Weather forecast for a town", {{"town", town}, {"day", day}}, weather},
        {"start_timer",
         "Start a kitchen timer",
         {{"minutes", count_type("1 to 180")}, {"label", text_type("its name")}},
         timer},
        {"send_message", "Send a message to someone", {{"to", person}, {"subject", text_type("one word")}}, message},
        {"book_train",
         "Book train seats",
         {{"from", town}, {"to", town}, {"day", day}, {"seats", count_type("how many")}},
         ticket},
        {"set_lamp", "Set a lamp", {{"room", room}, {"color", color}, {"percent", count_type("brightness")}}, lamp},
        {"set_heating",
         "Set the heating of a room",
         {{"room", room}, {"degrees", count_type("Celsius")}, {"at_night", flag_type("keep it at night")}},
         heating},
        {"order_article",
         "Order from the supplier",
         {{"article", text_type("singular")}, {"color", color}, {"count", count_type("how many")}},
         order},
        {"file_report",
         "File a report for someone",
         {{"topic", text_type("one word")}, {"assignee", person}, {"priority", choice_type(kLevelsOfHaste)}},
         report},
        {"get_distance",
         "Distance between two towns",
         {{"from", town}, {"to", town}, {"unit", choice_type(kUnits)}},
         distance},
        {"lend_object",
         "Note that an object is lent",
         {{"object", text_type("singular")}, {"to", person}, {"days", count_type("how long")}},
         loan},
        {"arrange_meeting",
         "Arrange a meeting",
         {{"people", people}, {"day", day}, {"hour", count_type("0 to 23")}},
         meeting},
        {"get_stock", "Number of articles in a store", {{"article", text_type("plural")}, {"store", town}}, stock},
        {"ship_articles",
         "Ship articles to a store",
         {{"article", text_type("plural")}, {"count", count_type("how many")}, {"store", town}},
         move},
        {"set_alarm",
         "Switch the alarm of a room",
         {{"room", room}, {"on", flag_type("on or off")}, {"code", count_type("four digits")}},
         alarm},
        {"water_bed",
         "Water a flower bed",
         {{"bed", color}, {"liters", count_type("how much")}, {"day", day}},
         watering},
        {"save_contact",
         "Save a contact",
         {{"name", person}, {"address", address}, {"number", count_type("telephone number")}},
         contact}};
    return all;
  }();
  return kTools;
}

Json definition(const Tool& tool) {
  Json required = Json::array();
  for (const auto& [key, value] : tool.properties.items()) required.push_back(key);
  return {{"type", "function"},
          {"function",
           {{"name", tool.name},
            {"description", tool.description},
            {"parameters", {{"type", "object"}, {"properties", tool.properties}, {"required", required}}}}}};
}

Json call_of(const Tool& tool, const Request& request) {
  return {{"name", tool.name}, {"arguments", request.arguments}};
}

size_t offered_at(size_t level) {
  constexpr std::array<size_t, kLevels> kOffered = {2, 3, 4, 6, 8, 10, 13, 15};
  return kOffered[level - 1];
}

/// The first are to be called; with_tools() mixes them.
std::vector<const Tool*> choose_tools(Draw& draw, size_t count) {
  std::vector<const Tool*> chosen;
  for (const size_t index : draw.indices(tools().size(), count)) chosen.push_back(&tools()[index]);
  return chosen;
}

PanelItem with_tools(Draw& draw, PanelItem item, std::vector<const Tool*> offered) {
  draw.shuffle(offered);
  Json list = Json::array();
  for (const Tool* tool : offered) list.push_back(definition(*tool));
  item.tools = std::make_shared<const Json>(std::move(list));
  return item;
}

std::string politely(Draw& draw, const std::string& request) {
  constexpr std::string_view kBefore[] = {
      "", "", "Hello! ", "One more thing. ", "Please help me. ", "I am in a hurry. "};
  return std::string(draw.pick(kBefore)) + request;
}

PanelItem one_call(Draw& draw, std::vector<const Tool*> offered) {
  const Tool& tool = *offered.front();
  const Request request = tool.request(draw);
  return with_tools(draw, ask(politely(draw, request.text), Grader::kToolCall, call_of(tool, request), ""),
                    std::move(offered));
}

PanelItem single(Draw& draw, size_t level) { return one_call(draw, choose_tools(draw, 1 + level / 3)); }
PanelItem among_many(Draw& draw, size_t level) { return one_call(draw, choose_tools(draw, offered_at(level))); }

PanelItem wrapped(Draw& draw, size_t level) {
  const auto offered = choose_tools(draw, offered_at(level));
  const Tool& tool = *offered.front();
  const Request request = tool.request(draw);
  std::string talk;
  for (size_t sentence = 0; sentence < 1 + level / 2; ++sentence)
    talk += fmt::format("{} {} the {} {} near {}. ", draw.pick(first_names()), draw.chance(0.5) ? "lost" : "found",
                        draw.pick(colors()), draw.pick(objects()), draw.pick(towns()));
  return with_tools(
      draw, ask(talk + "But that does not matter now. " + request.text, Grader::kToolCall, call_of(tool, request), ""),
      offered);
}

PanelItem several_calls(Draw& draw, const std::vector<const Tool*>& called, std::vector<const Tool*> offered) {
  std::vector<std::string> texts;
  Json calls = Json::array();
  for (const Tool* tool : called) {
    const Request request = tool->request(draw);
    Json call = call_of(*tool, request);
    if (std::find(calls.begin(), calls.end(), call) != calls.end()) continue;
    texts.push_back(request.text);
    calls.push_back(std::move(call));
  }
  constexpr std::string_view kBefore[] = {"Do all of this at once: ", "Several things please. ",
                                          "All of these, please: ", "I need this together: "};
  return with_tools(draw,
                    ask(fmt::format("{}{}", draw.pick(kBefore), fmt::join(texts, " ")), Grader::kToolCalls, calls, ""),
                    std::move(offered));
}

size_t calls_at(size_t level) { return 2 + level / 4 + level / 7; }

PanelItem parallel_same(Draw& draw, size_t level) {
  const auto offered = choose_tools(draw, offered_at(level));
  return several_calls(draw, std::vector<const Tool*>(calls_at(level), offered.front()), offered);
}

PanelItem parallel_different(Draw& draw, size_t level) {
  const auto offered = choose_tools(draw, std::max(offered_at(level), calls_at(level)));
  const auto end = offered.begin() + static_cast<std::ptrdiff_t>(calls_at(level));
  return several_calls(draw, {offered.begin(), end}, offered);
}

PanelItem none_fits(Draw& draw, size_t level) {
  auto offered = choose_tools(draw, offered_at(level) + 1);
  const Request request = offered.front()->request(draw);
  offered.erase(offered.begin());
  constexpr std::string_view kBefore[] = {"", "", "Only use a function if one fits. ", "If no function fits, say so. "};
  return with_tools(draw, ask(fmt::format("{}{}", draw.pick(kBefore), request.text), Grader::kNoToolCall, nullptr, ""),
                    std::move(offered));
}

Json user_turn(std::string_view text) { return {{"role", "user"}, {"content", text}}; }
Json call_turn(const Json& call) {
  return {{"role", "assistant"},
          {"content", ""},
          {"tool_calls", Json::array({Json{{"type", "function"}, {"function", call}}})}};
}
Json result_turn(std::string_view name, const Json& result) {
  return {{"role", "tool"}, {"name", name}, {"content", result.dump()}};
}

PanelItem in_turns(Draw& draw, Json messages, const Json& call, std::vector<const Tool*> offered) {
  PanelItem item = ask("", Grader::kToolCall, call, "");
  item.messages = std::make_shared<const Json>(std::move(messages));
  return with_tools(draw, std::move(item), std::move(offered));
}

/// Turns about other things first: more of them at higher levels.
Json earlier_turns(Draw& draw, size_t level) {
  Json messages = Json::array();
  for (size_t turn = 0; turn < level / 3; ++turn) {
    messages.push_back(
        user_turn(fmt::format("Remember that {} likes {}.", draw.pick(first_names()), draw.pick(things()))));
    messages.push_back({{"role", "assistant"}, {"content", "I will remember that."}});
  }
  return messages;
}

/// "No, make that ...": the same call with one argument changed.
PanelItem correction(Draw& draw, size_t level) {
  const auto offered = choose_tools(draw, offered_at(level));
  const Tool& tool = *offered.front();
  const Request first = tool.request(draw);
  Json call = call_of(tool, first);
  Json messages = earlier_turns(draw, level);
  messages.push_back(user_turn(first.text));
  messages.push_back(call_turn(call));
  messages.push_back(result_turn(tool.name, {{"status", "done"}}));
  messages.push_back({{"role", "assistant"}, {"content", "Done."}});
  for (;;) {
    const Request second = tool.request(draw);
    const auto parameter =
        std::next(tool.properties.begin(), static_cast<std::ptrdiff_t>(draw.below(tool.properties.size())));
    const std::string& key = parameter.key();
    const Json &value = second.arguments.at(key), &before = first.arguments.at(key);
    if (value == before || value.is_structured()) continue;
    call["arguments"][key] = value;
    messages.push_back(user_turn(fmt::format("That was wrong: \"{}\" must be {}. Do the same again with that.", key,
                                             value.is_string() ? value.get<std::string>() : value.dump())));
    return in_turns(draw, std::move(messages), call, offered);
  }
}

/// The number that an earlier call returned goes into the next.
PanelItem uses_result(Draw& draw, size_t level) {
  const Tool &asks = tools()[11], &ships = tools()[12];
  const Request first = asks.request(draw);
  const Request second = ships.request(draw);
  const int64_t stock = draw.between(20, 900), kept = draw.between(0, level < 3 ? 0 : 19);
  auto offered = choose_tools(draw, offered_at(level));
  for (const Tool* tool : {&asks, &ships})
    if (std::find(offered.begin(), offered.end(), tool) == offered.end()) offered.push_back(tool);
  Json messages = earlier_turns(draw, level);
  messages.push_back(user_turn(first.text));
  messages.push_back(call_turn(call_of(asks, first)));
  messages.push_back(result_turn(asks.name, {{"count", stock}}));
  messages.push_back({{"role", "assistant"}, {"content", fmt::format("There are {}.", stock)}});
  const auto store = second.arguments.at("store").get<std::string>();
  messages.push_back(user_turn(kept == 0 ? fmt::format("Ship all of them to the {} store.", store)
                                         : fmt::format("Ship all but {} of them to the {} store.", kept, store)));
  const Json call = {
      {"name", ships.name},
      {"arguments", {{"article", first.arguments.at("article")}, {"count", stock - kept}, {"store", store}}}};
  return in_turns(draw, std::move(messages), call, std::move(offered));
}

/// What one turn told is an argument turns later.
PanelItem told_before(Draw& draw, size_t level) {
  const auto offered = choose_tools(draw, offered_at(level));
  const Tool& tool = *offered.front();
  const Request request = tool.request(draw);
  Json messages = Json::array({user_turn(fmt::format("Later I will want this: {} Wait until I say go.", request.text)),
                               {{"role", "assistant"}, {"content", "I will wait."}}});
  for (const Json& turn : earlier_turns(draw, level)) messages.push_back(turn);
  messages.push_back(user_turn("Go."));
  return in_turns(draw, std::move(messages), call_of(tool, request), offered);
}

}  // namespace

Generator tools_generator() {
  return {"tools",
          "which function to call with which arguments, or none",
          "functions offered (2 to 15), calls at once, talk around the request, earlier turns",
          {{"single", single},
           {"among_many", among_many},
           {"wrapped", wrapped},
           {"parallel_same", parallel_same},
           {"parallel_different", parallel_different},
           {"none_fits", none_fits},
           {"correction", correction},
           {"uses_result", uses_result},
           {"told_before", told_before}}};
}

}  // namespace rung
