// Speed of the matrix products and of the parts they are made of, on one thread, for every instruction set of this CPU.
// Each case is compared with the scalar kernels before it is timed; a wrong one is reported as an error, not as a
// number. Counters: MAC/s multiply-adds, block_bytes/s weights as stored. Results as files: --benchmark_out=FILE
// --benchmark_out_format=json or csv.
#include <benchmark/benchmark.h>

#include <cmath>
#include <string>
#include <vector>

#include "base/rng.h"
#include "kernels/dispatch.h"

namespace rung {
namespace {

/// Random blocks in which no scale is infinite: bytes with bit 6 cleared keep every half below 2.
std::vector<uint8_t> small_random_blocks(size_t bytes) {
  Rng rng(1);
  std::vector<uint8_t> blocks(bytes);
  for (uint8_t& byte : blocks) byte = static_cast<uint8_t>(rng.next() >> 32 & 0xbfu);
  return blocks;
}

struct Case {
  ThreadPool pool{1};
  MatmulScratch scratch;
  Activations input;
  std::vector<uint8_t> blocks;
  std::vector<float> x, out;
  MatmulJob job;

  Case(Format format, size_t rows, size_t cols, size_t tokens)
      : blocks(small_random_blocks(row_bytes(format, cols) * rows)), x(tokens * cols), out(tokens * rows) {
    Rng rng(2);
    for (float& value : x) value = static_cast<float>(2 * rng.uniform() - 1);
    input.assign(pool, x.data(), tokens, cols, true);
    job = {{format, blocks.data(), rows, cols}, &input, 0, tokens, out.data(), rows};
  }

  void run(Isa isa, Precision precision) { matmul_with(isa, pool, scratch, precision, {&job, 1}); }

