// Quantizing the shipped model: the bytes that llama-quantize makes where they are comparable, the same bytes for any
// number of threads, any memory, and in memory as on disk, and refusals that leave nothing behind.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "base/hash.h"
#include "base/mapped_file.h"
#include "base/temp_folder_for_tests.h"
#include "quantize/quantize_file.h"
#include "quantize/recipe_source.h"

namespace rung {
namespace {

namespace fs = std::filesystem;
const fs::path kPico = fs::path(RUNG_SOURCE_DIR) / "models/pico-moe";

class QuantizeTest : public testing::Test {
 protected:
  QuantizeTest()
      : source_(FileSource::open(kPico / "pico-moe.bf16.gguf").value()),
        imatrix_(read_imatrix(kPico / "imatrix.gguf").value()) {}

  QuantizationPlan plan(std::string_view recipe) const {
    return plan_quantization(source_->file(), find_recipe(recipe).value(), {}).value();
  }
  Status quantize(std::string_view recipe, const ImportanceOptions& importance, const fs::path& out, int threads,
                  QuantizeOptions options = {}) const {
    options.output.importance = importance;
    ThreadPool pool(threads);
    Observer silent;
    const QuantizeOutput output{out, plan(recipe)};
    const auto done = quantize_file(source_->file(), std::span(&output, 1), options, pool, silent);
    if (!done) return tl::unexpected(done.error());
    return {};
  }
  bool folder_is_empty() const { return fs::is_empty(folder_.path()); }

