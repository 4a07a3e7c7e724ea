#include "calibrate/gram_sums.h"

#include <algorithm>

namespace rung {
namespace {

constexpr size_t kRows = 256;  // that are multiplied together: a float sum of so many products is exact to 1e-6

size_t block_of(size_t columns, GramKind kind) {
  return kind == GramKind::kFull ? columns : std::min<size_t>(columns, kGramBlock);
}

/// Values of the lower triangle's bands.
uint64_t band_values(size_t columns, GramKind kind) {
  uint64_t values = 0;
  for (size_t begin = 0; begin < columns; begin += kGramBlock) {
    const size_t end = std::min<size_t>(begin + kGramBlock, columns);
    values += (end - begin) * (end - (kind == GramKind::kFull ? 0 : begin));
  }
  return values;
}

}  // namespace

GramSums::GramSums(size_t columns, GramKind kind)
    : columns_(columns), block_(block_of(columns, kind)), rows_waiting_(kRows * columns) {
  for (size_t begin = 0; begin < columns; begin += kGramBlock) {
    const size_t end = std::min<size_t>(begin + kGramBlock, columns);
    const size_t first = kind == GramKind::kFull ? 0 : begin;
    bands_.push_back({begin, end, first, std::vector<double>((end - begin) * (end - first))});
  }
}

uint64_t GramSums::memory_bytes(size_t columns, GramKind kind) {
  return band_values(columns, kind) * sizeof(double) + kRows * columns * sizeof(float);
}

void GramSums::add(const float* rows, size_t count, ThreadPool& pool, GramScratch& scratch) {
  rows_ += static_cast<double>(count);
  while (count > 0) {
    const size_t taken = std::min(count, kRows - waiting_);
    std::copy_n(rows, taken * columns_, rows_waiting_.data() + waiting_ * columns_);
    waiting_ += taken;
    rows += taken * columns_;
    count -= taken;
    if (waiting_ == kRows) flush(pool, scratch);
  }
}

void GramSums::flush(ThreadPool& pool, GramScratch& scratch) {
  if (waiting_ == 0) return;
  std::fill(rows_waiting_.begin() + static_cast<ptrdiff_t>(waiting_ * columns_), rows_waiting_.end(), 0.0f);
  scratch.transposed.resize(std::max(scratch.transposed.size(), kRows * columns_));
  float* transposed = scratch.transposed.data();
  pool.parallel_for(columns_, 64, [&](size_t begin, size_t end, int) {
    for (size_t row = 0; row < kRows; ++row)
      for (size_t column = begin; column < end; ++column)
        transposed[column * kRows + row] = rows_waiting_[row * columns_ + column];
  });
  scratch.columns.assign(pool, transposed, columns_, kRows, false);
  for (Band& band : bands_) add_band(band, pool, scratch);
  waiting_ = 0;
}

void GramSums::add_band(Band& band, ThreadPool& pool, GramScratch& scratch) {
  const size_t rows = band.end - band.begin, span = band.end - band.first;
  scratch.band.resize(std::max(scratch.band.size(), rows * span));
  const auto* weights = reinterpret_cast<const uint8_t*>(scratch.transposed.data() + band.first * kRows);
  const MatmulJob job{
      {Format::F32, weights, span, kRows}, &scratch.columns, band.begin, rows, scratch.band.data(), span};
  matmul(pool, scratch.products, Precision::kF32, std::span(&job, 1));
  pool.parallel_for(rows, 32, [&](size_t begin, size_t end, int) {
    for (size_t value = begin * span; value < end * span; ++value) band.totals[value] += scratch.band[value];
  });
}

std::vector<float> GramSums::means(ThreadPool& pool, GramScratch& scratch) {
  flush(pool, scratch);
  std::vector<float> values(gram_values(columns_, block_));
  const double divisor = std::max(rows_, 1.0);
  for (const Band& band : bands_) {
    const size_t span = band.end - band.first;
    const size_t block = band.begin / block_ * block_;  // the first column of the block that the band lies in
    const size_t edge = std::min(block_, columns_ - block);
    float* const out = values.data() + block * block_;
    for (size_t row = band.begin; row < band.end; ++row)
      for (size_t column = band.first; column <= row; ++column) {
        const double total = band.totals[(row - band.begin) * span + column - band.first];
        const auto mean = static_cast<float>(total / divisor);
        out[(row - block) * edge + column - block] = out[(column - block) * edge + row - block] = mean;
      }
  }
  return values;
}

}  // namespace rung
