#include "codec/encode_grid_lanes.h"

namespace rung {

template void encode_iq2_xxs<16>(const EncodeInput& input, uint8_t* blocks);
template void encode_iq2_xs<16>(const EncodeInput& input, uint8_t* blocks);
template void encode_iq2_s<16>(const EncodeInput& input, uint8_t* blocks);
template void encode_iq3_xxs<16>(const EncodeInput& input, uint8_t* blocks);
template void encode_iq3_s<16>(const EncodeInput& input, uint8_t* blocks);

}  // namespace rung
