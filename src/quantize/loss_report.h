// The per-tensor losses of a quantization as a table: docs/quantize.md describes the columns.
#pragma once

#include <string>
#include <vector>

#include "quantize/output_layout.h"
#include "quantize/tensor_loss.h"

namespace rung {

/// losses: an output's tensors, as quantize_file gives them.
std::string loss_csv(std::span<const QuantizeOutput> outputs, std::span<const std::vector<TensorLoss>> losses);
std::string loss_json(std::span<const QuantizeOutput> outputs, std::span<const std::vector<TensorLoss>> losses);

}  // namespace rung
