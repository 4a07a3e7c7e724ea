// Half floats over all 65,536 values, thread pool coverage, atomic files.
#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <vector>

#include "base/atomic_file.h"
#include "base/cpu.h"
#include "base/half.h"
#include "base/hash.h"
#include "base/mapped_file.h"
#include "base/temp_folder_for_tests.h"
#include "base/thread_pool.h"

namespace rung {
namespace {

TEST(Half, EveryValueSurvivesTheRoundTrip) {
  for (uint32_t h = 0; h < 0x10000; ++h) {
    const float value = half_to_float(static_cast<uint16_t>(h));
    const uint16_t back = float_to_half(value);
    if (std::isnan(value)) {
      EXPECT_TRUE(std::isnan(half_to_float(back)));
    } else {
      EXPECT_EQ(back, h);
    }
  }
}

TEST(Half, RoundsToNearestEven) {
  for (uint32_t h = 0; h < 0x7bff; ++h) {
    const float low = half_to_float(static_cast<uint16_t>(h)), high = half_to_float(static_cast<uint16_t>(h + 1));
    const float middle = (low + high) / 2;  // exact in float
    EXPECT_EQ(float_to_half(middle), (h & 1) ? h + 1 : h);
    EXPECT_EQ(float_to_half(std::nextafter(middle, high)), h + 1);
    EXPECT_EQ(float_to_half(std::nextafter(middle, low)), h);
  }
  EXPECT_EQ(float_to_half(65519.996f), 0x7bff);
  EXPECT_EQ(float_to_half(65520.0f), 0x7c00);
  EXPECT_EQ(float_to_half(-std::numeric_limits<float>::infinity()), 0xfc00);
}

TEST(Bfloat16, RoundsToNearestEven) {
  for (uint32_t b = 0; b < 0x7f80; ++b) {
    const float value = bfloat16_to_float(static_cast<uint16_t>(b));
    EXPECT_EQ(float_to_bfloat16(value), b);
    const float middle = std::bit_cast<float>((b << 16) | 0x8000u);
    EXPECT_EQ(float_to_bfloat16(middle), (b & 1) ? b + 1 : b);
  }
}

TEST(ThreadPool, EveryElementExactlyOnce) {
  for (const int threads : {1, 2, 5}) {
    ThreadPool pool(threads);
    EXPECT_EQ(pool.size(), threads);
    for (const size_t count : {0u, 1u, 7u, 1000u}) {
      std::vector<std::atomic<int>> seen(count);
      pool.parallel_for(count, 3, [&](size_t begin, size_t end, int thread) {
        EXPECT_LT(thread, threads);
        EXPECT_LE(end - begin, 3u);
        for (size_t element = begin; element < end; ++element) ++seen[element];
      });
      for (const auto& times : seen) EXPECT_EQ(times, 1);
    }
  }
}

TEST(ThreadPool, ManyShortLoops) {
  ThreadPool pool(3);
  std::atomic<int> calls{0};
  for (int round = 0; round < 2000; ++round) pool.run([&](int) { ++calls; });
  EXPECT_EQ(calls, 6000);
}

class FileTest : public testing::Test {
 protected:
  test::TempFolder folder_;
};

TEST_F(FileTest, AppearsOnlyWhenCommitted) {
  {
    auto file = AtomicFile::create(folder_ / "a");
    ASSERT_TRUE(file);
    ASSERT_TRUE(file->write("half"));
    EXPECT_FALSE(std::filesystem::exists(folder_ / "a"));
  }
  EXPECT_TRUE(folder_.names().empty());
  ASSERT_TRUE(write_file(folder_ / "a", "whole"));
  EXPECT_EQ(folder_.names(), std::vector<std::string>{"a"});
  EXPECT_EQ(read_file(folder_ / "a").value(), "whole");
  auto mapped = MappedFile::open(folder_ / "a");
  ASSERT_TRUE(mapped);
  EXPECT_EQ(mapped->bytes().size(), 5u);
}

TEST_F(FileTest, ErrorsNameTheFile) {
  const auto missing = read_file(folder_ / "none");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind, ErrorKind::kInput);
  EXPECT_NE(missing.error().message.find("none: cannot be read: No such file"), std::string::npos);
  EXPECT_FALSE(MappedFile::open(folder_.path()));
  EXPECT_FALSE(AtomicFile::create(folder_ / "no" / "such" / "folder"));
  EXPECT_FALSE(AtomicFile::create(folder_.path()));
}

TEST(Isa, ForcedIsActive) {
  if (const char* forced = std::getenv("RUNG_ISA"); forced != nullptr && *forced != '\0') {
    ASSERT_TRUE(check_isa_choice());
    EXPECT_EQ(isa_name(active_isa()), forced);
  } else {
    EXPECT_EQ(active_isa(), available_isas().back());
  }
}

TEST(Hash, KnownAnswer) {
  // xxHash's own documentation: XXH3_128bits of the empty string.
  EXPECT_EQ(content_hash(std::string_view()), "99aa06d3014798d86001c324468d497f");
}

}  // namespace
}  // namespace rung
