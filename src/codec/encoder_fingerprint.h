// What tells one version of the encoders from another: a hash of what they make of a few fixed rows, of every format,
// with importance and without. Kept results that depend on encoders carry it, so that none outlives a change of them.
// Takes some hundredths of a second; the same with every instruction set. Pure, thread-safe.
#pragma once

#include <functional>
#include <string>

#include "codec/format.h"

namespace rung {

/// Null: no such encoder.
using EncoderChoice = std::function<EncodeFn(Format)>;

std::string encoder_fingerprint(const EncoderChoice& encoder);
/// Of the encoders of the registry.
std::string encoder_fingerprint();

}  // namespace rung
