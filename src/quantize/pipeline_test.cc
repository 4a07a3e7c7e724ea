// What quantize_file promises beyond the bytes of one file: several outputs, splits, bounded memory, losses, refusals.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/hash.h"
#include "base/mapped_file.h"
#include "base/temp_folder_for_tests.h"
#include "quantize/loss_report.h"
#include "quantize/quantize_file.h"
#include "quantize/small_model_for_tests.h"

namespace rung {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class PipelineTest : public testing::Test {
 protected:
  PipelineTest() {
    EXPECT_TRUE(test::write_small_model(folder_ / "in.gguf"));
    file_ = GgufFile::open(folder_ / "in.gguf").value();
  }

  QuantizeOutput output(std::string_view name, std::string_view recipe) const {
    return {folder_ / name, plan_quantization(*file_, find_recipe(recipe).value(), {}).value()};
  }
  std::vector<std::vector<TensorLoss>> quantize(const std::vector<QuantizeOutput>& outputs,
                                                const QuantizeOptions& options = {}, int threads = 2) {
    ThreadPool pool(threads);
    Observer silent;
    auto losses = quantize_file(*file_, outputs, options, pool, silent);
    EXPECT_TRUE(losses) << losses.error().message;
    return losses ? *losses : std::vector<std::vector<TensorLoss>>();
  }
  std::string error_of(const std::vector<QuantizeOutput>& outputs, const QuantizeOptions& options = {}) {
    ThreadPool pool(1);
    Observer silent;
    const auto losses = quantize_file(*file_, outputs, options, pool, silent);
    return losses ? "" : losses.error().message;
  }
  std::string bytes_hash(std::string_view name) const {
    return content_hash(MappedFile::open(folder_ / name).value().bytes());
  }

