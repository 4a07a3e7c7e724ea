#include "text/utf8.h"

#include <cstdint>

#include "text/tokenizer.h"

namespace rung {
namespace {

struct Lead {
  size_t bytes = 0;                 ///< of the whole character; 0: cannot start one
  uint8_t low = 0x80, high = 0xBF;  ///< allowed second byte (RFC 3629, section 4)
};

Lead lead_of(uint8_t byte) {
  if (byte < 0x80) return {1};
  if (byte < 0xC2) return {};
  if (byte < 0xE0) return {2};
  if (byte == 0xE0) return {3, 0xA0, 0xBF};
  if (byte == 0xED) return {3, 0x80, 0x9F};
  if (byte < 0xF0) return {3};
  if (byte == 0xF0) return {4, 0x90, 0xBF};
  if (byte < 0xF4) return {4};
  if (byte == 0xF4) return {4, 0x80, 0x8F};
  return {};
}

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

}  // namespace

Utf8Step utf8_step(std::string_view text) {
  const auto first = static_cast<uint8_t>(text[0]);
  const Lead lead = lead_of(first);
  if (lead.bytes == 0) return {Utf8Kind::kBroken, 1};
  if (lead.bytes == 1) return {Utf8Kind::kValid, 1, first};
  char32_t point = first & (0x7Fu >> lead.bytes);
  for (size_t at = 1; at < lead.bytes; ++at) {
    if (at == text.size()) return {Utf8Kind::kIncomplete, at};
    const auto byte = static_cast<uint8_t>(text[at]);
    const uint8_t low = at == 1 ? lead.low : 0x80, high = at == 1 ? lead.high : 0xBF;
    if (byte < low || byte > high) return {Utf8Kind::kBroken, at};
    point = point << 6 | (byte & 0x3Fu);
  }
  return {Utf8Kind::kValid, lead.bytes, point};
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const Utf8Step step = utf8_step(text);
    if (step.kind != Utf8Kind::kValid) return false;
    text.remove_prefix(step.bytes);
  }
  return true;
}

void append_utf8(char32_t point, std::string& out) {
  const auto push = [&](uint32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (point < 0x80) return push(point);
  if (point < 0x800) {
    push(0xC0 | point >> 6);
  } else if (point < 0x10000) {
    push(0xE0 | point >> 12);
    push(0x80 | (point >> 6 & 0x3F));
  } else {
    push(0xF0 | point >> 18);
    push(0x80 | (point >> 12 & 0x3F));
    push(0x80 | (point >> 6 & 0x3F));
  }
  push(0x80 | (point & 0x3F));
}

std::string Utf8Stream::push(std::string_view bytes) {
  pending_.append(bytes);
  std::string out;
  size_t at = 0;
  while (at < pending_.size()) {
    const Utf8Step step = utf8_step(std::string_view(pending_).substr(at));
    if (step.kind == Utf8Kind::kIncomplete) break;
    out.append(step.kind == Utf8Kind::kValid ? std::string_view(pending_).substr(at, step.bytes) : kReplacement);
    at += step.bytes;
  }
  pending_.erase(0, at);
  return out;
}

std::string Utf8Stream::flush() {
  if (pending_.empty()) return {};
  pending_.clear();
  return std::string(kReplacement);  // what waits is always one unfinished character
}

}  // namespace rung
