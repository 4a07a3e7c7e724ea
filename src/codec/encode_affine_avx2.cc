#include "codec/encode_affine_lanes.h"

namespace rung {

template void encode_q5_1<8>(const EncodeInput& input, uint8_t* blocks);
template void encode_q4_1<8>(const EncodeInput& input, uint8_t* blocks);
template void encode_q5_k<8>(const EncodeInput& input, uint8_t* blocks);
template void encode_q4_k<8>(const EncodeInput& input, uint8_t* blocks);
template void encode_q2_k<8>(const EncodeInput& input, uint8_t* blocks);

}  // namespace rung
