#include "model/tokenizer_spec.h"

#include <limits>
#include <string>

namespace rung {
namespace {

/// Reads keys that may be absent: their targets then stay as they are.
class Reader {
 public:
  explicit Reader(const GgufFile& file) : file_(file) {}

  Status flag(const std::string& key, std::optional<bool>& out) const {
    if (!file_.find(key)) return {};
    RUNG_TRY(out, file_.boolean(key));
    return {};
  }

  Status token(const std::string& key, std::optional<Token>& out) const {
    if (!file_.find(key)) return {};
    RUNG_TRY(const uint64_t id, file_.u64(key));
    constexpr auto kMax = std::numeric_limits<Token>::max();
    if (id > kMax) return input_error("{}: {}: found {}, allowed 0 to {}", file_.path().string(), key, id, kMax);
    out = static_cast<Token>(id);
    return {};
  }

  Status strings(const std::string& key, std::vector<std::string>& out) const {
    return array(key, GgufType::kString, out, [](const GgufValue& value) { return *value.as_string(); });
  }
  Status floats(const std::string& key, std::vector<float>& out) const {
    return array(key, GgufType::kF32, out,
                 [](const GgufValue& value) { return static_cast<float>(*value.as_double()); });
  }
  Status integers(const std::string& key, std::vector<int32_t>& out) const {
    return array(key, GgufType::kI32, out,
                 [](const GgufValue& value) { return static_cast<int32_t>(*value.as_i64()); });
  }

 private:
  template <class T, class Convert>
  Status array(const std::string& key, GgufType element, std::vector<T>& out, const Convert& convert) const {
    if (!file_.find(key)) return {};
    RUNG_TRY(const GgufArray* found, file_.array(key, element));
    out.reserve(found->values.size());
    for (const GgufValue& value : found->values) out.push_back(convert(value));
    return {};
  }

  const GgufFile& file_;
};

}  // namespace

Result<TokenizerSpec> tokenizer_spec(const GgufFile& file) {
  const Reader reader(file);
  TokenizerSpec spec;
  RUNG_TRY(spec.model, file.str("tokenizer.ggml.model"));
  RUNG_TRY(spec.pre, file.str("tokenizer.ggml.pre", ""));
  RUNG_CHECK(reader.strings("tokenizer.ggml.tokens", spec.tokens));
  RUNG_CHECK(reader.floats("tokenizer.ggml.scores", spec.scores));
  RUNG_CHECK(reader.integers("tokenizer.ggml.token_type", spec.kinds));
  RUNG_CHECK(reader.strings("tokenizer.ggml.merges", spec.merges));
  RUNG_CHECK(reader.token("tokenizer.ggml.bos_token_id", spec.bos));
  RUNG_CHECK(reader.token("tokenizer.ggml.eos_token_id", spec.eos));
  RUNG_CHECK(reader.token("tokenizer.ggml.eot_token_id", spec.eot));
  RUNG_CHECK(reader.token("tokenizer.ggml.unknown_token_id", spec.unknown));
  RUNG_CHECK(reader.flag("tokenizer.ggml.add_bos_token", spec.add_bos));
  RUNG_CHECK(reader.flag("tokenizer.ggml.add_eos_token", spec.add_eos));
  RUNG_CHECK(reader.flag("tokenizer.ggml.add_space_prefix", spec.add_space_prefix));
  if (const Status checked = check_tokenizer_spec(spec); !checked) {
    return input_error("{}: {}", file.path().string(), checked.error().message);
  }
  return spec;
}

}  // namespace rung
