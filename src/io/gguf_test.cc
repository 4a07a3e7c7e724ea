// The reader: every value and tensor type, split files, and each way a file can be wrong with the words of its error.
#include "io/gguf.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "base/temp_folder_for_tests.h"
#include "io/gguf_for_tests.h"

namespace rung {
namespace {

using test::GgufBuilder;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

std::string error_of(const std::vector<uint8_t>& bytes) {
  const Result<GgufFile> file = GgufFile::parse(bytes, "file.gguf");
  if (file) return "no error";
  EXPECT_EQ(file.error().kind, ErrorKind::kInput);
  EXPECT_THAT(file.error().message, AllOf(StartsWith("file.gguf: "), Not(HasSubstr("\n"))));
  return file.error().message;
}

/// Reads everything a file offers, so that a sanitizer sees a bad pointer.
uint64_t walk(const GgufFile& file) {
  uint64_t sum = file.metadata().size();
  for (const GgufTensor& tensor : file.tensors()) {
    for (const uint8_t byte : tensor.bytes) sum += byte;
    sum += tensor.rows() + (file.tensor(tensor.name) == &tensor ? 1 : 0);
  }
  return sum;
}

TEST(Gguf, ReadsEveryValueType) {
  const auto bytes = test::small_file().build();
  const auto file = GgufFile::parse(bytes, "file.gguf");
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(file->version(), 3u);
  EXPECT_EQ(file->alignment(), 32u);
  EXPECT_EQ(file->file_bytes(), bytes.size());
  EXPECT_EQ(file->shard_count(), 1u);
  ASSERT_EQ(file->metadata().size(), 14u);
  EXPECT_EQ(file->metadata()[2].key, "u8");
  EXPECT_EQ(file->find("u8")->as_u64(), 200u);
  EXPECT_EQ(file->find("i8")->as_i64(), -100);
  EXPECT_EQ(file->find("u16")->as_i64(), 60000);
  EXPECT_EQ(file->find("i16")->as_i64(), -30000);
  EXPECT_EQ(file->find("i32")->as_i64(), -2000000000);
  EXPECT_EQ(file->find("f32")->as_double(), double{0.1f});
  EXPECT_EQ(file->find("yes")->as_bool(), true);
  EXPECT_EQ(file->find("u64")->as_u64(), uint64_t{1} << 63);
  EXPECT_EQ(file->find("u64")->as_i64(), std::nullopt);
  EXPECT_EQ(file->find("i64")->as_i64(), INT64_MIN);
  EXPECT_EQ(file->find("i64")->as_u64(), std::nullopt);
  EXPECT_EQ(file->find("f64")->as_double(), 0.1);
  EXPECT_EQ(file->find("absent"), nullptr);
  const GgufArray* tokens = file->find("tokens")->as_array();
  ASSERT_NE(tokens, nullptr);
  ASSERT_EQ(tokens->values.size(), 3u);
  EXPECT_EQ(*tokens->values[0].as_string(), "<s>");
  EXPECT_EQ(*tokens->values[1].as_string(), "");
  const GgufArray* nested = file->find("nested")->as_array();
  ASSERT_EQ(nested->element, GgufType::kArray);
  ASSERT_EQ(nested->values.size(), 2u);
  EXPECT_EQ(nested->values[0].as_array()->values[0].as_i64(), -1);
  EXPECT_EQ(nested->values[1].as_array()->element, GgufType::kF32);
  EXPECT_TRUE(nested->values[1].as_array()->values.empty());
}

TEST(Gguf, ReadsKnownPlainAndUnknownTensorTypes) {
  const GgufBuilder builder = test::small_file();
  const auto bytes = builder.build();
  const auto file = GgufFile::parse(bytes, "file.gguf");
  ASSERT_TRUE(file) << file.error().message;
  ASSERT_EQ(file->tensors().size(), 4u);
  for (size_t index = 0; index < 3; ++index) {
    const GgufTensor& tensor = file->tensors()[index];
    EXPECT_EQ(tensor.name, builder.tensors[index].name);
    EXPECT_EQ(tensor.shape, builder.tensors[index].shape);
    EXPECT_THAT(tensor.bytes, testing::ElementsAreArray(builder.tensors[index].data));
    EXPECT_EQ(file->tensor(tensor.name), &tensor);
  }
  EXPECT_EQ(file->tensors()[1].format, Format::Q4_K);
  EXPECT_EQ(file->tensors()[1].rows(), 2u);
  EXPECT_EQ(file->tensors()[2].format, std::nullopt);
  const GgufTensor& unknown = file->tensors()[3];
  EXPECT_EQ(unknown.format, std::nullopt);
  EXPECT_TRUE(unknown.bytes.empty());
  EXPECT_EQ(unknown.values(), 12u);
  EXPECT_EQ(file->tensor("nothing"), nullptr);
}

TEST(Gguf, NamesTypes) {
  EXPECT_EQ(ggml_type_name(12), "q4_k");
  EXPECT_EQ(ggml_type_name(24), "i8");
  EXPECT_EQ(ggml_type_name(28), "f64");
  EXPECT_EQ(ggml_type_name(29), "iq1_m");
  EXPECT_EQ(ggml_type_name(138), "type 138");
  EXPECT_EQ(gguf_type_name(GgufType::kF64), "f64");
  EXPECT_EQ(gguf_type_name(GgufType::kArray), "array");
}

TEST(Gguf, ReadsVersion2) {
  GgufBuilder builder = test::small_file();
  builder.version = 2;
  const auto bytes = builder.build();
  const auto file = GgufFile::parse(bytes, "file.gguf");
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(file->version(), 2u);
  EXPECT_EQ(file->tensors().size(), 4u);
}

TEST(Gguf, TypedAccessSaysWhatIsWrong) {
  const auto bytes = test::small_file().build();
  const auto file = GgufFile::parse(bytes, "file.gguf");
  ASSERT_TRUE(file);
  EXPECT_EQ(file->u64("u16").value(), 60000u);
  EXPECT_EQ(file->u64("absent", 7).value(), 7u);
  EXPECT_EQ(file->f64("u16").value(), 60000.0);
  EXPECT_EQ(file->boolean("yes").value(), true);
  EXPECT_EQ(file->str("general.architecture").value(), "llama");
  EXPECT_EQ(file->array("tokens", GgufType::kString).value()->values.size(), 3u);
  EXPECT_EQ(file->u64("absent").error().message, "file.gguf: metadata key 'absent' is missing");
  EXPECT_EQ(file->u64("i32").error().message,
            "file.gguf: metadata key 'i32' is -2000000000, allowed is a non-negative integer");
  EXPECT_EQ(file->u64("tokens", 1).error().message,
            "file.gguf: metadata key 'tokens' is of type array, allowed is a non-negative integer");
  EXPECT_EQ(file->str("f32").error().message, "file.gguf: metadata key 'f32' is of type f32, allowed is a string");
  EXPECT_EQ(file->array("tokens", GgufType::kF32).error().message,
            "file.gguf: metadata key 'tokens' is an array of string, allowed is an array of f32");
}

struct Fault {
  const char* name;
  std::function<void(GgufBuilder&)> damage;
  const char* message;
};

std::vector<Fault> faults() {
  using test::ARRAY, test::BOOL, test::STRING, test::U8, test::U32;
  const auto huge = uint64_t{1} << 62;
  return {
      {"Magic", [](GgufBuilder& file) { file.magic = "GGML"; }, "magic is 'GGML', a GGUF file starts with 'GGUF'"},
      {"BinaryMagic",
       [](GgufBuilder& file) {
         file.magic = std::string(
             "\x7f"
             "EL\n");
       },
       "magic is '\\x7fEL\\x0a'"},
      {"Version1", [](GgufBuilder& file) { file.version = 1; }, "version is 1, supported are 2 and 3"},
      {"FutureVersion", [](GgufBuilder& file) { file.version = 4; }, "version is 4, supported are 2 and 3"},
      {"BigEndian", [](GgufBuilder& file) { file.version = 0x03000000; }, "big-endian"},
      {"TensorCount", [=](GgufBuilder& file) { file.tensor_count = huge; },
       "tensor count is 4611686018427387904, at most"},
      {"EntryCount", [=](GgufBuilder& file) { file.entry_count = huge; },
       "metadata count is 4611686018427387904, at most"},
      {"KeyLength", [=](GgufBuilder& file) { ++file.entries_added, file.entries.number(UINT64_MAX).number(U32); },
       "metadata key at byte"},
      {"KeyTooLong", [](GgufBuilder& file) { file.u32(std::string(65536, 'k'), 1); },
       "has length 65536, at most 65535 is allowed"},
      {"StringLength", [=](GgufBuilder& file) { file.entry("long", STRING).number(huge); }, "string of 'long' at byte"},
      {"ValueType", [](GgufBuilder& file) { file.entry("odd", 13); }, "'odd' has value type 13, allowed are 0 to 12"},
      {"ElementType", [](GgufBuilder& file) { file.entry("odd", ARRAY).number(uint32_t{99}).number(uint64_t{0}); },
       "'odd' has value type 99, allowed are 0 to 12"},
      {"ArrayLength", [=](GgufBuilder& file) { file.entry("list", ARRAY).number(uint32_t{U8}).number(huge); },
       "'list': array of u8 at byte"},
      {"BoolValue", [](GgufBuilder& file) { file.entry("flag", BOOL).number(uint8_t{2}); }, "allowed are 0 and 1"},
      {"DuplicateKey", [](GgufBuilder& file) { file.u32("u8", 1); }, "metadata key 'u8' occurs twice"},
      {"AlignmentOdd",
       [](GgufBuilder& file) { file.entries = {}, file.entries_added = 0, file.u32("general.alignment", 24); },
       "general.alignment is 24, allowed are powers of two"},
      {"AlignmentZero",
       [](GgufBuilder& file) { file.entries = {}, file.entries_added = 0, file.u32("general.alignment", 0); },
       "general.alignment is 0, allowed are powers of two"},
      {"AlignmentType",
       [](GgufBuilder& file) { file.entries = {}, file.entries_added = 0, file.string("general.alignment", "32"); },
       "general.alignment has type string, allowed is u32"},
      {"DuplicateTensor", [](GgufBuilder& file) { file.tensor("blk.0.future", {1}, 0, 4); },
       "tensor 'blk.0.future' occurs twice"},
      {"NoDimensions", [](GgufBuilder& file) { file.tensors[1].shape = {}; },
       "'blk.0.attn_q.weight' (number 1) has 0 dimensions, allowed are 1 to 4"},
      {"FiveDimensions",
       [](GgufBuilder& file) {
         file.tensors[1].shape = {256, 2, 1, 1, 1};
       },
       "has 5 dimensions"},
      {"HugeDimensionCount", [](GgufBuilder& file) { file.tensors[0].dimensions = UINT32_MAX; },
       "has 4294967295 dimensions"},
      {"ZeroDimension",
       [](GgufBuilder& file) {
         file.tensors[0].shape = {4, 0};
       },
       "has shape (4, 0), no dimension"},
      {"ShapeOverflow",
       [](GgufBuilder& file) {
         file.tensors[3].shape = {1u << 31, 1u << 31, 4};
       },
       "has shape (2147483648, 2147483648, 4), at most 2^63 - 1 values"},
      {"BytesOverflow", [](GgufBuilder& file) { file.tensors[0].shape = {uint64_t{1} << 62}; },
       "too large for any file"},
      {"RowLength",
       [](GgufBuilder& file) {
         file.tensors[1].shape = {255, 2};
       },
       "rows of 255 values, q4_k needs a multiple of 256"},
      {"Misaligned", [](GgufBuilder& file) { file.tensors[1].offset = 65; },
       "has offset 65, allowed are multiples of the alignment 32"},
      {"OffsetOutside", [](GgufBuilder& file) { file.tensors[1].offset = uint64_t{1} << 40; },
       "takes 288 bytes at offset 1099511627776, the file has"},
      {"OffsetWraps", [](GgufBuilder& file) { file.tensors[1].offset = UINT64_MAX - 31; }, "the file has"},
      {"UnknownTypeOutside", [](GgufBuilder& file) { file.tensors[3].offset = 1 << 20; }, "takes 1 bytes at offset"},
      {"Overlap", [](GgufBuilder& file) { file.tensors[2].offset = 64; },
       "tensor 'blk.0.ffn_gate_tid2eid.weight' at offset 64 overlaps tensor 'blk.0.attn_q.weight', which ends at 352"},
      {"OverlapPartly", [](GgufBuilder& file) { file.tensors[2].offset = 320; },
       "overlaps tensor 'blk.0.attn_q.weight'"},
      {"PartOfSplit", [](GgufBuilder& file) { file.u16("split.count", 2); }, "split.count is 2"},
  };
}

class GgufFaults : public testing::TestWithParam<Fault> {};
TEST_P(GgufFaults, IsNamed) {
  GgufBuilder builder = test::small_file();
  GetParam().damage(builder);
  EXPECT_THAT(error_of(builder.build()), HasSubstr(GetParam().message));
}
INSTANTIATE_TEST_SUITE_P(All, GgufFaults, testing::ValuesIn(faults()),
                         [](const auto& fault) { return std::string(fault.param.name); });

TEST(Gguf, NestsArraysToALimit) {
  const auto nested = [](int depth) {
    GgufBuilder builder;
    test::Bytes& out = builder.entry("deep", test::ARRAY);
    for (int level = 1; level < depth; ++level) out.number(uint32_t{test::ARRAY}).number(uint64_t{1});
    out.number(uint32_t{test::U8}).number(uint64_t{0});
    return builder.build();
  };
  EXPECT_TRUE(GgufFile::parse(nested(8), "file.gguf"));
  EXPECT_THAT(error_of(nested(9)), HasSubstr("'deep': arrays are nested more than 8 deep"));
}

TEST(Gguf, EveryTruncationIsAnErrorUntilOnlyPaddingIsMissing) {
  GgufBuilder builder = test::small_file();
  builder.tensors.pop_back();  // of the unknown type only the first byte must be there
  const auto whole = builder.build();
  const size_t needed = whole.size() - (32 - builder.tensors.back().data.size() % 32);
  for (size_t length = 0; length < needed; ++length) {
    const std::vector<uint8_t> cut(whole.begin(), whole.begin() + length);
    EXPECT_NE(error_of(cut), "no error") << "at " << length;
  }
  for (size_t length = needed; length <= whole.size(); ++length) {
    const std::vector<uint8_t> cut(whole.begin(), whole.begin() + length);
    EXPECT_EQ(error_of(cut), "no error") << "at " << length;
  }
}

TEST(Gguf, AnyDamagedByteGivesAnErrorOrASoundFile) {
  const auto whole = test::small_file().build();
  size_t refused = 0;
  for (size_t place = 0; place < whole.size(); ++place) {
    for (const int flip : {0x01, 0x80, 0xff}) {
      std::vector<uint8_t> bytes = whole;
      bytes[place] ^= static_cast<uint8_t>(flip);
      const auto file = GgufFile::parse(bytes, "file.gguf");
      if (file) {
        EXPECT_GT(walk(*file), 0u);
      } else {
        ++refused;
        EXPECT_THAT(file.error().message, AllOf(StartsWith("file.gguf: "), Not(HasSubstr("\n"))));
      }
    }
  }
  EXPECT_GT(refused, 300u);  // magic, version, both counts, every length's high byte ...
}

TEST(Gguf, ReadsManyTokens) {
  std::vector<std::string> tokens;
  for (size_t id = 0; id < 150'000; ++id) tokens.push_back("token number " + std::to_string(id));
  GgufBuilder builder;
  builder.strings("tokenizer.ggml.tokens", tokens);
  const auto bytes = builder.build();
  const auto file = GgufFile::parse(bytes, "file.gguf");
  ASSERT_TRUE(file) << file.error().message;
  const auto array = file->array("tokenizer.ggml.tokens", GgufType::kString);
  ASSERT_EQ((*array)->values.size(), tokens.size());
  for (size_t id = 0; id < tokens.size(); id += 997) EXPECT_EQ(*(*array)->values[id].as_string(), tokens[id]);
}

TEST(Gguf, OpenNamesTheFile) {
  const test::TempFolder folder;
  test::write_bytes(folder / "empty.gguf", {});
  EXPECT_EQ(GgufFile::open(folder / "empty.gguf").error().message,
            (folder / "empty.gguf").string() + ": magic at byte 0 needs 4 bytes, the file has 0 left");
  const auto missing = GgufFile::open(folder / "missing.gguf");
  EXPECT_EQ(missing.error().kind, ErrorKind::kInput);
  EXPECT_THAT(missing.error().message, HasSubstr("missing.gguf: cannot be read"));
  EXPECT_THAT(GgufFile::open(folder.path()).error().message, HasSubstr("is not a regular file"));
}

TEST(Gguf, StaysValidWhenMoved) {
  const test::TempFolder folder;
  test::write_bytes(folder / "a.gguf", test::small_file().build());
  auto opened = GgufFile::open(folder / "a.gguf");
  ASSERT_TRUE(opened);
  const GgufFile moved = *std::move(opened);
  ASSERT_NE(moved.tensor("token_embd.weight"), nullptr);
  EXPECT_EQ(moved.tensor("token_embd.weight")->bytes.size(), 48u);
  EXPECT_EQ(moved.find("u8")->as_u64(), 200u);
}

class GgufSplit : public testing::Test {
 protected:
  GgufBuilder part(uint16_t number, uint16_t count = 3) {
    GgufBuilder builder;
    if (number == 0) builder.string("general.architecture", "llama");
    builder.u16("split.no", number).u16("split.count", count).i32("split.tensors.count", 5);
    for (int index = 0; index < (number == 0 ? 1 : 2); ++index)
      builder.tensor(fmt::format("part{}.tensor{}", number, index), {4}, test::kGgmlF32, 16);
    return builder;
  }
  std::filesystem::path name(int number) { return folder_ / fmt::format("model-{:05}-of-00003.gguf", number + 1); }
  void write(int number, const GgufBuilder& builder) { test::write_bytes(name(number), builder.build()); }
  void SetUp() override {
    for (uint16_t number = 0; number < 3; ++number) write(number, part(number));
  }
  std::string open_error(int number) {
    const auto file = GgufFile::open(name(number));
    return file ? "no error" : file.error().message;
  }

  test::TempFolder folder_;
};

TEST_F(GgufSplit, OpensAsOneFromAnyPart) {
  for (int number = 0; number < 3; ++number) {
    const auto file = GgufFile::open(name(number));
    ASSERT_TRUE(file) << file.error().message;
    EXPECT_EQ(file->path(), name(number));
    EXPECT_EQ(file->shard_count(), 3u);
    ASSERT_EQ(file->tensors().size(), 5u);
    EXPECT_EQ(file->tensors()[0].name, "part0.tensor0");
    EXPECT_EQ(file->tensors()[4].name, "part2.tensor1");
    EXPECT_EQ(file->tensors()[4].shard, 2u);
    EXPECT_THAT(file->tensors()[4].bytes, testing::ElementsAreArray(part(2).tensors[1].data));
    EXPECT_EQ(file->str("general.architecture").value(), "llama");
    EXPECT_EQ(file->u64("split.count").value(), 3u);
    EXPECT_EQ(file->u64("split.no").value(), 0u);
    EXPECT_EQ(file->file_bytes(), std::filesystem::file_size(name(0)) + 2 * std::filesystem::file_size(name(1)));
  }
}

TEST_F(GgufSplit, NamesTheMissingPart) {
  std::filesystem::remove(name(1));
  EXPECT_EQ(open_error(2), name(2).string() + ": part 2 of 3 is missing: " + name(1).string());
}

TEST_F(GgufSplit, NameAndMetadataMustAgree) {
  write(1, part(2));
  EXPECT_THAT(open_error(0), AllOf(StartsWith(name(1).string()), HasSubstr("split.no is 2, the file's name says 1")));
  write(1, part(1, 4));
  EXPECT_THAT(open_error(1), HasSubstr("split.count is 4, the file's name says 3"));
  GgufBuilder bare;
  bare.tensor("part1.tensor0", {4}, test::kGgmlF32, 16);
  write(1, bare);
  EXPECT_THAT(open_error(0), HasSubstr("split.count is missing, the file's name says 3"));
}

TEST_F(GgufSplit, ARenamedPartIsRefused) {
  std::filesystem::rename(name(0), folder_ / "renamed.gguf");
  const auto file = GgufFile::open(folder_ / "renamed.gguf");
  ASSERT_FALSE(file);
  EXPECT_THAT(file.error().message, HasSubstr("is one of 3 parts, but its name does not end in -0000i-of-00003.gguf"));
}

TEST_F(GgufSplit, TensorsAreCountedAndUnique) {
  GgufBuilder fewer = part(2);
  fewer.tensors.pop_back();
  write(2, fewer);
  EXPECT_THAT(open_error(0), HasSubstr("split.tensors.count is 5, the 3 parts have 4 tensors"));
  GgufBuilder twice = part(2);
  twice.tensors[0].name = "part0.tensor0";
  write(2, twice);
  EXPECT_THAT(open_error(0), HasSubstr("tensor 'part0.tensor0' is in part 1 and in part 3"));
}

TEST_F(GgufSplit, ABrokenPartIsNamed) {
  GgufBuilder broken = part(2);
  broken.version = 9;
  write(2, broken);
  EXPECT_THAT(open_error(0), AllOf(StartsWith(name(2).string()), HasSubstr("version is 9")));
}

TEST(GgufGolden, ReadsTheShippedModel) {
  const std::filesystem::path path = std::filesystem::path(RUNG_SOURCE_DIR) / "models/pico-moe/pico-moe.bf16.gguf";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is absent";
  const auto file = GgufFile::open(path);
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(file->str("general.architecture").value(), "deepseek");
  EXPECT_EQ(file->u64("deepseek.block_count").value(), 6u);
  EXPECT_EQ(file->array("tokenizer.ggml.tokens", GgufType::kString).value()->values.size(), 4096u);
  const GgufTensor* experts = file->tensor("blk.1.ffn_down_exps.weight");
  ASSERT_NE(experts, nullptr);
  EXPECT_EQ(experts->shape, (std::vector<uint64_t>{256, 256, 16}));  // models/pico-moe's page: 16 experts of 256
  EXPECT_EQ(experts->format, Format::BF16);
  EXPECT_EQ(experts->bytes.size(), 256u * 256 * 16 * 2);
}

/// Every golden model parses, and its directory has the tensors that info.json lists.
TEST(GgufGolden, ReadsEveryGoldenModel) {
  const std::filesystem::path golden = std::filesystem::path(RUNG_SHARED_DIR) / "golden";
  if (!std::filesystem::exists(golden)) GTEST_SKIP() << golden << " is absent";
  size_t models = 0;
  for (const auto& folder : std::filesystem::directory_iterator(golden)) {
    if (!std::filesystem::exists(folder.path() / "model.gguf")) continue;
    const auto file = GgufFile::open(folder.path() / "model.gguf");
    ASSERT_TRUE(file) << file.error().message;
    const auto text = test::file_bytes(folder.path() / "info.json");
    const std::string_view info(reinterpret_cast<const char*>(text.data()), text.size());
    for (const GgufTensor& tensor : file->tensors())
      EXPECT_NE(info.find('"' + tensor.name + '"'), std::string_view::npos) << folder.path() << ' ' << tensor.name;
    ++models;
  }
  EXPECT_GE(models, 20u);
}

}  // namespace
}  // namespace rung