  /// Whether the first rows agree with the scalar kernels; they are enough to see every path of a tile.
  bool agrees(Isa isa, Precision precision) {
    const size_t rows = job.weights.rows;
    job.weights.rows = std::min<size_t>(rows, 32);
    run(Isa::kScalar, precision);
    const std::vector<float> expected = out;
    run(isa, precision);
    double error = 0, size = 0;
    for (size_t at = 0; at < out.size(); ++at) {
      error += std::abs(double{out[at]} - double{expected[at]});
      size += std::abs(double{expected[at]});
    }
    job.weights.rows = rows;
    return error <= 1e-4 * size && std::isfinite(size);
  }
};

void bench_matmul(benchmark::State& state, Isa isa, Format format, Precision precision, size_t rows, size_t cols,
                  size_t tokens) {
  Case one(format, rows, cols, tokens);
  if (!one.agrees(isa, precision)) return state.SkipWithError("differs from the scalar kernels");
  for (auto _ : state) {
    one.run(isa, precision);
    benchmark::ClobberMemory();
  }
  const double work = static_cast<double>(rows * cols);
  state.counters["MAC"] =
      benchmark::Counter(work * static_cast<double>(tokens), benchmark::Counter::kIsIterationInvariantRate);
  state.counters["block_bytes"] =
      benchmark::Counter(static_cast<double>(one.blocks.size()), benchmark::Counter::kIsIterationInvariantRate);
}

void bench_unpack(benchmark::State& state, Isa isa, Format format) {
  constexpr size_t kValues = 4096;
  const std::vector<uint8_t> blocks = small_random_blocks(row_bytes(format, kValues));
  std::vector<int8_t> codes(kValues);
  std::vector<float> scale(kValues / 16), min(kValues / 16);
  const UnpackFn unpack = unpack_for(isa, format);
  for (auto _ : state) {
    unpack(blocks.data(), kValues, codes.data(), scale.data(), min.data());
    benchmark::DoNotOptimize(codes.data());
    benchmark::ClobberMemory();
  }
  state.counters["values"] = benchmark::Counter(kValues, benchmark::Counter::kIsIterationInvariantRate);
}

/// One head of attention over 1024 earlier tokens of 128 values each, cached as floats.
void bench_attention(benchmark::State& state, Isa isa) {
  constexpr size_t kRows = 1024, kDim = 128;
  const ElementwiseTable& table = elementwise_for(isa);
  std::vector<float> q(kDim, 0.1f), k(kRows * kDim, 0.2f), weights(kRows), out(kDim);
  for (auto _ : state) {
    table.dot_rows(q.data(), k.data(), kRows, kDim, 0.1f, weights.data());
    table.exp_sum(weights.data(), kRows, table.max(weights.data(), kRows));
    table.weighted_sum(weights.data(), k.data(), kRows, kDim, out.data());
    benchmark::ClobberMemory();
  }
  state.counters["MAC"] = benchmark::Counter(2 * kRows * kDim, benchmark::Counter::kIsIterationInvariantRate);
}

void bench_quantize(benchmark::State& state, Isa isa) {
  constexpr size_t kValues = 4096;
  const std::vector<float> x(kValues, 0.3f);
  std::vector<int8_t> codes(kValues);
  std::vector<float> scales(kValues / 32), sums16(kValues / 16), sums32(kValues / 32);
  std::vector<int32_t> offsets(kValues / 16);
  for (auto _ : state) {
    kernels_for(isa).quantize_row(x.data(), kValues,
                                  {codes.data(), scales.data(), offsets.data(), sums16.data(), sums32.data()});
    benchmark::ClobberMemory();
  }
  state.counters["values"] = benchmark::Counter(kValues, benchmark::Counter::kIsIterationInvariantRate);
}

void bench_swiglu(benchmark::State& state, Isa isa) {
  constexpr size_t kValues = 4096;
  std::vector<float> gate(kValues), up(kValues, 0.5f);
  for (auto _ : state) {
    std::fill(gate.begin(), gate.end(), 0.7f);
    elementwise_for(isa).swiglu(gate.data(), up.data(), kValues);
    benchmark::ClobberMemory();
  }
  state.counters["values"] = benchmark::Counter(kValues, benchmark::Counter::kIsIterationInvariantRate);
}

void add_matmul(Isa isa, Format format, Precision precision, size_t rows, size_t cols, size_t tokens) {
  std::string name = tokens == 1 ? "gemv/" : "gemm/";
  name.append(format_name(format)).append(precision == Precision::kQ8 ? "/q8/" : "/f32/").append(isa_name(isa));
  name.append("/").append(std::to_string(rows)).append("x").append(std::to_string(cols));
  name.append("x").append(std::to_string(tokens));
  benchmark::RegisterBenchmark(
      name.c_str(), [=](benchmark::State& state) { bench_matmul(state, isa, format, precision, rows, cols, tokens); });
}

/// The shapes of a model of a billion weights: attention and feed-forward matrices, prefill, small batches, decode.
void add_all(Isa isa) {
  const std::string suffix = std::string("/").append(isa_name(isa));
  for (const FormatInfo& info : all_formats()) {
    const Format format = info.format;
    if (info.unpack == nullptr) continue;
    add_matmul(isa, format, Precision::kQ8, 2048, 2048, 1);
    add_matmul(isa, format, Precision::kQ8, 2048, 2048, 512);
    benchmark::RegisterBenchmark((std::string("unpack/").append(format_name(format)) + suffix).c_str(),
                                 [=](benchmark::State& state) { bench_unpack(state, isa, format); });
  }
  for (const size_t tokens : {2, 3, 4, 6, 8, 16, 64}) add_matmul(isa, Format::Q4_K, Precision::kQ8, 2048, 2048, tokens);
  add_matmul(isa, Format::Q4_K, Precision::kQ8, 2048, 8192, 512);
  add_matmul(isa, Format::Q4_K, Precision::kF32, 2048, 2048, 512);
  for (const size_t tokens : {1, 4, 16, 512}) {
    add_matmul(isa, Format::F32, Precision::kF32, 2048, 2048, tokens);
    add_matmul(isa, Format::F16, Precision::kF32, 2048, 2048, tokens);
  }
  benchmark::RegisterBenchmark(("attention" + suffix).c_str(),
                               [=](benchmark::State& state) { bench_attention(state, isa); });
  benchmark::RegisterBenchmark(("quantize" + suffix).c_str(),
                               [=](benchmark::State& state) { bench_quantize(state, isa); });
  benchmark::RegisterBenchmark(("swiglu" + suffix).c_str(), [=](benchmark::State& state) { bench_swiglu(state, isa); });
}

}  // namespace
}  // namespace rung

int main(int argc, char** argv) {
  for (const rung::Isa isa : rung::available_isas()) rung::add_all(isa);
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
}
