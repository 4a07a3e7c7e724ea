#include "codec/encode_q4_0_lanes.h"

namespace rung {

template void encode_q4_0<4>(const EncodeInput& input, uint8_t* blocks);

}  // namespace rung
