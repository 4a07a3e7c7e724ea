// The writer: the same bytes back for files in canonical order, exact sizes, padding, refusals that leave no file.
#include "io/gguf_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <bit>

#include "base/temp_folder_for_tests.h"
#include "io/gguf_for_tests.h"

namespace rung {
namespace {

using ::testing::HasSubstr;

std::vector<GgufTensorPlan> plans_of(const GgufFile& file) {
  std::vector<GgufTensorPlan> plans;
  for (const GgufTensor& tensor : file.tensors())
    plans.push_back({tensor.name, tensor.shape, tensor.ggml_type, tensor.bytes.size()});
  return plans;
}

/// Writes what was read, every tensor in pieces of at most `piece` bytes.
Status copy(const GgufFile& file, const std::filesystem::path& path, size_t piece) {
  RUNG_TRY(GgufWriter writer, GgufWriter::create(path, file.metadata(), plans_of(file)));
  for (const GgufTensor& tensor : file.tensors())
    for (size_t begin = 0; begin < tensor.bytes.size(); begin += piece)
      RUNG_CHECK(writer.write(tensor.bytes.subspan(begin, std::min(piece, tensor.bytes.size() - begin))));
  return writer.commit();
}

void expect_same_bytes_back(const std::filesystem::path& path, size_t piece) {
  const test::TempFolder folder;
  const auto file = GgufFile::open(path);
  ASSERT_TRUE(file) << file.error().message;
  const Status copied = copy(*file, folder / "copy.gguf", piece);
  ASSERT_TRUE(copied) << copied.error().message;
  EXPECT_EQ(gguf_outline("", file->metadata(), plans_of(*file))->bytes, std::filesystem::file_size(path));
  EXPECT_TRUE(test::file_bytes(folder / "copy.gguf") == test::file_bytes(path)) << path;
}

test::GgufBuilder canonical_file() {
  test::GgufBuilder builder = test::small_file();
  builder.tensors.pop_back();  // its type is unknown, so its bytes cannot be copied
  return builder;
}

TEST(GgufWriter, WritesTheSameBytesBack) {
  const test::TempFolder folder;
  test::write_bytes(folder / "in.gguf", canonical_file().build());
  for (const size_t piece : {1, 7, 1 << 20}) expect_same_bytes_back(folder / "in.gguf", piece);
}

TEST(GgufWriter, HonoursTheAlignment) {
  for (const uint32_t alignment : {1, 8, 64, 16384}) {
    const test::TempFolder folder;
    test::GgufBuilder builder;
    builder.alignment = alignment;
    builder.u32("general.alignment", alignment);
    builder.tensor("a", {3}, test::kGgmlF32, 12);
    builder.tensor("b", {2, 2}, test::kGgmlF32, 16);
    test::write_bytes(folder / "in.gguf", builder.build());
    expect_same_bytes_back(folder / "in.gguf", 5);
  }
}

TEST(GgufWriter, WritesAFileWithoutTensors) {
  const test::TempFolder folder;
  test::GgufBuilder builder;
  builder.string("general.type", "vocab");
  test::write_bytes(folder / "in.gguf", builder.build());
  expect_same_bytes_back(folder / "in.gguf", 1);
}

TEST(GgufWriter, WritesFilesOfLlamaCppBack) {
  const std::filesystem::path shipped = std::filesystem::path(RUNG_SOURCE_DIR) / "models/pico-moe";
  const std::filesystem::path golden = std::filesystem::path(RUNG_SHARED_DIR) / "pico/golden";
  size_t files = 0;
  for (const auto& folder : {shipped, golden}) {
    if (!std::filesystem::exists(folder)) continue;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      if (entry.path().extension() != ".gguf") continue;
      expect_same_bytes_back(entry.path(), 1 << 20);
      ++files;
    }
  }
  if (files == 0) GTEST_SKIP() << "no model is present";
}

class GgufWriterFaults : public testing::Test {
 protected:
  GgufWriter writer() {
    const std::vector<GgufTensorPlan> plans = {{"a", {4}, 0, 16}, {"b", {2}, 0, 8}};
    return std::move(GgufWriter::create(path_, {}, plans)).value();
  }
  void TearDown() override { EXPECT_TRUE(std::filesystem::is_empty(folder_.path())); }

  test::TempFolder folder_;
  std::filesystem::path path_ = folder_ / "out.gguf";
  std::vector<uint8_t> bytes_ = std::vector<uint8_t>(64);
};

TEST_F(GgufWriterFaults, MissingBytes) {
  GgufWriter partial = writer();
  ASSERT_TRUE(partial.write(std::span(bytes_).first(16)));
  ASSERT_TRUE(partial.write(std::span(bytes_).first(5)));
  const Status status = partial.commit();
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().kind, ErrorKind::kFailed);
  EXPECT_THAT(status.error().message, HasSubstr("out.gguf: tensor 'b' has 8 bytes announced, only 5 written"));
}

TEST_F(GgufWriterFaults, APieceThatStraddlesTensors) {
  const Status status = writer().write(std::span(bytes_).first(17));
  ASSERT_FALSE(status);
  EXPECT_THAT(status.error().message, HasSubstr("tensor 'a' has 16 bytes announced, 0 written and 17 more coming"));
}

TEST_F(GgufWriterFaults, BytesAfterTheLastTensor) {
  GgufWriter full = writer();
  ASSERT_TRUE(full.write(std::span(bytes_).first(16)));
  ASSERT_TRUE(full.write(std::span(bytes_).first(8)));
  const Status status = full.write(std::span(bytes_).first(1));
  ASSERT_FALSE(status);
  EXPECT_THAT(status.error().message, HasSubstr("1 bytes more than announced after the last tensor"));
}

