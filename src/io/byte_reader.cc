#include "io/byte_reader.h"

namespace rung {

std::string quoted_name(std::string_view name) {
  constexpr size_t kLongest = 80;
  std::string out = "'";
  for (const char c : name.substr(0, kLongest)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte > 0x7e) {
      out += fmt::format("\\x{:02x}", byte);
    } else {
      out += c;
    }
  }
  out += name.size() > kLongest ? "...'" : "'";
  return out;
}

Result<std::string_view> ByteReader::text(uint64_t length, std::string_view field) {
  RUNG_TRY(const auto bytes, take(length, field));
  return std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

tl::unexpected<Error> ByteReader::truncated(std::string_view field, uint64_t needed) const {
  return input_error("{}: {} at byte {} needs {} bytes, the file has {} left", file_, field, position_, needed,
                     remaining());
}

}  // namespace rung
