// Pages counted against a plain marking of bytes, and against what the kernel reports.
#include "base/page_buffer.h"

#include <gtest/gtest.h>

#include <cstring>
#include <set>

#include "base/process_memory.h"

namespace rung {
namespace {

TEST(Pages, OfPiecesAreThoseThatHoldTheirBytes) {
  const uint64_t page = page_bytes();
  for (const uint64_t count : {0, 1, 2, 7})
    for (const uint64_t stride : {page / 3, page / 2, page, page + 1, 2 * page, 5 * page - 7})
      for (const uint64_t used : {uint64_t{0}, uint64_t{1}, stride / 4, stride - 1, stride}) {
        std::set<uint64_t> touched;
        for (uint64_t piece = 0; piece < count; ++piece)
          for (uint64_t byte = 0; byte < used; ++byte) touched.insert((piece * stride + byte) / page);
        EXPECT_EQ(pages_of_pieces(count, stride, used), touched.size() * page)
            << count << " pieces, " << stride << " apart, " << used << " used";
      }
}

TEST(Pages, WholePagesRoundUp) {
  EXPECT_EQ(whole_pages(0), 0u);
  EXPECT_EQ(whole_pages(1), page_bytes());
  EXPECT_EQ(whole_pages(page_bytes()), page_bytes());
  EXPECT_EQ(whole_pages(page_bytes() + 1), 2 * page_bytes());
}

TEST(PageBuffer, IsResidentWhereTouched) {
  if (!PageBuffer::comes_from_system()) GTEST_SKIP() << "the sanitizer's heap is resident as it likes";
  const size_t page = page_bytes();
  const PageBuffer buffer(100 * page, PageBuffer::Use::kSparse);
  EXPECT_EQ(resident_bytes(buffer.bytes()), 0u);
  buffer.data()[0] = buffer.data()[7 * page + 1] = buffer.data()[99 * page] = 1;
  EXPECT_EQ(resident_bytes(buffer.bytes()), 3 * page);
  EXPECT_EQ(resident_bytes(buffer.bytes().subspan(page, 6 * page)), 0u);
}

TEST(PageBuffer, GrowsAndKeepsWhatIsLargeEnough) {
  PageBuffer buffer;
  EXPECT_EQ(buffer.size(), 0u);
  float* const small = buffer.reserve<float>(10);
  EXPECT_EQ(buffer.reserve<float>(9), small);
  EXPECT_EQ(buffer.size(), 40u);
  std::memset(buffer.reserve<uint8_t>(1 << 20), 1, 1 << 20);
  EXPECT_EQ(buffer.size(), size_t{1} << 20);
  const PageBuffer moved = std::move(buffer);
  EXPECT_EQ(moved.data()[(1 << 20) - 1], 1);
}

TEST(ProcessMemory, SeesWhatIsTouchedAndRemembersThePeak) {
  const auto before = read_process_memory();
  if (!before) GTEST_SKIP() << "/proc/self/status does not tell";
  PeakMemory peak;
  constexpr size_t kBytes = size_t{64} << 20;
  {
    const PageBuffer buffer(kBytes);
    std::memset(buffer.data(), 1, kBytes);
  }
  const auto highest = peak.stop();
  ASSERT_TRUE(highest);
  EXPECT_GE(highest->peak_resident, kBytes);
  EXPECT_GE(highest->anonymous, before->anonymous);
}

}  // namespace
}  // namespace rung
