// Speed and error of every encoder on one thread: formats x efforts x (with, without importance) x rows of real
// matrices x three weight distributions, for every instruction set of this CPU. Counters: weights/s; rel_error, the
// weighted squared error as a share of the weighted energy. Before a case is timed its bytes are compared with the
// portable encoder's; a difference is reported as an error, not as a number. Tables for other programs:
//   encoders_bench --benchmark_out=FILE --benchmark_out_format=csv [--benchmark_filter=q4_k/normal]
#include <benchmark/benchmark.h>

#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "base/rng.h"
#include "codec/encoders.h"

namespace rung {
namespace {

struct Shape {
  std::string name;
  size_t columns;
  double deviation;  ///< of the weights; a usual one for the shape, and of no influence but on formats without a scale
};

/// Row lengths of matrices whose files are public: attention input of Llama-3.1-8B, its ffn_down, an expert's gate of
/// Qwen3-30B-A3B, an expert's down projection of it.
const std::vector<Shape> kShapes = {
    {"4096", 4096, 0.02}, {"14336", 14336, 0.014}, {"2048", 2048, 0.025}, {"768", 768, 0.03}};

const std::vector<std::string> kDistributions = {"normal", "student5", "outliers"};

double normal(Rng& rng) {
  const double radius = std::sqrt(-2.0 * std::log(1.0 - rng.uniform()));
  return radius * std::cos(6.283185307179586 * rng.uniform());
}

/// student5: heavy tails (Student's t, 5 degrees of freedom). outliers: normal, one value in 500 twelve times as large.
double draw(const std::string& distribution, Rng& rng) {
  const double value = normal(rng);
  if (distribution == "normal") return value;
  if (distribution == "outliers") return rng.below(500) == 0 ? 12.0 * value : value;
  double chi2 = 0.0;
  for (int n = 0; n < 5; ++n) chi2 += std::pow(normal(rng), 2);
  return value / std::sqrt(chi2 / 3.0);  // variance 1
}

struct Matrix {
  size_t rows, columns;
  std::vector<float> values, importance;

  Matrix(const Shape& shape, const std::string& distribution) : columns(shape.columns) {
    constexpr size_t kValues = size_t{1} << 18;
    rows = std::max<size_t>(1, kValues / columns);
    Rng rng(7);
    for (size_t n = 0; n < rows * columns; ++n)
      values.push_back(static_cast<float>(shape.deviation * draw(distribution, rng)));
    for (size_t n = 0; n < columns; ++n) importance.push_back(static_cast<float>(std::exp(normal(rng))));
  }
};

const Matrix& matrix(const Shape& shape, const std::string& distribution) {
  static std::map<std::string, Matrix> made;
  const std::string key = shape.name + distribution;
  const auto found = made.find(key);
  return found != made.end() ? found->second : made.emplace(key, Matrix(shape, distribution)).first->second;
}

double relative_error(Format format, const Matrix& from, const std::vector<uint8_t>& blocks, const float* importance) {
  std::vector<float> decoded(from.columns);
  const size_t stride = row_bytes(format, from.columns);
  double error = 0.0, energy = 0.0;
  for (size_t row = 0; row < from.rows; ++row) {
    decode_row(format, blocks.data() + row * stride, from.columns, decoded.data());
    for (size_t column = 0; column < from.columns; ++column) {
      const double weight = importance == nullptr ? 1.0 : importance[column];
      const double value = from.values[row * from.columns + column];
      error += weight * std::pow(value - decoded[column], 2);
      energy += weight * value * value;
    }
  }
  return error / energy;
}

struct Case {
  Format format;
  Isa isa;
  Effort effort;
  bool weighted;
  Shape shape;
  std::string distribution;
};

void bench_encode(benchmark::State& state, const Case& one) {
  const Matrix& from = matrix(one.shape, one.distribution);
  const float* importance = one.weighted ? from.importance.data() : nullptr;
  const EncodeInput input{from.values.data(), from.rows, from.columns, importance, one.effort};
  std::vector<uint8_t> blocks(row_bytes(one.format, from.columns) * from.rows), portable(blocks.size());
  encoder_of(one.format, Isa::kScalar)(input, portable.data());
  const EncodeFn encode = encoder_of(one.format, one.isa);
  encode(input, blocks.data());
  if (blocks != portable) return state.SkipWithError("differs from the portable encoder");
  for (auto _ : state) {
    encode(input, blocks.data());
    benchmark::ClobberMemory();
  }
  state.counters["weights"] =
      benchmark::Counter(static_cast<double>(from.values.size()), benchmark::Counter::kIsIterationInvariantRate);
  state.counters["rel_error"] = relative_error(one.format, from, blocks, importance);
}

std::string name_of(const Case& one) {
  static const std::map<Effort, std::string> efforts = {
      {Effort::kFast, "fast"}, {Effort::kNormal, "normal"}, {Effort::kBest, "best"}};
  std::string name(format_name(one.format));
  name.append("/").append(efforts.at(one.effort)).append(one.weighted ? "/imatrix/" : "/plain/");
  return name.append(one.distribution).append("/").append(one.shape.name).append("/").append(isa_name(one.isa));
}

void add_all() {
  for (const FormatInfo& info : all_formats()) {
    if (info.encode == nullptr || info.group_values == 0) continue;
    for (const Effort effort : {Effort::kFast, Effort::kNormal, Effort::kBest}) {
      for (const bool weighted : {true, false}) {
        for (const std::string& distribution : kDistributions) {
          for (const Shape& shape : kShapes) {
            for (const Isa isa : available_isas()) {
              const Case one{info.format, isa, effort, weighted, shape, distribution};
              benchmark::RegisterBenchmark(name_of(one).c_str(),
                                           [one](benchmark::State& state) { bench_encode(state, one); });
            }
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace rung

int main(int argc, char** argv) {
  rung::add_all();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
}
