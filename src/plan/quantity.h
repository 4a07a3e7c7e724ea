// Amounts as people write them on a command line: memory, contexts, devices, sizes of models. Each parser takes all of
// its text or gives an error that says what was found and what is allowed; nothing is guessed. `option` names the
// option in errors.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "base/status.h"

namespace rung {

/// "24GiB", "16 GB", "512MiB": GB is 1000^3, GiB 1024^3. A bare G, or Gb, which means bits, is refused.
Result<uint64_t> parse_bytes(std::string_view text, std::string_view option);

/// "8192", "32k" (of 1024), "1M" (of 1024^2).
Result<uint64_t> parse_tokens(std::string_view text, std::string_view option);

/// Memory that computes: a graphics card, the processor with its RAM.
struct Device {
  std::string name;       ///< as in the tables: "device 1", "RAM"
  uint64_t bytes = 0;     ///< for weights, cache and buffers
  double bandwidth = 0;   ///< bytes that it reads in a second; 0: unknown
  double operations = 0;  ///< floating-point operations in a second; 0: unknown
};
/// "24GiB", "24GiB@1000GB/s", "24GiB@1000GB/s@80TFLOPS".
Result<Device> parse_device(std::string_view text, std::string_view option);

/// A model of which only the size is known.
struct ModelSize {
  double weights = 0;
  uint64_t experts = 0;          ///< of "8x7B"; else 0
  std::optional<double> active;  ///< of "30B-A3B"
};
/// "70B", "0.6B", "8x7B", "30B-A3B". Empty: it is none of these.
std::optional<ModelSize> parse_model_size(std::string_view text);

/// "7.49 GiB", "13.8 MiB", "512 B": powers of 1024, three digits.
std::string binary_size(uint64_t bytes);

// Products and sums that stay at the top instead of starting again at 0: numbers of foreign files may be anything.
uint64_t saturating_product(std::initializer_list<uint64_t> factors);
uint64_t saturating_sum(std::initializer_list<uint64_t> terms);

}  // namespace rung
