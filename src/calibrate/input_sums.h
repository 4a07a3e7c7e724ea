// Listens to a session and sums what enters its matrix products: the squares of every input column and the tokens, in
// double, for routed experts each on its own; on request also the Gram matrices. Other statistics of the same inputs
// (gradients of the loss, say) would be another ProductObserver's beside this one. The sums depend on the tokens and
// their order, not on the threads.
#pragma once

#include <optional>

#include "calibrate/gram_sums.h"
#include "calibrate/input_map.h"
#include "io/imatrix_writer.h"

namespace rung {

/// Whether Gram matrices are kept for an input: where a tensor that reads it can be quantized.
bool has_gram(const ModelInput& input);
/// Memory that the Gram matrices of these inputs take, and bytes of their file.
struct GramCost {
  uint64_t memory_bytes = 0, file_bytes = 0;
};
GramCost gram_cost(const std::vector<ModelInput>& inputs, GramKind kind, bool with_output);

class InputSums final : public ProductObserver {
 public:
  InputSums(const InputMap& map, ThreadPool& pool, GramKind grams, bool with_output);

  void products(std::span<const MatmulJob> jobs) override;

  /// Tokens of each matrix of an input.
  const std::vector<double>& counts(size_t input) const { return entries_[input].counts; }
  /// Under the name of every tensor. An error where a sum is not finite: the model computes nonsense.
  Result<ImatrixSums> imatrix() const;
  Status write_grams(const std::filesystem::path& path);

 private:
  bool wants(const ModelInput& input) const { return with_output_ || !input.output; }

  struct Piece {  ///< of one job: up to 256 columns of all its rows
    const MatmulJob* job;
    double* sums;
    size_t begin, end;
  };

  const InputMap& map_;
  ThreadPool& pool_;
  GramKind gram_kind_;
  bool with_output_;
  std::vector<ImatrixSumsEntry> entries_;                    ///< of each input
  std::vector<std::vector<std::optional<GramSums>>> grams_;  ///< of each input and matrix, once it has seen a row
  GramScratch scratch_;
  std::vector<Piece> pieces_;
};

}  // namespace rung
