// Error feedback: factors by hand, moments that are no good, less error under the moments than plain rounding, the same
// bytes for any number of threads.
#include "quantize/gptq.h"

#include <gtest/gtest.h>

#include <cmath>
#include <deque>
#include <mutex>
#include <set>
#include <thread>

#include "base/hash.h"
#include "base/mapped_file.h"
#include "base/rng.h"
#include "codec/repack.h"
#include "quantize/coordinate_descent.h"
#include "quantize/memory_plan.h"
#include "quantize/quantize_file.h"
#include "quantize/recipe_source.h"
#include "quantize/small_model_for_tests.h"

namespace rung {
namespace {

constexpr size_t kColumns = 512, kTestRows = 40;  // more than one group of rows, the last one not full

/// A Gram refers to values of others: these are there as long as the program.
Gram in_blocks(uint64_t columns, uint64_t block, double tokens, std::vector<float> values) {
  static std::deque<std::vector<float>> kept;
  return {columns, block, tokens, kept.emplace_back(std::move(values))};
}

Gram gram_of(uint64_t columns, std::vector<float> values) {
  return in_blocks(columns, columns, 1e6, std::move(values));
}

std::vector<float> identity_values(uint64_t columns) {
  std::vector<float> values(columns * columns);
  for (uint64_t column = 0; column < columns; ++column) values[column * columns + column] = 1;
  return values;
}

Gram identity(uint64_t columns) { return gram_of(columns, identity_values(columns)); }

std::vector<float> random_weights(size_t count, uint64_t seed) {
  Rng rng(seed);
  std::vector<float> weights(count);
  for (float& weight : weights)  // near a normal distribution
    weight = static_cast<float>(rng.uniform() + rng.uniform() + rng.uniform() + rng.uniform() - 2) * 0.1f;
  return weights;
}

/// E[x x^T] of x = common * direction + noise of unequal size: strongly correlated columns.
std::vector<float> correlated_values(uint64_t columns, uint64_t block) {
  constexpr size_t kDirections = 8;
  Rng rng(5);
  std::vector<double> directions(kDirections * columns), noise(columns);
  for (double& value : directions) value = rng.uniform() - 0.5;
  for (double& value : noise) value = 0.02 + 0.1 * rng.uniform();
  std::vector<float> values;
  for (uint64_t first = 0; first < columns; first += block)
    for (uint64_t row = first; row < first + block; ++row)
      for (uint64_t column = first; column < first + block; ++column) {
        double sum = row == column ? noise[row] : 0;
        for (size_t direction = 0; direction < kDirections; ++direction)
          sum += directions[direction * columns + row] * directions[direction * columns + column];
        values.push_back(static_cast<float>(sum));
      }
  return values;
}

Gram correlated(uint64_t columns, uint64_t block) {
  return in_blocks(columns, block, 1e6, correlated_values(columns, block));
}

std::vector<float> decoded(Format format, const std::vector<uint8_t>& blocks, size_t values) {
  std::vector<float> result(values);
  decode_row(format, blocks.data(), values, result.data());
  return result;
}

std::vector<uint8_t> plain(Format format, const EncodeInput& input) {
  std::vector<uint8_t> blocks(input.rows * row_bytes(format, input.columns));
  encode_matrix_rows(format, input, blocks.data());
  return blocks;
}

std::vector<uint8_t> with_feedback(Format format, const EncodeInput& input, const Gram& gram) {
  std::vector<uint8_t> blocks(input.rows * row_bytes(format, input.columns));
  encode_with_feedback(format, input, *make_error_feedback(gram, format_info(format).block_values), blocks.data());
  return blocks;
}

/// tr(E H E^T).
double cost(Format format, const EncodeInput& input, const std::vector<uint8_t>& blocks, const Gram& gram) {
  const std::vector<float> rounded = decoded(format, blocks, input.rows * input.columns);
  double sum = 0;
  for (size_t row = 0; row < input.rows; ++row) {
    const auto error = [&](size_t column) {
      const size_t at = row * input.columns + column;
      return double{input.values[at]} - rounded[at];
    };
    const float* values = gram.values.data();
    for (size_t first = 0; first < gram.columns; first += gram.block)
      for (size_t left = 0; left < gram.block; ++left)
        for (size_t right = 0; right < gram.block; ++right)
          sum += error(first + left) * *values++ * error(first + right);
  }
  return sum;
}

std::vector<Format> feedback_formats() {
  std::vector<Format> formats;
  for (const FormatInfo& info : all_formats())
    if (takes_feedback(info.format)) formats.push_back(info.format);
  return formats;
}

TEST(ErrorFeedback, TwoColumnsByHand) {
  // The mean of the diagonal is 3, so that 0.03 is added. H = V V^T with V upper, in the order 1, 0.
  const auto feedback = make_error_feedback(gram_of(2, {2, 1, 1, 4}), 2);
  ASSERT_EQ(feedback->size(), 1u);
  const FeedbackPart& part = feedback->front();
  EXPECT_EQ(part.order, (std::vector<uint32_t>{1, 0}));
  EXPECT_NEAR(part.damping, 0.01, 1e-12);
  EXPECT_NEAR(part.weight[0], 4.03 - 1 / 2.03, 1e-6);
  EXPECT_NEAR(part.weight[1], 2.03, 1e-6);
  EXPECT_NEAR(part.feedback[2], 1 / 2.03, 1e-6);
  EXPECT_EQ(part.feedback[1], 0);
}

TEST(ErrorFeedback, BlocksStayTogether) {
  std::vector<float> values = identity_values(6);
  for (const auto& [column, moment] : {std::pair{0, 3.0f}, {2, 2.0f}, {3, 5.0f}, {5, 9.0f}})
    values[7 * column] = moment;
  const auto feedback = make_error_feedback(gram_of(6, values), 2);  // sums 4, 7, 10
  EXPECT_EQ(feedback->front().order, (std::vector<uint32_t>{5, 4, 3, 2, 0, 1}));
}

TEST(ErrorFeedback, FactorsMultiplyToTheDampedMoments) {
  const Gram gram = correlated(64, 64);
  const FeedbackPart part = make_error_feedback(gram, 32)->front();
  const FeedbackPart single = make_error_feedback(gram, 64)->front();  // nothing is left to make up for errors
  double mean = 0;
  for (size_t column = 0; column < 64; ++column) mean += gram.values[65 * column] / 64;
  const auto factor = [&](size_t from, size_t to) {  // 1 + F
    return from == to ? 1.0 : double{part.feedback[to * 64 + from]};
  };
  for (size_t row = 0; row < 64; ++row)
    for (size_t column = 0; column < 64; ++column) {
      double sum = 0;
      for (size_t place = std::max(row, column); place < 64; ++place)
        sum += factor(row, place) * part.weight[place] * factor(column, place);
      const double expected =
          gram.values[part.order[row] * 64 + part.order[column]] + (row == column ? 0.01 * mean : 0);
      EXPECT_NEAR(sum, expected, 64 * 1e-6 * mean);  // floats of size mean
      const double damped = gram.values[row * 64 + column] + (row == column ? 0.01 * mean : 0);
      EXPECT_NEAR(single.inner[row * 64 + column], damped, 1e-6 * mean);
    }
}

TEST(ErrorFeedback, DampingIsRaisedUntilItSucceeds) {
  // Eigenvalues 6 and -4: 0.01, 0.1 and 1 of the mean are too little, 10 is enough.
  EXPECT_NEAR(make_error_feedback(gram_of(2, {1, 5, 5, 1}), 1)->front().damping, 10, 1e-9);
}

TEST(ErrorFeedback, TooLittleIsKnown) {
  EXPECT_EQ(make_error_feedback(gram_of(4, std::vector<float>(16)), 1), nullptr);  // no activity
  Gram gram = identity(4);
  gram.tokens = 3;
  EXPECT_EQ(make_error_feedback(gram, 1), nullptr);
  gram.tokens = 4;
  EXPECT_NE(make_error_feedback(gram, 1), nullptr);
  const Gram blocks = in_blocks(4, 2, 2, {1, 0, 0, 1, 1, 0, 0, 1});  // two tokens for blocks of two
  EXPECT_NE(make_error_feedback(blocks, 1), nullptr);
}

TEST(ErrorFeedback, InputsAreSharedByWhoAsks) {
  FeedbackCache cache(nullptr, UINT64_MAX);
  const Gram first = identity(32), second = identity(32);
  const auto made = cache.find(first, 32);
  EXPECT_EQ(cache.find(first, 32), made);
  EXPECT_NE(cache.find(second, 32), made);
  EXPECT_NE(cache.find(first, 16), made);
}

TEST(ErrorFeedback, MemoryIsThatOfTheFactor) {
  // Feedback, inner squares, order and weight; while it is made also the moments and a copy in double.
  const FeedbackMemory full = feedback_memory(identity(64), 32);
  EXPECT_EQ(full.kept, 4u * (64 * 64 + 64 * 32 + 2 * 64));
  EXPECT_EQ(full.making, full.kept + (4 + 8) * 64 * 64);
  const FeedbackMemory blocks = feedback_memory(correlated(512, 256), 32);
  EXPECT_EQ(blocks.kept, 2u * 4 * (256 * 256 + 256 * 32 + 2 * 256));
  EXPECT_EQ(blocks.making, blocks.kept + (4 + 8) * 256 * 256);  // one block after the other
  const auto made = make_error_feedback(correlated(512, 256), 32);
  uint64_t bytes = 0;
  for (const FeedbackPart& part : *made)
    bytes += 4 * (part.order.size() + part.feedback.size() + part.weight.size() + part.inner.size());
  EXPECT_EQ(blocks.kept, bytes);
  EXPECT_EQ(feedback_memory(in_blocks(64, 64, 63, identity_values(64)), 32).making, 0u);  // none is made
}

TEST(ErrorFeedback, WhoFindsNoRoomWaitsForIt) {
  std::vector<Gram> grams;
  for (int gram = 0; gram < 8; ++gram) grams.push_back(identity(64));
  const FeedbackMemory one = feedback_memory(grams[0], 64);
  for (const auto& [limit, most] : {std::pair{one.making, size_t{1}}, {one.making + one.kept, size_t{2}}}) {
    FeedbackCache cache(nullptr, limit);
    std::mutex mutex;
    std::multiset<const ErrorFeedback*> held;
    ThreadPool pool(4);
    pool.parallel_for(256, 1, [&, most = most](size_t first, size_t, int) {
      const auto feedback = cache.find(grams[first % grams.size()], 64);
      ASSERT_NE(feedback, nullptr);
      EXPECT_EQ(feedback->front().columns(), 64u);
      {
        const std::lock_guard lock(mutex);
        held.insert(feedback.get());
        EXPECT_LE(std::set<const ErrorFeedback*>(held.begin(), held.end()).size(), most);
      }
      std::this_thread::yield();
      const std::lock_guard lock(mutex);
      held.erase(held.find(feedback.get()));
    });
  }
}

TEST(Gptq, EqualIndependentColumnsAreRoundedByThemselves) {
  const std::vector<float> weights = random_weights(kTestRows * kColumns, 1);
  const EncodeInput input{weights.data(), kTestRows, kColumns};
  const Gram gram = identity(kColumns);
  for (const Format format : feedback_formats()) {
    const double rounded = cost(format, input, plain(format, input), gram);
    const double fed_back = cost(format, input, with_feedback(format, input, gram), gram);
    if (takes_descent(format)) {  // its encoder weighs large weights more, descent sees the plain sum of squares
      EXPECT_LE(fed_back, rounded) << format_name(format);
      EXPECT_GT(fed_back, 0.8 * rounded) << format_name(format);
    } else {  // the encoder's scales with the nearest codes; encoders may differ in ties and in float rounding
      EXPECT_NEAR(fed_back, rounded, 1e-4 * rounded) << format_name(format);
    }
  }
}

TEST(Gptq, CorrelatedColumnsMakeUpForErrors) {
  const std::vector<float> weights = random_weights(kTestRows * kColumns, 2);
  const EncodeInput input{weights.data(), kTestRows, kColumns};
  for (const uint64_t block : {uint64_t{256}, uint64_t{kColumns}}) {
    const Gram gram = correlated(kColumns, block);
    for (const Format format : feedback_formats()) {
      const double ratio = cost(format, input, with_feedback(format, input, gram), gram) /
                           cost(format, input, plain(format, input), gram);
      // Noise alone is left at best: 8 directions hold 8/12 of the diagonal's 0.74, noise 0.07.
      EXPECT_GT(ratio, 0.05) << format_name(format);
      EXPECT_LT(ratio, 0.6) << format_name(format);
    }
  }
}

TEST(Gptq, DescentLowersTheCostOfEveryBlock) {
  const std::vector<float> weights = random_weights(8 * kDescentValues, 4);
  const Gram gram = correlated(kDescentValues, kDescentValues);
  for (const FormatInfo& info : all_formats()) {
    if (!takes_descent(info.format)) continue;
    for (size_t row = 0; row < 8; ++row) {
      const EncodeInput input{weights.data() + row * kDescentValues, 1, kDescentValues};
      auto blocks = plain(info.format, input);
      const double before = cost(info.format, input, blocks, gram);
      descend_block(info.format, input.values, gram.values.data(), blocks.data());
      const double once = cost(info.format, input, blocks, gram);
      EXPECT_LT(once, 0.8 * before) << info.name;
      descend_block(info.format, input.values, gram.values.data(), blocks.data());
      EXPECT_LE(cost(info.format, input, blocks, gram), once * (1 + 1e-5)) << info.name;  // never rises
    }
  }
}

TEST(Gptq, AbsurdMomentsGiveFiniteWeights) {
  std::vector<float> weights = random_weights(3 * kColumns, 3);
  for (size_t column = 0; column < kColumns; ++column) {
    weights[column] *= 1e38f;
    weights[kColumns + column] *= 1e-38f;
  }
  const EncodeInput input{weights.data(), 3, kColumns};
  const std::vector<float> rank_one(kColumns * kColumns, 1e30f);
  std::vector<float> indefinite = identity_values(kColumns), dead = correlated_values(kColumns, kColumns);
  for (size_t column = 1; column < kColumns; ++column) indefinite[column] = indefinite[column * kColumns] = 1e6f;
  for (size_t column = 0; column < kColumns; ++column)
    for (size_t other = 0; other < kColumns; other += 2)
      dead[column * kColumns + other] = dead[other * kColumns + column] = 0;
  const std::vector<Gram> grams = {gram_of(kColumns, rank_one), gram_of(kColumns, indefinite), gram_of(kColumns, dead)};
  for (const Format format : feedback_formats())
    for (const Gram& gram : grams) {
      const auto blocks = with_feedback(format, input, gram);
      for (const float value : decoded(format, blocks, weights.size())) ASSERT_TRUE(std::isfinite(value));
    }
}

/// A small model and moments for two of its kinds of tensors; of the experts the second saw nothing.
class GptqFile : public testing::Test {
 protected:
  GptqFile() {
    EXPECT_TRUE(test::write_small_model(folder_ / "m.gguf"));
    source_ = FileSource::open(folder_ / "m.gguf").value();
    grams_.file = "g.gguf";
    std::vector<Gram> experts(4, correlated(512, 256));
    experts[1] = in_blocks(512, 256, 0, std::vector<float>(2 * 256 * 256));
    const auto q = std::make_shared<const std::vector<Gram>>(1, correlated(256, 256));
    const auto down = std::make_shared<const std::vector<Gram>>(experts);
    for (int layer = 0; layer < 5; ++layer) {
      grams_.inputs[fmt::format("blk.{}.attn_q.weight", layer)] = q;
      grams_.inputs[fmt::format("blk.{}.ffn_down_exps.weight", layer)] = down;
    }
    imatrix_ = imatrix_of(grams_);
  }
  QuantizationPlan plan(std::string_view recipe) const {
    return plan_quantization(source_->file(), find_recipe(recipe).value(), {}).value();
  }
  std::shared_ptr<const RecipeSource> source_of(std::string_view recipe, const GramFile* grams, int threads) {
    ThreadPool pool(threads);
    Observer silent;
    return RecipeSource::create(source_, plan(recipe), {&imatrix_, true, grams}, pool, silent).value();
  }
  std::vector<uint8_t> bytes(const RecipeSource& source, std::string_view tensor) {
    const auto view = source.find(tensor);
    return {view->bytes.begin(), view->bytes.end()};
  }