  test::TempFolder folder_;
  std::optional<GgufFile> file_;
};

TEST_F(PipelineTest, SeveralOutputsAreThoseOfSeveralRuns) {
  quantize({output("a.gguf", "q4_k"), output("b.gguf", "q8_0"), output("c.gguf", "q4_k")});
  quantize({output("one.gguf", "q4_k")});
  quantize({output("two.gguf", "q8_0")});
  EXPECT_EQ(bytes_hash("a.gguf"), bytes_hash("one.gguf"));
  EXPECT_EQ(bytes_hash("b.gguf"), bytes_hash("two.gguf"));
  EXPECT_EQ(bytes_hash("c.gguf"), bytes_hash("one.gguf"));
}

TEST_F(PipelineTest, MemoryAndThreadsDoNotShow) {
  QuantizeOptions options;
  options.output.importance.weights_only = true;
  quantize({output("a.gguf", "iq2_xxs")}, options, 1);
  options.max_memory = 1;  // one band at a time
  quantize({output("b.gguf", "iq2_xxs")}, options, 3);
  EXPECT_EQ(bytes_hash("a.gguf"), bytes_hash("b.gguf"));
}

TEST_F(PipelineTest, SourceHashIsThatOfTheFile) {
  quantize({output("a.gguf", "q8_0")});
  const GgufFile written = GgufFile::open(folder_ / "a.gguf").value();
  EXPECT_EQ(written.str("rung.source.hash").value(), bytes_hash("in.gguf"));
  EXPECT_EQ(written.str("rung.source.file").value(), "in.gguf");
  EXPECT_EQ(written.str("rung.effort").value(), "normal");
}

TEST_F(PipelineTest, PartsHoldWhatOneFileHolds) {
  quantize({output("whole.gguf", "q8_0")});
  QuantizeOptions options;
  options.output.shard_bytes = 1000000;
  const auto planned = planned_files(*file_, std::vector<QuantizeOutput>{output("part.gguf", "q8_0")}, options).value();
  ASSERT_GT(planned[0].size(), 2u);
  quantize({output("part.gguf", "q8_0")}, options);
  for (const PlannedFile& part : planned[0]) {
    EXPECT_EQ(std::filesystem::file_size(part.path), part.bytes);
    EXPECT_LE(part.bytes, 1000000u);
  }
  const GgufFile whole = GgufFile::open(folder_ / "whole.gguf").value();
  const GgufFile parts = GgufFile::open(planned[0][0].path).value();  // checks names, numbers and counts
  EXPECT_EQ(parts.shard_count(), planned[0].size());
  ASSERT_EQ(parts.tensors().size(), whole.tensors().size());
  for (const GgufTensor& tensor : whole.tensors())
    EXPECT_TRUE(std::ranges::equal(tensor.bytes, parts.tensor(tensor.name)->bytes)) << tensor.name;

  // Again, as the input is split.
  QuantizeOptions keep;
  keep.output.keep_split = true;
  const std::vector<QuantizeOutput> again = {
      {folder_ / "kept.gguf", plan_quantization(parts, find_recipe("f16").value(), {}).value()}};
  ThreadPool pool(2);
  Observer silent;
  keep.allow_requantize = true;
  ASSERT_TRUE(quantize_file(parts, again, keep, pool, silent));
  const std::string first = fmt::format("kept-00001-of-{:05}.gguf", parts.shard_count());
  const GgufFile kept = GgufFile::open(folder_ / first).value();
  for (const GgufTensor& tensor : parts.tensors())
    EXPECT_EQ(kept.tensor(tensor.name)->shard, tensor.shard) << tensor.name;
}

TEST_F(PipelineTest, LossesAreThoseOfTheDecodedFile) {
  QuantizeOptions options;
  options.measure_loss = true;
  const std::vector<QuantizeOutput> outputs = {output("a.gguf", "q4_0")};
  const auto losses = quantize(outputs, options, 3);
  EXPECT_EQ(loss_csv(outputs, losses), loss_csv(outputs, quantize(outputs, options, 1)));
  const GgufFile written = GgufFile::open(folder_ / "a.gguf").value();
  for (size_t index = 0; index < file_->tensors().size(); ++index) {
    const GgufTensor& before = file_->tensors()[index];
    const GgufTensor& after = written.tensors()[index];
    std::vector<float> value(before.values()), decoded(before.values());
    decode_row(*before.format, before.bytes.data(), value.size(), value.data());
    decode_row(*after.format, after.bytes.data(), decoded.size(), decoded.data());
    double error = 0, power = 0;
    for (size_t at = 0; at < value.size(); ++at) {
      error += std::pow(static_cast<double>(decoded[at]) - value[at], 2);
      power += std::pow(static_cast<double>(value[at]), 2);
    }
    // Sums of n doubles in another order: n * 2^-53 apart.
    EXPECT_NEAR(losses[0][index].relative_error(), error / power, 1e-9 * error / power) << before.name;
    EXPECT_NEAR(losses[0][index].snr_db().value_or(0), error > 0 ? 10 * std::log10(power / error) : 0, 1e-6);
  }
}

TEST_F(PipelineTest, EncodersAreToldWhatAMatrixIsUsedFor) {
  quantize({output("out.gguf", "q3_k")});
  const GgufFile written = GgufFile::open(folder_ / "out.gguf").value();
  const auto encoded_for = [&](std::string_view name, MatrixUse use) {
    const GgufTensor& tensor = *file_->tensor(name);
    std::vector<float> values(tensor.values());
    decode_row(*tensor.format, tensor.bytes.data(), values.size(), values.data());
    std::vector<uint8_t> blocks(row_bytes(Format::Q3_K, values.size()));
    encode_matrix_rows(Format::Q3_K,
                       {.values = values.data(), .rows = tensor.rows(), .columns = tensor.columns(), .use = use},
                       blocks.data());
    return std::ranges::equal(blocks, written.tensor(name)->bytes);
  };
  EXPECT_TRUE(encoded_for("blk.0.ffn_down_exps.weight", MatrixUse::kFfnDown));
  EXPECT_FALSE(encoded_for("blk.0.ffn_down_exps.weight", MatrixUse::kGeneral));
  EXPECT_TRUE(encoded_for("blk.0.attn_q.weight", MatrixUse::kGeneral));
}

TEST_F(PipelineTest, LossOfARowByHand) {
  // q8_0 with scale 1/127 * 127 = 1: 1.25 becomes 1, 127 stays; the importance weighs the miss.
  std::vector<float> row(32), importance(32, 1.0f);
  row[0] = 127.0f;
  row[1] = 1.25f;
  importance[1] = 4.0f;
  std::vector<uint8_t> blocks(row_bytes(Format::Q8_0, row.size()));
  encode_matrix_rows(Format::Q8_0, {row.data(), 1, row.size()}, blocks.data());
  std::vector<float> decoded(32);
  decode_row(Format::Q8_0, blocks.data(), 32, decoded.data());
  ASSERT_EQ(decoded[0], 127.0f);
  ASSERT_EQ(decoded[1], 1.0f);
  const TensorLoss loss = row_loss(row.data(), 32, {Format::Q8_0, blocks.data(), 1.0f, importance.data()});
  EXPECT_DOUBLE_EQ(loss.relative_error(), 4 * 0.0625 / (127.0 * 127 + 4 * 1.5625));
  EXPECT_DOUBLE_EQ(loss.snr_db().value(), 10 * std::log10((127.0 * 127 + 1.5625) / 0.0625));
  EXPECT_EQ(loss.outliers, 0u);  // 127 is 5.66 times the row's root mean square: sqrt(32)
  std::vector<float> spike(40);
  spike[7] = -1.0f;  // sqrt(40) = 6.3 times
  EXPECT_EQ(row_loss(spike.data(), spike.size(), {}).outliers, 1u);
}

TEST_F(PipelineTest, RefusalsNameWhatIsWrong) {
  EXPECT_THAT(error_of({output("a.gguf", "q8_0"), output("a.gguf", "q4_k")}), HasSubstr("written twice"));
  quantize({output("q8.gguf", "q8_0")});
  file_ = GgufFile::open(folder_ / "q8.gguf").value();
  EXPECT_THAT(error_of({output("a.gguf", "q4_k")}), HasSubstr("token_embd.weight is q8_0 already"));
  QuantizeOptions allowed;
  allowed.allow_requantize = true;
  EXPECT_EQ(error_of({output("a.gguf", "q4_k")}, allowed), "");
  EXPECT_THAT(folder_.names(), ElementsAre("a.gguf", "in.gguf", "q8.gguf"));
}

}  // namespace
}  // namespace rung
