#include "io/gguf_split.h"

#include <algorithm>
#include <charconv>
#include <string_view>

namespace rung {
namespace {

// "-00001-of-00002.gguf"
constexpr size_t kDigits = 5;
constexpr std::string_view kOf = "-of-";
constexpr std::string_view kSuffix = ".gguf";
constexpr size_t kTailBytes = 1 + kDigits + kOf.size() + kDigits + kSuffix.size();

std::optional<uint64_t> five_digits(std::string_view text) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

Result<std::optional<uint64_t>> split_number(std::span<const GgufEntry> metadata, std::string_view key,
                                             const std::filesystem::path& path) {
  for (const GgufEntry& entry : metadata) {
    if (entry.key != key) continue;
    if (const std::optional<uint64_t> value = entry.value.as_u64()) return value;
    return input_error("{}: {} is of type {}, allowed is a non-negative integer", path.string(), key,
                       gguf_type_name(entry.value.type));
  }
  return std::optional<uint64_t>();
}

}  // namespace

std::filesystem::path SplitPart::path(uint64_t part) const {
  return fmt::format("{}-{:05}-of-{:05}.gguf", prefix, part + 1, count);
}

std::optional<SplitPart> split_name(const std::filesystem::path& path) {
  const std::string name = path.string();
  if (name.size() < kTailBytes) return std::nullopt;
  const std::string_view tail = std::string_view(name).substr(name.size() - kTailBytes);
  if (tail.front() != '-' || tail.substr(1 + kDigits, kOf.size()) != kOf || !tail.ends_with(kSuffix))
    return std::nullopt;
  const std::optional<uint64_t> number = five_digits(tail.substr(1, kDigits));
  const std::optional<uint64_t> count = five_digits(tail.substr(1 + kDigits + kOf.size(), kDigits));
  if (!number || !count || *number < 1 || *number > *count) return std::nullopt;
  return SplitPart{name.substr(0, name.size() - kTailBytes), *number - 1, *count};
}

Result<std::optional<SplitPart>> split_part(std::span<const GgufEntry> metadata, const std::filesystem::path& path) {
  RUNG_TRY(const std::optional<uint64_t> count, split_number(metadata, "split.count", path));
  if (!count || *count <= 1) return std::optional<SplitPart>();
  std::optional<SplitPart> part = split_name(path);
  if (!part)
    return input_error(
        "{}: is one of {} parts, but its name does not end in -0000i-of-{:05}.gguf, so the others "
        "cannot be found",
        path.string(), *count, *count);
  RUNG_CHECK(check_split_part(metadata, path, part->number, part->count));
  return part;
}

Status check_split_part(std::span<const GgufEntry> metadata, const std::filesystem::path& path, uint64_t number,
                        uint64_t count) {
  RUNG_TRY(const std::optional<uint64_t> stored_count, split_number(metadata, "split.count", path));
  RUNG_TRY(const std::optional<uint64_t> stored_number, split_number(metadata, "split.no", path));
  if (stored_count != count)
    return input_error("{}: split.count is {}, the file's name says {}", path.string(),
                       stored_count ? std::to_string(*stored_count) : "missing", count);
  if (stored_number != number)
    return input_error("{}: split.no is {}, the file's name says {}", path.string(),
                       stored_number ? std::to_string(*stored_number) : "missing", number);
  return {};
}

}  // namespace rung
