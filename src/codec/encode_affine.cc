#include "codec/encode_affine.h"

namespace rung {

Line solve_line(const CodeSums& codes, const BlockSums& block, bool signed_min) {
  const float determinant = block.w * codes.qq - codes.q * codes.q;
  // Equal codes leave one direction free: the determinant is then rounding noise.
  if (determinant > 1e-6f * block.w * codes.qq) {
    const float scale = (block.w * codes.xq - block.x * codes.q) / determinant;
    const float min = (scale * codes.q - block.x) / block.w;
    if (signed_min || min >= 0.0f) return {scale, min};
  }
  if (codes.qq > 0.0f) return {codes.xq / codes.qq, 0.0f};
  const float min = block.w > 0.0f ? -block.x / block.w : 0.0f;
  return {0.0f, signed_min ? min : std::max(0.0f, min)};
}

}  // namespace rung
