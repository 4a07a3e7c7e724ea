// The safetensors header: what the format's own description shows, and each way it can be wrong.
#include "io/safetensors.h"

#include <gmock/gmock.h>

namespace rung {
namespace {

using testing::HasSubstr;

/// `length`: as announced; else the truth.
std::vector<uint8_t> file_of(const std::string& header, uint64_t data = 0, std::optional<uint64_t> length = {}) {
  const uint64_t announced = length.value_or(header.size());
  std::vector<uint8_t> bytes;
  for (int byte = 0; byte < 8; ++byte) bytes.push_back(static_cast<uint8_t>(announced >> (8 * byte)));
  bytes.insert(bytes.end(), header.begin(), header.end());
  bytes.resize(bytes.size() + data);
  return bytes;
}

std::string error_of(const std::vector<uint8_t>& bytes) {
  const auto header = parse_safetensors_header(bytes, "f.safetensors");
  if (header) return "no error";
  EXPECT_EQ(header.error().kind, ErrorKind::kInput);
  EXPECT_THAT(header.error().message, testing::StartsWith("f.safetensors: "));
  return header.error().message;
}

constexpr const char* kTwo =
    R"({"__metadata__":{"format":"pt"},"b":{"dtype":"F16","shape":[1,16,256],"data_offsets":[8,8200]},)"
    R"("a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})";

TEST(Safetensors, ReadsTensorsInTheOrderOfTheirData) {
  const auto header = parse_safetensors_header(file_of(kTwo), "f");  // no data follows: the header is enough
  ASSERT_TRUE(header) << header.error().message;
  ASSERT_EQ(header->tensors.size(), 2u);
  EXPECT_EQ(header->tensors[0].name, "a");
  EXPECT_EQ(header->tensors[1].type, "F16");
  EXPECT_EQ(header->tensors[1].shape, (std::vector<uint64_t>{1, 16, 256}));
  EXPECT_EQ(header->tensors[1].values(), 4096u);
  EXPECT_EQ(header->data_bytes, 8200u);
}

TEST(Safetensors, AcceptsWhatHasNoValues) {
  EXPECT_EQ(parse_safetensors_header(file_of("{}"), "f")->data_bytes, 0u);
  const auto scalar = parse_safetensors_header(
      file_of(R"({"s":{"dtype":"F32","shape":[],"data_offsets":[0,4]},"e":{"dtype":"F32","shape":[0],)"
              R"("data_offsets":[0,0]}})"),
      "f");
  ASSERT_TRUE(scalar) << scalar.error().message;
  EXPECT_EQ(scalar->data_bytes, 4u);
}

TEST(Safetensors, SaysWhatIsWrong) {
  const auto one = [](const std::string& tensor) { return error_of(file_of("{\"a\":" + tensor + "}")); };
  EXPECT_THAT(error_of({1, 2, 3}), HasSubstr("header length"));
  EXPECT_THAT(error_of(file_of(kTwo, 0, uint64_t{1} << 40)), HasSubstr("header length is 1099511627776"));
  EXPECT_THAT(error_of(file_of("[]")), HasSubstr("not a JSON object"));
  EXPECT_THAT(error_of(file_of("{\"a\":")), HasSubstr("not a JSON object"));
  EXPECT_THAT(one("7"), HasSubstr("tensor 'a' is no object"));
  EXPECT_THAT(one(R"({"shape":[1],"data_offsets":[0,4]})"), HasSubstr("has no dtype"));
  EXPECT_THAT(one(R"({"dtype":"Q9","shape":[1],"data_offsets":[0,4]})"), HasSubstr("type 'Q9'"));
  EXPECT_THAT(one(R"({"dtype":"F32","shape":[-1],"data_offsets":[0,4]})"), HasSubstr("shape that is no whole number"));
  EXPECT_THAT(one(R"({"dtype":"F32","shape":[1],"data_offsets":[4,0]})"), HasSubstr("no begin and end"));
  EXPECT_THAT(one(R"({"dtype":"F32","shape":[3],"data_offsets":[0,4]})"), HasSubstr("12 bytes, but data_offsets of 4"));
  EXPECT_THAT(one(R"({"dtype":"F4","shape":[3],"data_offsets":[0,1]})"), HasSubstr("data_offsets of 1 bytes"));
  EXPECT_THAT(one(R"({"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]})"),
              HasSubstr("too large for any file"));
  EXPECT_THAT(one(R"({"dtype":"F32","shape":[1],"data_offsets":[4,8]})"), HasSubstr("begins at 4"));
  const std::string overlap = R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},)"
                              R"("b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})";
  EXPECT_THAT(error_of(file_of(overlap)), HasSubstr("begins at 4 of the data, the one before it ends at 8"));
}

TEST(Safetensors, EveryCutOfTheHeaderIsAnError) {
  const std::vector<uint8_t> whole = file_of(kTwo);
  for (size_t kept = 0; kept < whole.size(); ++kept)
    EXPECT_NE(error_of({whole.begin(), whole.begin() + static_cast<ptrdiff_t>(kept)}), "no error") << kept;
}

}  // namespace
}  // namespace rung
