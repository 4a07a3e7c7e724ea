#include "text/chat_template.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

namespace rung {
namespace {

using nlohmann::ordered_json;
using testing::HasSubstr;

/// The rendered text, or "error: " and the message.
std::string render(std::string_view source, const ordered_json& context = ordered_json::object()) {
  const auto parsed = ChatTemplate::parse(source);
  if (!parsed) return "error: " + parsed.error().message;
  const auto text = parsed->render(context);
  return text ? *text : "error: " + text.error().message;
}

TEST(ChatTemplate, TrimsBlocksAndStripsBeforeThem) {
  EXPECT_EQ(render("a\n  {% if true %}\nb\n  {% endif %}\nc\n"), "a\nb\nc");
  EXPECT_EQ(render("a\n  {{ 1 }}\nb"), "a\n  1\nb");
  EXPECT_EQ(render("a \n {%- if true -%} \n b {%- endif -%}\n c"), "abc");
  EXPECT_EQ(render("a\n  {%+ if true +%}\nb{% endif %}"), "a\n  \nb");
  EXPECT_EQ(render("x {# note\n more #}\ny"), "x y");
  EXPECT_EQ(render("{% raw %}{{ x }}{% endraw %}"), "{{ x }}");
}

TEST(ChatTemplate, ToJsonKeepsOrderAndEscapesNoHtml) {
  const ordered_json context = {{"x", {{"b", "<a & 'q'>"}, {"a", {1, 2.5, nullptr, true}}, {"u", "\u00e9\n\x01"}}}};
  EXPECT_EQ(render("{{ x | tojson }}", context), R"({"b": "<a & 'q'>", "a": [1, 2.5, null, true], "u": ")"
                                                 "\u00e9"
                                                 R"(\n\u0001"})");
  EXPECT_EQ(render("{{ x.a | tojson(indent=2) }}", context), "[\n  1,\n  2.5,\n  null,\n  true\n]");
  EXPECT_EQ(render("{{ {'b': 1, 'a': '\xc3\xa9'} | tojson(ensure_ascii=true, sort_keys=true) }}"),
            R"({"a": "\u00e9", "b": 1})");
}

TEST(ChatTemplate, PrintsAsPython) {
  EXPECT_EQ(render("{{ 1.0 }} {{ 1e16 }} {{ 1/2 }} {{ true }} {{ none }} {{ [1, 'a', none, {'k': (1,)}] }}"),
            "1.0 1e+16 0.5 True None [1, 'a', None, {'k': (1,)}]");
  EXPECT_EQ(render("{{ -7 // 2 }} {{ -7 % 3 }} {{ 7 // -2.0 }} {{ 2 ** 10 }} {{ 2 ** -1 }}"), "-4 2 -4.0 1024 0.5");
  EXPECT_EQ(render("[{{ missing }}]"), "[]");
}

TEST(ChatTemplate, ScopesAreJinjas) {
  EXPECT_EQ(render("{% set x = 1 %}{% for i in [1, 2] %}{{ x }}{% set x = 5 %}{{ x }}{% endfor %}{{ x }}"), "15151");
  EXPECT_EQ(
      render("{% set ns = namespace(n=0) %}{% for i in range(4) %}{% set ns.n = ns.n + i %}{% endfor %}{{ ns.n }}"),
      "6");
  EXPECT_EQ(render("{% macro m(a, b='B') %}{{ a }}{{ b }}{{ y }}{% endmacro %}{% set y = 'Y' %}{{ m('A') }}"), "ABY");
}

TEST(ChatTemplate, ErrorsNameTheLine) {
  EXPECT_THAT(render("a\n{% if x %}\nb"), HasSubstr("error: chat template: line 3: end of template"));
  EXPECT_THAT(render("a\n{{ x"), HasSubstr("line 2: the tag that begins here is not closed by }}"));
  EXPECT_THAT(render("\n{% include 'x' %}"), HasSubstr("line 2: unknown statement 'include'"));
  EXPECT_THAT(render("{{ 1 | nope }}"), HasSubstr("no filter named 'nope'"));
  EXPECT_THAT(render("{{ 1 is nope }}"), HasSubstr("no test named 'nope'"));
  EXPECT_THAT(render("\n\n{{ x.y }}"), HasSubstr("line 3: 'x' is undefined"));
  EXPECT_THAT(render("{{ raise_exception('roles must alternate') }}"), HasSubstr("roles must alternate"));
  EXPECT_THAT(render("\xff"), HasSubstr("not valid UTF-8"));
}

TEST(ChatTemplate, HostileTemplatesEndInErrors) {
  const auto repeat = [](std::string_view part, size_t count) {
    std::string out;
    for (size_t done = 0; done < count; ++done) out += part;
    return out;
  };
  const std::string endless =
      "{% for a in range(99999) %}{% for b in range(99999) %}{{ a * b }}{% endfor %}{% endfor %}";
  EXPECT_THAT(render(endless), HasSubstr("needs more than"));
  EXPECT_THAT(render("{{ 'a' * 999999999 }}"), HasSubstr("longer than"));
  EXPECT_THAT(render("{{ [0] * 999999999999 }}"), HasSubstr("needs more than"));
  EXPECT_THAT(render("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}"), HasSubstr("nested deeper"));
  EXPECT_THAT(render("{{ " + repeat("(", 100000) + "1" + repeat(")", 100000) + " }}"), HasSubstr("nested too deeply"));
  EXPECT_THAT(render("{{ " + repeat("not ", 100000) + "1 }}"), HasSubstr("nested too deeply"));
  EXPECT_THAT(render("{{ 1" + repeat(" + 1", 100000) + " }}"), HasSubstr("too long"));
  EXPECT_THAT(render("{{ x" + repeat(".x", 100000) + " }}"), HasSubstr("too long"));
  EXPECT_THAT(render(repeat("{% if 1 %}", 100000)), HasSubstr("nested too deeply"));
  EXPECT_THAT(render("{% set ns = namespace(x=0) %}{% for i in range(5000) %}{% set ns.x = [ns.x] %}{% endfor %}"),
              HasSubstr("nested deeper"));
  EXPECT_THAT(render("{% set ns = namespace(x=0) %}{% for i in range(90) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}"),
              HasSubstr("holds more than"));
  EXPECT_THAT(
      render("{% set ns = namespace(x='ab') %}{% for i in range(90) %}{% set ns.x = ns.x + ns.x %}{% endfor %}"),
      HasSubstr("longer than"));
  EXPECT_THAT(render("{{ '%99999999d' % 1 }}"), HasSubstr("too large"));
  EXPECT_THAT(render("{{ 9223372036854775807 + 1 }}"), HasSubstr("64 bits"));
}

TEST(ChatTemplate, NamespacesMayHoldThemselves) {
  EXPECT_EQ(render("{% set ns = namespace() %}{% set ns.self = [ns] %}{{ ns.self[0].self | length }}"), "1");
}

TEST(ChatTemplate, EveryPrefixOfATemplateIsHandled) {
  const std::string source =
      "{%- for m in messages if m.role != 'system' -%}{{ '<' ~ m['role'] | upper ~ \"\\n\" }}{# c #}"
      "{% set x %}b{% endset %}{{ m.content[1:-1:2] | default('a', true) }}{% endfor %}{% raw %}{{{% endraw %}";
  const ordered_json context = {{"messages", {{{"role", "user"}, {"content", "hello"}}}}};
  for (size_t length = 0; length < source.size(); ++length) render(source.substr(0, length), context);
  EXPECT_EQ(render(source, context), "<USER\nel{{");
}

}  // namespace
}  // namespace rung
