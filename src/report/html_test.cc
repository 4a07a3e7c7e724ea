#include "report/html.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <string_view>

namespace rung {

std::string_view page_html();

namespace {

using Json = nlohmann::ordered_json;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kOpen = "<script type=\"application/json\" id=\"ladder\">";

std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream bytes;
  bytes << in.rdbuf();
  return bytes.str();
}

size_t occurrences(std::string_view text, std::string_view part) {
  size_t found = 0;
  for (size_t at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

// The text of the data element as a browser takes it: up to the first closing tag.
std::string embedded_data(const std::string& html) {
  const size_t start = html.find(kOpen) + kOpen.size();
  return html.substr(start, html.find("</script", start) - start);
}

TEST(Html, PageIsEmbeddedByteForByte) {
  const std::string file = read_file(RUNG_SOURCE_DIR "/src/report/page.html");
  ASSERT_FALSE(file.empty());
  EXPECT_TRUE(page_html() == file);
}

TEST(Html, PageHasOnePlaceForTheData) {
  EXPECT_EQ(occurrences(page_html(), kOpen), 1u);
  EXPECT_TRUE(embedded_data(std::string(page_html())).empty());
}

TEST(Html, PageLoadsNothing) {
  const std::string page(page_html());
  EXPECT_THAT(page, HasSubstr("default-src 'none'"));
  for (const char* loader : {"<link rel=\"stylesheet\"", " src=", "@import", "url("}) {
    EXPECT_THAT(page, Not(HasSubstr(loader)));
  }
}

TEST(Html, DataComesBackEqual) {
  const Json sample = Json::parse(read_file(RUNG_SOURCE_DIR "/web/sample/ladder.json"));
  const std::string html = render_html(sample);
  EXPECT_EQ(Json::parse(embedded_data(html)).dump(), sample.dump());
  EXPECT_EQ(html.size(), page_html().size() + embedded_data(html).size());
}

TEST(Html, HostileStringsStayInsideTheElement) {
  const std::string hostile = "</script><img src=x onerror=alert(1)><!--<script>";
  const Json ladder = {{"model", {{"name", hostile}}}, {hostile, Json::array({hostile})}};
  const std::string html = render_html(ladder);
  EXPECT_EQ(occurrences(html, "</script"), occurrences(page_html(), "</script"));
  EXPECT_EQ(occurrences(html, "<!--"), occurrences(page_html(), "<!--"));
  EXPECT_EQ(Json::parse(embedded_data(html))["model"]["name"], hostile);
}

TEST(Html, BrokenUtf8IsReplacedAndNanIsNull) {
  const Json ladder = {{"command", "rung \xff\xc3"}, {"value", std::numeric_limits<double>::quiet_NaN()}};
  const Json back = Json::parse(embedded_data(render_html(ladder)));
  EXPECT_EQ(back["command"], "rung \xEF\xBF\xBD\xEF\xBF\xBD");
  EXPECT_TRUE(back["value"].is_null());
}

}  // namespace
}  // namespace rung
