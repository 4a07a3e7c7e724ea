// What a session stores keys and values as: a format for each, rotated or not, and which layers stay in f16. Written as
// text on command lines and in reports: "q8_0", "q8_0/q4_0", "q4_0+rot/q4_0+keep2". docs/kv.md has the choices.
#pragma once

#include <string>

#include "base/status.h"
#include "engine/kv_format.h"
#include "model/config.h"

namespace rung {

/// Keys, or values.
struct KvSide {
  KvFormat format = KvFormat::kF16;
  bool rotated = false;  ///< stored after an orthonormal Hadamard transform of the head, which spreads outliers

  bool operator==(const KvSide&) const = default;
};

struct KvOptions {
  KvSide keys, values;
  size_t keep_layers = 0;  ///< so many first and so many last layers stay in f16

  bool operator==(const KvOptions&) const = default;
  bool keeps(size_t layer, size_t layers) const { return layer < keep_layers || layer + keep_layers >= layers; }
  KvSide keys_of(size_t layer, size_t layers) const { return keeps(layer, layers) ? KvSide() : keys; }
  KvSide values_of(size_t layer, size_t layers) const { return keeps(layer, layers) ? KvSide() : values; }
};

/// "K", "K,V" or "K/V", each a format's name or NAME+rot, then "+keepN" or nothing. One name stands for both.
Result<KvOptions> parse_kv_options(std::string_view text);
/// The shortest text that is read as the same options, with '/' between K and V.
std::string kv_options_name(const KvOptions& options);
/// What a reference stores beside a model with these options: f16, or f32 where they are f32.
KvOptions reference_kv(const KvOptions& options);
/// A sentence where keys or values are stored in less than 8 bits; else empty.
std::string kv_research_note(const KvOptions& options);
/// An error where a model's heads cannot be stored so; it names what could be done instead.
Status check_kv_options(const ModelConfig& config, const KvOptions& options);

}  // namespace rung
