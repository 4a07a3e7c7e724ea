// The substitute for activations where there is no text: the mean squared weight of every column of every matrix.
#pragma once

#include "base/observer.h"
#include "base/thread_pool.h"
#include "io/imatrix_writer.h"

namespace rung {

/// One count a matrix. For the tensors that quantization changes, the output matrix only if asked; a weight that is not
/// finite is an error.
Result<ImatrixSums> weights_only_imatrix(const GgufFile& model, bool output, ThreadPool& pool, Observer& observer);

}  // namespace rung
