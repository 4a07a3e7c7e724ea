// Amounts as people write them; and the machine's memory.
#include "plan/quantity.h"

#include <gmock/gmock.h>

#include <fstream>

#include "base/temp_folder_for_tests.h"
#include "plan/machine.h"

namespace rung {
namespace {

using testing::HasSubstr;

TEST(Quantity, BytesInBothKindsOfUnits) {
  const std::vector<std::pair<std::string, uint64_t>> good = {
      {"24GiB", uint64_t{24} << 30}, {"24 GB", 24000000000}, {"24gb", 24000000000}, {"1.5KiB", 1536}, {"512B", 512},
      {"2TiB", uint64_t{2} << 40},   {"80MB", 80000000},     {"3kB", 3000}};
  for (const auto& [text, bytes] : good) EXPECT_EQ(parse_bytes(text, "--memory").value(), bytes) << text;
}

TEST(Quantity, NothingIsGuessed) {
  for (const char* text : {"", "24", "24G", "24Gb", "24Gib", "24GiBs", "GiB", "-1GiB", "1e3GiB", "1.2.3GiB", "0GiB",
                           "nanGiB", "24 GiB extra", "99999999999TiB"}) {
    const auto bytes = parse_bytes(text, "--memory");
    ASSERT_FALSE(bytes) << text;
    EXPECT_THAT(bytes.error().message, HasSubstr(fmt::format("--memory: found '{}'", text)));
  }
}

TEST(Quantity, Tokens) {
  EXPECT_EQ(parse_tokens("8192", "--context").value(), 8192u);
  EXPECT_EQ(parse_tokens("32k", "--context").value(), 32768u);
  EXPECT_EQ(parse_tokens("1M", "--context").value(), 1048576u);
  for (const char* text : {"", "k", "32kB", "0", "1.5", "-4", "2000M", "many"})
    EXPECT_FALSE(parse_tokens(text, "--context")) << text;
}

TEST(Quantity, Devices) {
  const Device device = parse_device("24GiB@1000GB/s@80TFLOPS", "--device").value();
  EXPECT_EQ(device.bytes, uint64_t{24} << 30);
  EXPECT_DOUBLE_EQ(device.bandwidth, 1e12);
  EXPECT_DOUBLE_EQ(device.operations, 80e12);
  EXPECT_DOUBLE_EQ(parse_device("24GiB", "--device")->bandwidth, 0);
  for (const char* text :
       {"24GiB@", "24GiB@1000", "24GiB@1000GB", "24GiB@0GB/s", "24GiB@9GB/s@", "24GiB@9GB/s@80", "@9GB/s"})
    EXPECT_FALSE(parse_device(text, "--device")) << text;
}

TEST(Quantity, ModelSizes) {
  EXPECT_DOUBLE_EQ(parse_model_size("70B")->weights, 70e9);
  EXPECT_DOUBLE_EQ(parse_model_size("0.6B")->weights, 0.6e9);
  EXPECT_EQ(parse_model_size("8x7B")->experts, 8u);
  EXPECT_DOUBLE_EQ(*parse_model_size("30B-A3B")->active, 3e9);
  for (const char* text : {"", "70", "B", "70GB", "1x7B", "8x", "3B-A30B", "30B-A", "900000B", "model.gguf", "2.5x7B"})
    EXPECT_FALSE(parse_model_size(text)) << text;
}

TEST(Quantity, SizesInWords) {
  EXPECT_EQ(binary_size(512), "512 B");
  EXPECT_EQ(binary_size(uint64_t{3} << 29), "1.50 GiB");
  EXPECT_EQ(binary_size((uint64_t{1} << 30) - 1), "1.00 GiB");
  EXPECT_EQ(binary_size(UINT64_MAX), "16777216 TiB");
}

TEST(Quantity, ProductsAndSumsStayAtTheTop) {
  EXPECT_EQ(saturating_product({uint64_t{1} << 40, uint64_t{1} << 40}), UINT64_MAX);
  EXPECT_EQ(saturating_product({uint64_t{1} << 40, uint64_t{1} << 40, 0}), 0u);
  EXPECT_EQ(saturating_product({6, 7}), 42u);
  EXPECT_EQ(saturating_sum({UINT64_MAX, 1}), UINT64_MAX);
  EXPECT_EQ(saturating_sum({40, 2}), 42u);
}

TEST(Machine, MemoryOfTheKernelOrTheContainer) {
  const test::TempFolder folder;
  const auto write = [&](const std::string& name, const std::string& text) {
    const auto path = folder.path() / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text;
  };
  EXPECT_THAT(detect_memory(folder.path()).error().message, HasSubstr("--memory"));
  write("proc/meminfo", "MemTotal:       16384 kB\nMemFree: 1 kB\nMemAvailable:    8192 kB\n");
  EXPECT_EQ(detect_memory(folder.path())->total, 16u << 20);
  EXPECT_EQ(detect_memory(folder.path())->available, 8u << 20);
  write("sys/fs/cgroup/memory.max", "max\n");
  EXPECT_FALSE(detect_memory(folder.path())->limited);
  write("sys/fs/cgroup/memory.max", "4194304\n");
  write("sys/fs/cgroup/memory.current", "1048576\n");
  EXPECT_EQ(detect_memory(folder.path())->total, 4u << 20);
  EXPECT_EQ(detect_memory(folder.path())->available, 3u << 20);
  EXPECT_TRUE(detect_memory(folder.path())->limited);
}

}  // namespace
}  // namespace rung