TEST_F(GgufWriterFaults, FullDisk) {
  const std::vector<GgufTensorPlan> plans = {{"huge", {uint64_t{1} << 58}, 0, uint64_t{1} << 60}};
  const auto created = GgufWriter::create(path_, {}, plans);
  ASSERT_FALSE(created);
  EXPECT_EQ(created.error().kind, ErrorKind::kFailed);
  EXPECT_THAT(created.error().message,
              testing::MatchesRegex(".*out.gguf: needs 1152921504606847[0-9]* bytes, the disk has [0-9]+ bytes free"));
}

TEST_F(GgufWriterFaults, PlansThatNoReaderWouldTake) {
  const auto error = [&](std::vector<GgufEntry> metadata, std::vector<GgufTensorPlan> plans) {
    const auto created = GgufWriter::create(path_, metadata, plans);
    return created ? "no error" : created.error().message;
  };
  EXPECT_THAT(error({{"k", GgufValue::u32(1)}, {"k", GgufValue::u32(2)}}, {}),
              HasSubstr("key 'k' would be written twice"));
  EXPECT_THAT(error({}, {{"t", {1}, 0, 4}, {"t", {1}, 0, 4}}), HasSubstr("tensor 't' would be written twice"));
  EXPECT_THAT(error({}, {{"t", {}, 0, 4}}), HasSubstr("tensor 't' has 0 dimensions"));
  EXPECT_THAT(error({}, {{"t", {4, 0}, 0, 4}}), HasSubstr("none of them 0"));
  EXPECT_THAT(error({{"general.alignment", GgufValue::u32(12)}}, {}), HasSubstr("allowed are powers of two"));
}

TEST_F(GgufWriterFaults, FolderThatIsMissing) {
  const auto created = GgufWriter::create(folder_ / "none/out.gguf", {}, {});
  ASSERT_FALSE(created);
  EXPECT_THAT(created.error().message, HasSubstr("none/out.gguf: cannot be written"));
}

// Properties: any metadata comes back as it was.

GgufValue any_number(GgufType type) {
  switch (type) {
    case GgufType::kU8:
      return {type, uint64_t{*rc::gen::arbitrary<uint8_t>()}};
    case GgufType::kU16:
      return {type, uint64_t{*rc::gen::arbitrary<uint16_t>()}};
    case GgufType::kU32:
      return {type, uint64_t{*rc::gen::arbitrary<uint32_t>()}};
    case GgufType::kU64:
      return {type, *rc::gen::arbitrary<uint64_t>()};
    case GgufType::kI8:
      return {type, int64_t{*rc::gen::arbitrary<int8_t>()}};
    case GgufType::kI16:
      return {type, int64_t{*rc::gen::arbitrary<int16_t>()}};
    case GgufType::kI32:
      return {type, int64_t{*rc::gen::arbitrary<int32_t>()}};
    case GgufType::kI64:
      return {type, *rc::gen::arbitrary<int64_t>()};
    case GgufType::kF32:
      return {type, double{*rc::gen::arbitrary<float>()}};
    case GgufType::kF64:
      return {type, *rc::gen::arbitrary<double>()};
    default:
      return {GgufType::kBool, *rc::gen::arbitrary<bool>()};
  }
}

GgufValue any_value(GgufType type, int depth) {
  if (type == GgufType::kString) return GgufValue::string(*rc::gen::arbitrary<std::string>());
  if (type != GgufType::kArray) return any_number(type);
  auto array = std::make_shared<GgufArray>();
  do {
    array->element = static_cast<GgufType>(*rc::gen::inRange(0, 13));
  } while (depth == 3 && array->element == GgufType::kArray);
  const int count = *rc::gen::inRange(0, 4);
  for (int index = 0; index < count; ++index) array->values.push_back(any_value(array->element, depth + 1));
  return {GgufType::kArray, std::shared_ptr<const GgufArray>(std::move(array))};
}

bool same(const GgufValue& a, const GgufValue& b) {
  if (a.type != b.type || a.data.index() != b.data.index()) return false;
  if (const GgufArray* array = a.as_array()) {
    const GgufArray* other = b.as_array();
    return array->element == other->element &&
           std::equal(array->values.begin(), array->values.end(), other->values.begin(), other->values.end(), same);
  }
  if (const auto* number = std::get_if<double>(&a.data))  // bits, so that NaN and -0 count too
    return std::bit_cast<uint64_t>(*number) == std::bit_cast<uint64_t>(std::get<double>(b.data));
  return a.data == b.data;
}

RC_GTEST_PROP(GgufWriterProperty, MetadataOfEveryTypeComesBack, ()) {
  std::vector<GgufEntry> metadata;
  const int count = *rc::gen::inRange(0, 14);
  for (int index = 0; index < count; ++index)
    metadata.push_back({*rc::gen::arbitrary<std::string>() + std::to_string(index) + "key",
                        any_value(static_cast<GgufType>((index + *rc::gen::inRange(0, 13)) % 13), 0)});
  const test::TempFolder folder;
  auto writer = GgufWriter::create(folder / "out.gguf", metadata, {});
  RC_ASSERT(writer.has_value());
  RC_ASSERT(writer->commit().has_value());
  RC_ASSERT(gguf_outline("", metadata, {})->bytes == std::filesystem::file_size(folder / "out.gguf"));
  const auto back = GgufFile::open(folder / "out.gguf");
  RC_ASSERT(back.has_value());
  RC_ASSERT(back->metadata().size() == metadata.size());
  for (size_t index = 0; index < metadata.size(); ++index) {
    RC_ASSERT(back->metadata()[index].key == metadata[index].key);
    RC_ASSERT(same(back->metadata()[index].value, metadata[index].value));
  }
}

}  // namespace
}  // namespace rung