  test::TempFolder folder_;
  std::shared_ptr<const FileSource> source_;
  Imatrix imatrix_;
};

TEST_F(QuantizeTest, SameBytesForAnyNumberOfThreadsAndAsAnnounced) {
  for (const char* recipe : {"q4_k", "asymmetric"}) {  // an affine and a codebook format
    const ImportanceOptions options{&imatrix_, false};
    std::vector<std::string> hashes;
    for (const int threads : {1, 3}) {
      const fs::path out = folder_ / fmt::format("{}.{}.gguf", recipe, threads);
      const Status status = quantize(recipe, options, out, threads);
      ASSERT_TRUE(status) << status.error().message;
      EXPECT_EQ(fs::file_size(out), quantized_file_bytes(source_->file(), plan(recipe), options));
      hashes.push_back(content_hash(MappedFile::open(out)->bytes()));
    }
    EXPECT_EQ(hashes[0], hashes[1]);
  }
}

TEST_F(QuantizeTest, InMemoryIsWhatIsWritten) {
  ThreadPool pool(2);
  Observer silent;
  const ImportanceOptions options{&imatrix_, false};
  const auto seen = RecipeSource::create(source_, plan("q3_k"), options, pool, silent);
  ASSERT_TRUE(seen) << seen.error().message;
  ASSERT_TRUE(quantize("q3_k", options, folder_ / "a.gguf", 2));
  const auto written = FileSource::open(folder_ / "a.gguf").value();
  for (const GgufTensor& tensor : written->file().tensors()) {
    const auto view = (*seen)->find(tensor.name);
    ASSERT_TRUE(view);
    EXPECT_EQ(view->format, *tensor.format);
    EXPECT_TRUE(std::equal(view->bytes.begin(), view->bytes.end(), tensor.bytes.begin(), tensor.bytes.end()))
        << tensor.name;
  }
}

TEST_F(QuantizeTest, FactorsOfNvfp4AreWrittenBesideTheirTensors) {
  ThreadPool pool(2);
  Observer silent;
  const auto seen = RecipeSource::create(source_, plan("nvfp4"), {&imatrix_, false}, pool, silent).value();
  ASSERT_TRUE(quantize("nvfp4", {&imatrix_, false}, folder_ / "a.gguf", 2));
  const auto written = FileSource::open(folder_ / "a.gguf").value();
  size_t factors = 0;
  for (const TensorPlan& tensor : plan("nvfp4").tensors) {
    if (tensor.scale_name.empty()) continue;
    ++factors;
    const auto in_memory = seen->find(tensor.scale_name), on_disk = written->find(tensor.scale_name);
    ASSERT_TRUE(in_memory && on_disk) << tensor.scale_name;
    EXPECT_EQ(on_disk->format, Format::F32);
    EXPECT_EQ(on_disk->shape, std::vector<uint64_t>{1});
    EXPECT_TRUE(std::ranges::equal(in_memory->bytes, on_disk->bytes));
    const GgufTensor* blocks = written->file().tensor(tensor.source->name);
    EXPECT_TRUE(std::ranges::equal(seen->find(tensor.source->name)->bytes, blocks->bytes));
    // Decoded and multiplied, the weights are those of the source but for the rounding to four bits: 12 % of a block's
    // largest (the widest gap of the levels is 2 of 6, with scales searched), far less on average.
    std::vector<float> before(blocks->values()), after(blocks->values());
    decode_row(*tensor.source->format, tensor.source->bytes.data(), before.size(), before.data());
    decode_row(Format::NVFP4, blocks->bytes.data(), after.size(), after.data());
    float factor = 0;
    std::memcpy(&factor, on_disk->bytes.data(), sizeof(factor));
    double error = 0, power = 0;
    for (size_t at = 0; at < before.size(); ++at) {
      error += std::pow(before[at] - factor * after[at], 2);
      power += std::pow(before[at], 2);
    }
    EXPECT_LT(error, 0.03 * power) << tensor.scale_name;
  }
  EXPECT_GT(factors, 0u);
}

TEST_F(QuantizeTest, TensorBytesOfLlamaQuantizesFiles) {
  // file_bytes of ../shared/pico/golden/llama.cpp.json, commands "llama-quantize --pure". The tensor data must have the
  // same size; only the metadata differ.
  const uint64_t golden_header_q8_0 = 22265600, golden_q4_k = 11878144;
  ASSERT_TRUE(quantize("q8_0", {}, folder_ / "q8_0.gguf", 2));
  ASSERT_TRUE(quantize("q4_k", {}, folder_ / "q4_k.gguf", 2));
  EXPECT_EQ(fs::file_size(folder_ / "q8_0.gguf") - fs::file_size(folder_ / "q4_k.gguf"),
            golden_header_q8_0 - golden_q4_k);
}

TEST_F(QuantizeTest, MetadataIsKeptAndProvenanceAdded) {
  ASSERT_TRUE(quantize("asymmetric", {&imatrix_, false}, folder_ / "a.gguf", 2));
  const auto written = GgufFile::open(folder_ / "a.gguf");
  ASSERT_TRUE(written) << written.error().message;
  for (const GgufEntry& entry : source_->file().metadata()) EXPECT_NE(written->find(entry.key), nullptr) << entry.key;
  EXPECT_EQ(written->find("general.quantization_version")->as_u64(), 2u);
  EXPECT_EQ(written->find("general.file_type")->as_u64(), 19u);  // most weights are IQ2_XXS
  EXPECT_EQ(*written->find("rung.recipe")->as_string(), "asymmetric");
  EXPECT_EQ(*written->find("rung.calibration")->as_string(), "imatrix");
  EXPECT_EQ(*written->find("quantize.imatrix.dataset")->as_string(), "calibration.txt");
}

TEST_F(QuantizeTest, RefusalsLeaveNothingBehind) {
  const Status without = quantize("iq2_xxs", {}, folder_ / "a.gguf", 1);
  ASSERT_FALSE(without);
  EXPECT_EQ(without.error().kind, ErrorKind::kInput);
  EXPECT_NE(without.error().message.find("--imatrix"), std::string::npos);
  EXPECT_NE(without.error().message.find("--weights-only"), std::string::npos);
  const Status unwritable = quantize("nf4", {}, folder_ / "a.gguf", 1);
  ASSERT_FALSE(unwritable);
  EXPECT_NE(unwritable.error().message.find("GGUF has no id"), std::string::npos);
  Imatrix partial = imatrix_;
  partial.entries.erase("blk.2.attn_q.weight");
  const Status missing = quantize("iq2_xxs", {&partial, false}, folder_ / "a.gguf", 1);
  ASSERT_FALSE(missing);
  EXPECT_NE(missing.error().message.find("blk.2.attn_q.weight"), std::string::npos);
  Imatrix wrong = imatrix_;
  wrong.entries.at("blk.2.attn_q.weight").columns = 128;
  EXPECT_NE(quantize("q4_k", {&wrong, false}, folder_ / "a.gguf", 1).error().message.find("128 columns"),
            std::string::npos);
  EXPECT_FALSE(quantize("q4_k", {}, source_->file().path(), 1));
  EXPECT_TRUE(folder_is_empty());
}

TEST_F(QuantizeTest, WeightsOnlyIsRecorded) {
  const auto metadata = quantized_metadata(source_->file(), plan("iq2_xxs"), {{nullptr, true}}, unknown_hash());
  const auto entry = std::find_if(metadata.begin(), metadata.end(),
                                  [](const GgufEntry& candidate) { return candidate.key == "rung.calibration"; });
  ASSERT_NE(entry, metadata.end());
  EXPECT_EQ(*entry->value.as_string(), "weights-only");
}

TEST_F(QuantizeTest, BadWeightIsNamed) {
  // One NaN in row 3, column 5 of blk.0.attn_q.weight.
  const GgufTensor* tensor = source_->file().tensor("blk.0.attn_q.weight");
  const auto whole = MappedFile::open(source_->file().path());
  std::vector<uint8_t> bytes(whole->bytes().begin(), whole->bytes().end());
  const size_t tail = static_cast<size_t>(source_->file().tensors().back().bytes.data() +
                                          source_->file().tensors().back().bytes.size() - tensor->bytes.data());
  const size_t at = bytes.size() - tail + (3 * 256 + 5) * 2;
  bytes[at] = 0xc0;
  bytes[at + 1] = 0x7f;
  std::ofstream(folder_ / "nan.gguf", std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  const auto damaged = GgufFile::open(folder_ / "nan.gguf");
  ASSERT_TRUE(damaged) << damaged.error().message;
  ThreadPool pool(2);
  Observer silent;
  const auto plan = plan_quantization(*damaged, find_recipe("q8_0").value(), {});
  const auto status =
      quantize_file(*damaged, std::vector<QuantizeOutput>{{folder_ / "out.gguf", *plan}}, {}, pool, silent);
  ASSERT_FALSE(status);
  EXPECT_NE(status.error().message.find("blk.0.attn_q.weight: row 3, column 5"), std::string::npos)
      << status.error().message;
  EXPECT_FALSE(fs::exists(folder_ / "out.gguf"));
  EXPECT_FALSE(fs::exists(folder_ / "out.gguf.rung-partial"));
  EXPECT_FALSE(fs::exists(folder_ / "out.gguf.rung-resume"));
}

}  // namespace
}  // namespace rung
