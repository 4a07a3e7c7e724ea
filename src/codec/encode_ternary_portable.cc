#include "codec/ternary_lanes.h"

namespace rung {

template void encode_tq1_0<4>(const EncodeInput& input, uint8_t* blocks);
template void encode_tq2_0<4>(const EncodeInput& input, uint8_t* blocks);
template void encode_q1_0<4>(const EncodeInput& input, uint8_t* blocks);
template void encode_q2_0<4>(const EncodeInput& input, uint8_t* blocks);

}  // namespace rung
