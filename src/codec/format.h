// The registry of weight formats. A format stores a row of weights as whole blocks; a row's length is a multiple of
// block_values. Integer formats have one scalar specification, unpack: it turns blocks into signed 8-bit codes with one
// (scale, min) pair per group, so that weight = scale * code - min, in float, in exactly that order. Decoding follows
// from it, and the kernels work on its output, so a format needs no dot product of its own. Float formats (group_values
// == 0) decode straight to floats. Encoders minimise sum importance_i * (x_i - decoded_i)^2.
// All functions are pure and thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace rung {

enum class Format : uint8_t {
#define RUNG_FORMAT(id, ...) id,
#include "codec/formats.inc"
#undef RUNG_FORMAT
};

enum class Calibration {
  kNone,      ///< the encoder ignores importance
  kHelps,     ///< better with importance
  kRequired,  ///< poor without: refused unless the user asks for weights-only calibration
};

/// scale and min get one float per group of FormatInfo::group_values codes, in order; min also where has_min is false
/// (zeros). Blocks may start at any address.
using UnpackFn = void (*)(const uint8_t* blocks, size_t values, int8_t* codes, float* scale, float* min);
using DecodeFn = void (*)(const uint8_t* blocks, size_t values, float* out);

/// How long an encoder searches.
enum class Effort : uint8_t {
  kFast,    ///< fewer starting points; a few per cent more error
  kNormal,  ///< the default: what the published errors are measured at
  kBest,    ///< more starting points and rounds; a little less error for a multiple of the time
};

/// What becomes of a matrix's products, which decides what errors cost (docs/formats.md).
enum class MatrixUse : uint8_t {
  kGeneral,          ///< they meet others or a nonlinearity: q, k, v, gate, up, output; and what is not known
  kAttentionOutput,  ///< added to the residual stream
  kFfnDown,          ///< the same, and the inputs are products themselves: a few tokens make up most of their squares
};
inline constexpr MatrixUse kMatrixUses[] = {MatrixUse::kGeneral, MatrixUse::kAttentionOutput, MatrixUse::kFfnDown};

/// Rows of one matrix. Encoders work on many blocks at a time, so many rows in one call are faster than one by one; the
/// bytes are the same.
struct EncodeInput {
  const float* values;  ///< (rows, columns), finite
  size_t rows;
  size_t columns;                     ///< a multiple of the format's block
  const float* importance = nullptr;  ///< (columns), non-negative; null: the format's own default weighting
  Effort effort = Effort::kNormal;
  float tensor_scale = 1.0f;  ///< nvfp4 only: multiplies every decoded value (the tensor NAME.scale beside it)
  MatrixUse use = MatrixUse::kGeneral;
};
using EncodeFn = void (*)(const EncodeInput& input, uint8_t* blocks);

struct FormatInfo {
  Format format;
  std::string_view name;  ///< as on the command line, lower case: "q4_k"
  uint32_t block_values;  ///< weights in a block
  uint32_t block_bytes;
  int ggml_id;            ///< id in a GGUF tensor record; -1 where GGUF has none
  uint32_t group_values;  ///< weights that share a scale; 0 for float formats
  bool has_min;           ///< false: min is always 0
  Calibration calibration;
  UnpackFn unpack;  ///< null for float formats
  DecodeFn decode;  ///< null for integer formats: decode_row derives it
  EncodeFn encode;  ///< null where Rung cannot write the format yet
};

std::span<const FormatInfo> all_formats();
const FormatInfo& format_info(Format format);
inline std::string_view format_name(Format format) { return format_info(format).name; }
std::optional<Format> format_from_name(std::string_view name);
std::optional<Format> format_from_ggml(uint32_t id);

/// Bytes of a row of `values` weights; values is a multiple of block_values.
size_t row_bytes(Format format, size_t values);
/// Bytes that a tensor of `values` weights takes where the format is at home: as row_bytes, but for nf4_dq the bytes of
/// bitsandbytes' nested layout (8-bit absmax in groups of 256 with one float each, one offset a tensor), not those of
/// our blocks in memory.
size_t stored_bytes(Format format, size_t values);

void decode_row(Format format, const uint8_t* blocks, size_t values, float* out);
/// Requires an integer format.
void unpack_row(Format format, const uint8_t* blocks, size_t values, int8_t* codes, float* scale, float* min);
/// Requires format_info(format).encode. Every value finite (callers check).
void encode_matrix_rows(Format format, const EncodeInput& input, uint8_t* blocks);
/// What some formats do once all rows of a tensor are encoded: nf4_dq quantizes the block scales. Else nothing.
void finish_tensor(Format format, std::span<uint8_t> blocks);

}  // namespace rung
