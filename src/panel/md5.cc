#include "panel/md5.h"

#include <bit>
#include <cmath>
#include <string>

namespace rung {
namespace {

/// floor(2^32 |sin(step + 1)|), as RFC 1321 section 3.4 defines its table.
uint32_t table(int step) { return static_cast<uint32_t>(std::floor(std::fabs(std::sin(step + 1.0)) * 0x1p32)); }

uint32_t word_of(std::string_view block, int word) {
  uint32_t value = 0;
  for (int byte = 3; byte >= 0; --byte) value = value << 8 | static_cast<uint8_t>(block[word * 4 + byte]);
  return value;
}

void add_block(std::array<uint32_t, 4>& state, std::string_view block) {
  constexpr int kShifts[4][4] = {{7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};
  auto [a, b, c, d] = state;
  for (int step = 0; step < 64; ++step) {
    const int round = step / 16;
    const uint32_t mixed = round == 0   ? (b & c) | (~b & d)
                           : round == 1 ? (d & b) | (~d & c)
                           : round == 2 ? b ^ c ^ d
                                        : c ^ (b | ~d);
    const int word = round == 0 ? step : round == 1 ? 5 * step + 1 : round == 2 ? 3 * step + 5 : 7 * step;
    const uint32_t sum = a + mixed + table(step) + word_of(block, word % 16);
    a = d, d = c, c = b;
    b += std::rotl(sum, kShifts[round][step % 4]);
  }
  state = {state[0] + a, state[1] + b, state[2] + c, state[3] + d};
}

}  // namespace

std::array<uint8_t, 16> md5(std::string_view text) {
  std::string padded(text);
  padded += '\x80';
  padded.append((119 - text.size() % 64) % 64, '\0');
  for (int byte = 0; byte < 8; ++byte) padded += static_cast<char>(uint64_t{text.size()} * 8 >> (8 * byte));
  std::array<uint32_t, 4> state = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
  for (size_t at = 0; at < padded.size(); at += 64) add_block(state, std::string_view(padded).substr(at, 64));
  std::array<uint8_t, 16> digest;
  for (size_t byte = 0; byte < digest.size(); ++byte)
    digest[byte] = static_cast<uint8_t>(state[byte / 4] >> (8 * (byte % 4)));
  return digest;
}

}  // namespace rung
