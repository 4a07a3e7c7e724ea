#include "model/weights.h"

#include <string>

namespace rung {
namespace {

class Binder {
 public:
  Binder(const TensorSource& source, const ModelConfig& config) : source_(source), config_(config) {}

  Result<ModelWeights> model() {
    ModelWeights weights;
    RUNG_TRY(weights.embedding, matrix("token_embd.weight", config_.vocabulary, config_.width));
    weights.output = weights.embedding;
    if (source_.file().tensor("output.weight") != nullptr) {
      RUNG_TRY(weights.output, scaled_matrix("output", config_.vocabulary, config_.width));
    }
    RUNG_TRY(weights.output_norm, vector("output_norm.weight", config_.width, Presence::kRequired));
    RUNG_TRY(weights.rope_factors, vector("rope_freqs.weight", config_.rope_dims / 2, Presence::kOptional));
    for (size_t index = 0; index < config_.layers; ++index) {
      RUNG_TRY(LayerWeights layer_weights, layer(index));
      weights.layers.push_back(std::move(layer_weights));
    }
    return weights;
  }

 private:
  std::string file() const { return source_.file().path().string(); }

  Result<TensorView> view(const std::string& name, std::initializer_list<uint64_t> shape) const {
    const auto found = source_.find(name);
    if (!found) {
      if (const GgufTensor* tensor = source_.file().tensor(name))
        return input_error("{}: tensor {}: its type (ggml id {}) cannot be decoded", file(), name, tensor->ggml_type);
      return input_error("{}: tensor {} is missing", file(), name);
    }
    bool same = true;
    for (size_t axis = 0; axis < std::max(shape.size(), found->shape.size()); ++axis)
      same &= found->dim(axis) == (axis < shape.size() ? std::data(shape)[axis] : 1);
    if (!same)
      return input_error("{}: tensor {}: shape is {}, the metadata asks for {}", file(), name,
                         fmt::join(found->shape, " x "), fmt::join(shape, " x "));
    return *found;
  }

  Result<Matrix> matrix(const std::string& name, size_t rows, size_t cols) const {
    RUNG_TRY(const TensorView tensor, view(name, {cols, rows}));
    return Matrix{tensor.format, tensor.bytes.data(), rows, cols};
  }

  /// Empty where the tensor does not exist and need not.
  Result<std::vector<float>> vector(const std::string& name, size_t length, Presence presence) const {
    std::vector<float> values;
    const bool exists = source_.file().tensor(name) != nullptr;
    if (presence == Presence::kNever || (presence == Presence::kOptional && !exists)) return values;
    RUNG_TRY(const TensorView tensor, view(name, {length}));
    values.resize(length);
    decode_row(tensor.format, tensor.bytes.data(), length, values.data());
    return values;
  }

  /// The factors in NAME.scale beside NAME.weight, as llama.cpp reads them: F32, one a matrix. Empty: none.
  Result<std::vector<float>> scales(const std::string& stem, size_t matrices) const {
    std::vector<float> values;
    const std::string name = stem + ".scale";
    if (!source_.find(name)) return values;
    RUNG_TRY(const TensorView tensor, view(name, {matrices}));
    if (tensor.format != Format::F32)
      return input_error("{}: tensor {}: type is {}, allowed is f32", file(), name, format_name(tensor.format));
    values.resize(matrices);
    decode_row(tensor.format, tensor.bytes.data(), matrices, values.data());
    return values;
  }

  /// A matrix with its factor.
  Result<Matrix> scaled_matrix(const std::string& stem, size_t rows, size_t cols) const {
    RUNG_TRY(Matrix result, matrix(stem + ".weight", rows, cols));
    RUNG_TRY(const std::vector<float> factor, scales(stem, 1));
    if (!factor.empty()) result.scale = factor.front();
    return result;
  }

  Result<Linear> linear(const std::string& stem, size_t rows, size_t cols, Presence bias) const {
    Linear result;
    RUNG_TRY(result.weight, scaled_matrix(stem, rows, cols));
    RUNG_TRY(result.bias, vector(stem + ".bias", rows, bias));
    return result;
  }

  /// The length of the feed-forward's hidden layer is taken from its gate tensor.
  Result<size_t> hidden_of(const std::string& name) const {
    const GgufTensor* tensor = source_.file().tensor(name);
    if (tensor == nullptr) return input_error("{}: tensor {} is missing", file(), name);
    if (tensor->shape.size() < 2)
      return input_error("{}: tensor {}: found {} dimension, allowed are 2 or 3", file(), name, tensor->shape.size());
    return static_cast<size_t>(tensor->shape[1]);
  }

