// The blocks of every format as they lie in memory and in GGUF files: Block<id> for each row of formats.inc, e.g.
// BlockQ4_K. Persistent: never reorder, resize or renumber. The byte maps with the meaning of each field are in
// docs/formats.md. Little endian. The structs are packed, so a block may start at any address; read 16- and 32-bit
// fields by value, never through a pointer. `d` and `dmin` are halfs (base/half.h) unless declared float.
#pragma once

#include <cstdint>
#include <type_traits>

namespace rung {

#pragma pack(push, 1)

struct BlockF32 {
  float value;
};
struct BlockF16 {
  uint16_t value;
};
struct BlockBF16 {
  uint16_t value;
};

// ---- 32 values with one scale (and, for *_1, a minimum that is added) ----

struct BlockQ8_0 {
  uint16_t d;
  int8_t qs[32];
};
struct BlockQ5_1 {
  uint16_t d;
  uint16_t m;
  uint32_t qh;  ///< bit n is the fifth bit of value n
  uint8_t qs[16];
};
struct BlockQ5_0 {
  uint16_t d;
  uint32_t qh;
  uint8_t qs[16];
};
struct BlockQ4_1 {
  uint16_t d;
  uint16_t m;
  uint8_t qs[16];
};
struct BlockQ4_0 {
  uint16_t d;
  uint8_t qs[16];
};
struct BlockIQ4_NL {
  uint16_t d;
  uint8_t qs[16];
};
struct BlockMXFP4 {
  uint8_t e;  ///< E8M0 exponent
  uint8_t qs[16];
};

// ---- 256 values with integer sub-scales ----

struct BlockQ6_K {
  uint8_t ql[128];
  uint8_t qh[64];
  int8_t scales[16];
  uint16_t d;
};
struct BlockQ5_K {
  uint16_t d;
  uint16_t dmin;
  uint8_t scales[12];  ///< eight 6-bit (scale, min) pairs
  uint8_t qh[32];
  uint8_t qs[128];
};
struct BlockQ4_K {
  uint16_t d;
  uint16_t dmin;
  uint8_t scales[12];  ///< as in BlockQ5_K
  uint8_t qs[128];
};
struct BlockQ3_K {
  uint8_t hmask[32];
  uint8_t qs[64];
  uint8_t scales[12];  ///< sixteen 6-bit scales
  uint16_t d;
};
struct BlockQ2_K {
  uint8_t scales[16];  ///< low nibble scale, high nibble min
  uint8_t qs[64];
  uint16_t d;
  uint16_t dmin;
};
struct BlockIQ4_XS {
  uint16_t d;
  uint16_t scales_h;
  uint8_t scales_l[4];
  uint8_t qs[128];
};

// ---- 256 values through a codebook ----

struct BlockIQ3_S {
  uint16_t d;
  uint8_t qs[64];
  uint8_t qh[8];
  uint8_t signs[32];
  uint8_t scales[4];
};
struct BlockIQ3_XXS {
  uint16_t d;
  uint8_t qs[64];
  uint32_t signs_scale[8];  ///< per 32 values: four 7-bit sign indices, 4-bit scale on top
};
struct BlockIQ2_S {
  uint16_t d;
  uint8_t qs[32];
  uint8_t signs[32];
  uint8_t qh[8];
  uint8_t scales[8];
};
struct BlockIQ2_XS {
  uint16_t d;
  uint16_t qs[32];  ///< 9-bit grid index, 7-bit sign index on top
  uint8_t scales[8];
};
struct GroupIQ2_XXS {
  uint8_t grid[4];
  uint32_t signs_scale;  ///< as in BlockIQ3_XXS
};
struct BlockIQ2_XXS {
  uint16_t d;
  GroupIQ2_XXS groups[8];
};
struct BlockIQ1_M {
  uint8_t qs[32];
  uint8_t qh[16];
  uint16_t scales[4];  ///< sixteen 3-bit scales; the top nibbles together are the half d
};
struct BlockIQ1_S {
  uint16_t d;
  uint8_t qs[32];
  uint16_t qh[8];
};

// ---- ternary and binary ----

struct BlockTQ2_0 {
  uint8_t qs[64];
  uint16_t d;
};
struct BlockTQ1_0 {
  uint8_t qs[48];  ///< five trits a byte
  uint8_t qh[4];   ///< four trits a byte
  uint16_t d;
};
struct BlockQ2_0 {
  uint16_t d;
  uint8_t qs[16];
};
struct BlockQ1_0 {
  uint16_t d;
  uint8_t qs[16];
};

// ---- 64 values in 4-bit floats ----

struct BlockNVFP4 {
  uint8_t d[4];  ///< UE4M3, one per 16 values
  uint8_t qs[32];
};
/// Rung's own layout (GGUF has none): bitsandbytes' nibbles, first value in the HIGH nibble, then the block's absmax.
struct BlockNF4 {
  uint8_t qs[32];
  float absmax;
};
using BlockNF4_DQ = BlockNF4;

#pragma pack(pop)

#define RUNG_FORMAT(id, name, values, bytes, ...) \
  static_assert(sizeof(Block##id) == (bytes) && std::is_trivially_copyable_v<Block##id>);
#include "codec/formats.inc"
#undef RUNG_FORMAT

}  // namespace rung
