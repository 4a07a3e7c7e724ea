// Typed access to a model's metadata, "<architecture>.KEY", with what an architecture implies where its files leave a
// key out (implied.toml). Views the file.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "io/gguf.h"

namespace rung {

class MetadataKeys {
 public:
  explicit MetadataKeys(const GgufFile& file);

  const std::string& architecture() const { return architecture_; }  ///< empty if the file does not say
  std::string full_name(std::string_view key) const;                 ///< "llama.block_count"
  bool has(std::string_view key) const;

  /// Empty if the key is absent; an error if it is no whole number up to `most`.
  Result<std::optional<uint64_t>> number(std::string_view key, uint64_t most) const;
  /// One value for each of `layers` layers: of an array, or the same one for all. Bools count as 0 and 1. `longer`:
  /// whether the array may go on after the last layer. Empty if the key is absent.
  Result<std::optional<std::vector<uint64_t>>> each_layer(std::string_view key, size_t layers, uint64_t most,
                                                          bool longer = false) const;
  /// Whether the value is an array.
  bool is_array(std::string_view key) const;

  tl::unexpected<Error> contradiction(std::string_view key, std::string_view found) const;

 private:
  const GgufValue* find(std::string_view key) const;

  const GgufFile& file_;
  std::string architecture_;
};

}  // namespace rung
