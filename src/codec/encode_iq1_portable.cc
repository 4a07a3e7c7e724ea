#include "codec/encode_iq1_lanes.h"

namespace rung {

template void encode_iq1_s<4>(const EncodeInput& input, uint8_t* blocks);
template void encode_iq1_m<4>(const EncodeInput& input, uint8_t* blocks);

}  // namespace rung
