// In which type a cache keeps keys or values: one that our engine has (engine/kv_format.h), among them all that
// llama.cpp offers. A row is one head at one position.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.h"

namespace rung {

class KvType {
 public:
  /// "f16", "q8_0", "q4_0", "fp8" ...; the error lists all.
  static Result<KvType> find(std::string_view name, std::string_view option);

  const std::string& name() const { return name_; }
  /// Of a row of `values`; a last, incomplete block counts whole.
  uint64_t row_bytes(uint64_t values) const;

 private:
  std::string name_;
  uint64_t block_values_ = 1, block_bytes_ = 2;
};

/// Keys and values: "q8_0" for both, "q8_0/q4_0".
struct KvTypes {
  KvType keys, values;

  static Result<KvTypes> parse(std::string_view text, std::string_view option);
  /// "f16"; "q8_0/q4_0" where they differ.
  std::string name() const;
};

}  // namespace rung
