// Content identity: XXH3 128 bit of bytes or whole files, as 32 hexadecimal digits. Not for security.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace rung {

std::string content_hash(std::span<const uint8_t> bytes);
std::string content_hash(std::string_view text);

}  // namespace rung
