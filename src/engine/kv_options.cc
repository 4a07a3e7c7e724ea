#include "engine/kv_options.h"

#include <algorithm>
#include <charconv>
#include <vector>

#include "engine/kv_tiles.h"

namespace rung {
namespace {

constexpr std::string_view kRotated = "+rot", kKeep = "+keep";

std::string format_names() {
  std::vector<std::string_view> names;
  for (const KvFormatInfo& info : all_kv_formats()) names.push_back(info.name);
  return fmt::format("{}", fmt::join(names, ", "));
}

Result<KvSide> parse_side(std::string_view text) {
  KvSide side;
  std::string_view name = text;
  if (name.ends_with(kRotated)) {
    side.rotated = true;
    name.remove_suffix(kRotated.size());
  }
  const auto format = kv_format_from_name(name);
  if (!format) return input_error("KV cache: found \"{}\", allowed is one of {}", text, format_names());
  side.format = *format;
  if (side.rotated && kv_format_info(*format).is_float())
    return input_error("KV cache: found \"{}\"; rotation is for types with few bits, {} gains nothing by it", text,
                       name);
  const KvTileCodec* tiles = kv_format_info(*format).tiles;
  if (side.rotated && tiles != nullptr && tiles->before_rope)
    return input_error(
        "KV cache: found \"{}\"; {} keeps keys before their position is turned in, so heads stay as they are", text,
        name);
  return side;
}

std::string side_name(const KvSide& side) {
  return fmt::format("{}{}", kv_format_info(side.format).name, side.rotated ? kRotated : "");
}

Status check_side(const KvSide& side, std::string_view what, size_t dim) {
  const KvFormatInfo& info = kv_format_info(side.format);
  if (dim % info.block_values != 0)
    return input_error(
        "KV cache {}: the model's heads have {} {} each, {} needs a multiple of {}; f16, bf16 and fp8 fit any model",
        info.name, dim, what, info.name, info.block_values);
  return {};
}

}  // namespace

Result<KvOptions> parse_kv_options(std::string_view text) {
  KvOptions options;
  std::string_view sides = text;
  if (const size_t keep = text.rfind(kKeep); keep != text.npos) {
    const std::string_view number = text.substr(keep + kKeep.size());
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), options.keep_layers);
    if (error != std::errc() || end != number.data() + number.size())
      return input_error("KV cache: found \"{}\", allowed after +keep is a number of layers", text);
    sides = text.substr(0, keep);
  }
  const size_t separator = sides.find_first_of(",/");
  RUNG_TRY(options.keys, parse_side(sides.substr(0, separator)));
  options.values = options.keys;
  if (separator != sides.npos) {
    RUNG_TRY(options.values, parse_side(sides.substr(separator + 1)));
  }
  return options;
}

std::string kv_options_name(const KvOptions& options) {
  std::string name = side_name(options.keys);
  if (options.values != options.keys) name += "/" + side_name(options.values);
  if (options.keep_layers != 0) name += fmt::format("{}{}", kKeep, options.keep_layers);
  return name;
}

KvOptions reference_kv(const KvOptions& options) {
  const bool floats = options.keys.format == KvFormat::kF32 && options.values.format == KvFormat::kF32;
  return floats ? KvOptions{.keys = {KvFormat::kF32}, .values = {KvFormat::kF32}} : KvOptions();
}

std::string kv_research_note(const KvOptions& options) {
  const double bits =
      std::min(kv_format_info(options.keys.format).bits(), kv_format_info(options.values.format).bits());
  if (bits >= 8) return {};
  return fmt::format(
      "KV cache {}: {:.4g} bits a value. Below 8 bits this is research: what it costs depends on the model and grows "
      "with "
      "the context; 'rung ladder MODEL --kv-ladder' measures it, docs/kv.md says what was seen.",
      kv_options_name(options), bits);
}

Status check_kv_options(const ModelConfig& config, const KvOptions& options) {
  RUNG_CHECK(check_side(options.keys, "keys", config.key_dim));
  return check_side(options.values, "values", config.value_dim);
}

}  // namespace rung