  test::TempFolder folder_;
  std::shared_ptr<const FileSource> source_;
  GramFile grams_;
  Imatrix imatrix_;
};

TEST_F(GptqFile, SameBytesForAnyNumberOfThreadsOnDiskAndInMemory) {
  for (const char* recipe : {"q3_k", "q4_0", "iq2_xxs"}) {
    std::vector<std::string> hashes;
    for (const int threads : {1, 3}) {
      ThreadPool pool(threads);
      Observer silent;
      QuantizeOptions options;
      options.output.importance = {&imatrix_, true, &grams_};
      const QuantizeOutput output{folder_ / fmt::format("{}.{}.gguf", recipe, threads), plan(recipe)};
      ASSERT_TRUE(quantize_file(source_->file(), std::span(&output, 1), options, pool, silent));
      hashes.push_back(content_hash(MappedFile::open(output.path)->bytes()));
    }
    EXPECT_EQ(hashes[0], hashes[1]);
    const auto written = FileSource::open(folder_ / fmt::format("{}.1.gguf", recipe)).value();
    EXPECT_EQ(*written->file().find("rung.method")->as_string(), "gptq");
    EXPECT_EQ(*written->file().find("rung.gram.file")->as_string(), "g.gguf");
    const auto in_memory = source_of(recipe, &grams_, 2);
    for (const char* tensor : {"blk.3.attn_q.weight", "blk.3.ffn_down_exps.weight"}) {
      const auto view = written->find(tensor);
      EXPECT_EQ(bytes(*in_memory, tensor), std::vector<uint8_t>(view->bytes.begin(), view->bytes.end()));
    }
  }
}

TEST_F(GptqFile, ExpertsWithoutTokensAreRoundedByTheirImportance) {
  const auto with = source_of("q4_k", &grams_, 2), without = source_of("q4_k", nullptr, 2);
  const auto feedback = bytes(*with, "blk.0.ffn_down_exps.weight"),
             alone = bytes(*without, "blk.0.ffn_down_exps.weight");
  const size_t matrix = feedback.size() / 4;
  for (size_t expert = 0; expert < 4; ++expert) {
    const bool same = std::equal(feedback.begin() + static_cast<ptrdiff_t>(expert * matrix),
                                 feedback.begin() + static_cast<ptrdiff_t>((expert + 1) * matrix),
                                 alone.begin() + static_cast<ptrdiff_t>(expert * matrix));
    EXPECT_EQ(same, expert == 1) << expert;
  }
  EXPECT_EQ(bytes(*with, "output.weight"), bytes(*without, "output.weight"));  // no moments
}

TEST_F(GptqFile, FactorsCountInTheMemory) {
  const QuantizationPlan q4_k = plan("q4_k");
  const QuantizationPlan* const plans[] = {&q4_k};
  const ImportanceOptions importance{&imatrix_, true, &grams_};
  EXPECT_EQ(least_memory(plans, {&imatrix_, true, nullptr}), 0u);
  const uint64_t least = least_memory(plans, importance);
  const uint64_t factor = feedback_memory(correlated(512, 256), 256).making;  // of ffn_down, larger than that of q
  EXPECT_GT(least, factor);
  EXPECT_TRUE(check_memory(plans, importance, least));
  const Status refused = check_memory(plans, importance, least - 1);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("--max-memory"), std::string::npos);
  EXPECT_NE(refused.error().message.find("blk.0.ffn_down_exps.weight"), std::string::npos);
  const MemoryPlan tight = plan_memory(plans, importance, least), ample = plan_memory(plans, importance, 100 * least);
  EXPECT_EQ(tight.factors, factor);
  EXPECT_GT(tight.bands, 0u);
  EXPECT_LE(tight.factors + tight.bands, least);
  EXPECT_LE(ample.factors + ample.bands, 100 * least);
  EXPECT_GT(ample.factors, 30 * least);  // half of what is left of it

