#include "codec/encode_symmetric_lanes.h"

namespace rung {

template void encode_q8_0<16>(const EncodeInput& input, uint8_t* blocks);
template void encode_q6_k<16>(const EncodeInput& input, uint8_t* blocks);
template void encode_q5_0<16>(const EncodeInput& input, uint8_t* blocks);
template void encode_q4_0<16>(const EncodeInput& input, uint8_t* blocks);
template void encode_q3_k<16>(const EncodeInput& input, uint8_t* blocks);
template void encode_iq4_xs<16>(const EncodeInput& input, uint8_t* blocks);
template void encode_iq4_nl<16>(const EncodeInput& input, uint8_t* blocks);

}  // namespace rung