  Result<FeedForward> feed_forward(const std::string& prefix, const std::string& suffix) const {
    FeedForward ffn;
    RUNG_TRY(const size_t hidden, hidden_of(prefix + "ffn_gate" + suffix + ".weight"));
    RUNG_TRY(ffn.gate, linear(prefix + "ffn_gate" + suffix, hidden, config_.width, Presence::kNever));
    RUNG_TRY(ffn.up, linear(prefix + "ffn_up" + suffix, hidden, config_.width, Presence::kNever));
    RUNG_TRY(ffn.down, linear(prefix + "ffn_down" + suffix, config_.width, hidden, Presence::kNever));
    return ffn;
  }

  Result<ExpertMatrices> experts(const std::string& stem, size_t rows, size_t cols) const {
    RUNG_TRY(const TensorView tensor, view(stem + ".weight", {cols, rows, config_.experts}));
    RUNG_TRY(std::vector<float> factors, scales(stem, config_.experts));
    return ExpertMatrices{{tensor.format, tensor.bytes.data(), rows, cols}, config_.experts, std::move(factors)};
  }

  Result<MixtureOfExperts> mixture(const std::string& prefix) const {
    const Architecture& row = *config_.architecture;
    MixtureOfExperts moe;
    RUNG_TRY(moe.router, matrix(prefix + "ffn_gate_inp.weight", config_.experts, config_.width));
    RUNG_TRY(const size_t hidden, hidden_of(prefix + "ffn_gate_exps.weight"));
    RUNG_TRY(moe.gate, experts(prefix + "ffn_gate_exps", hidden, config_.width));
    RUNG_TRY(moe.up, experts(prefix + "ffn_up_exps", hidden, config_.width));
    RUNG_TRY(moe.down, experts(prefix + "ffn_down_exps", config_.width, hidden));
    if (row.shared_expert == Presence::kRequired) {
      RUNG_TRY(moe.shared, feed_forward(prefix, "_shexp"));
      RUNG_TRY(moe.shared_gate, vector(prefix + "ffn_gate_inp_shexp.weight", config_.width, row.shared_expert_gate));
    }
    return moe;
  }

  Result<LayerWeights> layer(size_t index) const {
    const Architecture& row = *config_.architecture;
    const std::string prefix = fmt::format("blk.{}.", index);
    const size_t q_rows = config_.heads * config_.key_dim, kv_heads = config_.kv_heads;
    LayerWeights weights;
    RUNG_TRY(weights.attention_norm, vector(prefix + "attn_norm.weight", config_.width, Presence::kRequired));
    RUNG_TRY(weights.q, linear(prefix + "attn_q", q_rows, config_.width, row.qkv_bias));
    RUNG_TRY(weights.k, linear(prefix + "attn_k", kv_heads * config_.key_dim, config_.width, row.qkv_bias));
    RUNG_TRY(weights.v, linear(prefix + "attn_v", kv_heads * config_.value_dim, config_.width, row.qkv_bias));
    RUNG_TRY(weights.q_norm, vector(prefix + "attn_q_norm.weight", config_.key_dim, row.qk_norm));
    RUNG_TRY(weights.k_norm, vector(prefix + "attn_k_norm.weight", config_.key_dim, row.qk_norm));
    RUNG_TRY(weights.attention_output,
             linear(prefix + "attn_output", config_.width, config_.heads * config_.value_dim,
                    row.qkv_bias == Presence::kOptional ? Presence::kOptional : Presence::kNever));
    RUNG_TRY(weights.ffn_norm, vector(prefix + "ffn_norm.weight", config_.width, Presence::kRequired));
    if (config_.experts > 0 && index >= config_.leading_dense_layers) {
      RUNG_TRY(weights.moe, mixture(prefix));
    } else {
      RUNG_TRY(weights.dense, feed_forward(prefix, ""));
    }
    return weights;
  }

  const TensorSource& source_;
  const ModelConfig& config_;
};

}  // namespace

Matrix ExpertMatrices::expert(size_t index) const {
  Matrix matrix = first;
  matrix.data += index * first.rows * row_bytes(first.format, first.cols);
  if (!scales.empty()) matrix.scale = scales[index];
  return matrix;
}

Result<ModelWeights> bind_weights(const TensorSource& source, const ModelConfig& config) {
  return Binder(source, config).model();
}

}  // namespace rung