  ThreadPool pool(3);
  Observer silent;
  std::vector<std::string> hashes;
  for (const uint64_t memory : {least, kDefaultMaxMemory}) {
    QuantizeOptions options;
    options.output.importance = importance;
    options.max_memory = memory;
    const QuantizeOutput output{folder_ / "m.q4_k.gguf", q4_k};
    ASSERT_TRUE(quantize_file(source_->file(), std::span(&output, 1), options, pool, silent));
    hashes.push_back(content_hash(MappedFile::open(output.path)->bytes()));
  }
  EXPECT_EQ(hashes[0], hashes[1]);
}

TEST_F(GptqFile, MomentsOfAnotherModelAreRefused) {
  const auto error_of = [&](const std::string& tensor, Gram gram, size_t matrices) {
    GramFile grams = grams_;
    grams.inputs[tensor] = std::make_shared<const std::vector<Gram>>(matrices, gram);
    return check_calibration(plan("q4_k"), {&imatrix_, false, &grams}).error().message;
  };
  EXPECT_EQ(
      error_of("blk.0.attn_q.weight", identity(128), 1),
      "g.gguf: tensor blk.0.attn_q.weight: has moments of 128 columns, the model has 256: it was made for another "
      "model");
  EXPECT_EQ(error_of("blk.0.attn_q.weight", identity(256), 2),
            "g.gguf: tensor blk.0.attn_q.weight: has moments of 2 matrices, the model has 1: it was made for another "
            "model");
  EXPECT_EQ(
      error_of("blk.9.attn_q.weight", identity(256), 1),
      "g.gguf: has moments for tensor 'blk.9.attn_q.weight', which the model lacks: it was made for another model");
  EXPECT_EQ(error_of("blk.0.attn_q.weight", in_blocks(256, 128, 1e6, std::vector<float>(2 * 128 * 128)), 1),
            "g.gguf: tensor blk.0.attn_q.weight: has moments in blocks of 128 columns, q4_k needs a multiple of 256");
}

}  // namespace
}  // namespace rung
