#include "codec/nf4_lanes.h"

namespace rung {

template void encode_nf4<8>(const EncodeInput& input, uint8_t* blocks);

}  // namespace rung
