#include "codec/fp4_lanes.h"

namespace rung {

template void encode_mxfp4<16>(const EncodeInput& input, uint8_t* blocks);
template void encode_nvfp4<16>(const EncodeInput& input, uint8_t* blocks);

}  // namespace rung
