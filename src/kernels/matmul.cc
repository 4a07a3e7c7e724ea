#include "kernels/matmul.h"

#include <algorithm>

#include "kernels/dispatch.h"
#include "kernels/matmul_band.h"

namespace rung {
namespace {

/// Multiply-adds below which another thread would cost more than it brings (3 us at the speed of one row).
constexpr size_t kWorthSharing = 100'000;
/// Tasks a thread, so that the last one to finish is not far behind.
constexpr size_t kTasksPerThread = 8;

size_t round_up(size_t value, size_t unit) { return (value + unit - 1) / unit * unit; }

/// A job and its place in the row of all tasks: the bands of the first job, then those of the second, ...
struct PlannedJob {
  const MatmulJob* job;
  Road road;
  size_t band_rows;
  size_t tasks_before;
};

struct Plan {
  std::vector<PlannedJob> jobs;
  size_t tasks = 0;
  size_t grain = 1;
};

Plan make_plan(std::span<const MatmulJob> jobs, Precision precision, Batching batching, const KernelTable& table,
               int threads) {
  const auto work_of = [](const MatmulJob& job) { return job.weights.rows * job.weights.cols * job.tokens; };
  size_t total = 0;
  for (const MatmulJob& job : jobs) total += work_of(job);
  const size_t share = total / (static_cast<size_t>(threads) * kTasksPerThread) + 1;
  Plan plan;
  plan.jobs.reserve(jobs.size());
  for (const MatmulJob& job : jobs) {
    if (work_of(job) == 0) continue;
    const Road road = road_of(job, precision, batching, table);
    const size_t rows_for_share = share / (job.weights.cols * job.tokens) + 1;
    const size_t rows = round_up(std::min(rows_for_share, job.weights.rows), table.tile_rows);
    const size_t band_rows = road.tiled ? std::min(rows, kBandRows) : rows;
    plan.jobs.push_back({&job, road, band_rows, plan.tasks});
    plan.tasks += round_up(job.weights.rows, band_rows) / band_rows;
  }
  if (total < kWorthSharing) plan.grain = std::max<size_t>(1, plan.tasks);
  return plan;
}

ScratchLayout layout_for(std::span<const MatmulJob> jobs, size_t tile_rows) {
  size_t cols = 0, tokens = 0;
  for (const MatmulJob& job : jobs) {
    cols = std::max(cols, job.weights.cols);
    tokens = std::max(tokens, job.tokens);
  }
  return make_layout(cols, tokens, tile_rows);
}

const PlannedJob& job_of(const Plan& plan, size_t task) {
  const auto starts_after = [](size_t wanted, const PlannedJob& planned) { return wanted < planned.tasks_before; };
  return *(std::upper_bound(plan.jobs.begin(), plan.jobs.end(), task, starts_after) - 1);
}

}  // namespace

void MatmulScratch::reserve(int threads, size_t bytes) {
  if (slices_.size() < static_cast<size_t>(threads)) slices_.resize(static_cast<size_t>(threads));
  for (PageBuffer& slice : slices_) slice.reserve<uint8_t>(bytes);
}

size_t MatmulScratch::slice_bytes(size_t cols, size_t tokens) {
  return make_layout(cols, tokens, kernels_for(active_isa()).tile_rows).total;
}

const KernelTable& kernels_for(Isa isa) {
#if defined(__x86_64__)
  if (isa == Isa::kAvx512) return kKernelsAvx512;
  if (isa == Isa::kAvx2) return kKernelsAvx2;
#endif
  static_cast<void>(isa);
  return kKernelsScalar;
}

void matmul_with(Isa isa, ThreadPool& pool, MatmulScratch& scratch, Precision precision,
                 std::span<const MatmulJob> jobs, Batching batching) {
  const Kernels kernels{isa, kernels_for(isa), elementwise_for(isa)};
  const Plan plan = make_plan(jobs, precision, batching, kernels.table, pool.size());
  const ScratchLayout layout = layout_for(jobs, kernels.table.tile_rows);
  scratch.reserve(pool.size(), layout.total);
  pool.parallel_for(plan.tasks, plan.grain, [&](size_t begin, size_t end, int thread) {
    for (size_t task = begin; task < end; ++task) {
      const PlannedJob& planned = job_of(plan, task);
      const size_t first = (task - planned.tasks_before) * planned.band_rows;
      const size_t last = std::min(first + planned.band_rows, planned.job->weights.rows);
      run_band(kernels, *planned.job, planned.road, layout, scratch.slice(thread), first, last);
    }
  });
}

void matmul(ThreadPool& pool, MatmulScratch& scratch, Precision precision, std::span<const MatmulJob> jobs,
            Batching batching) {
  matmul_with(active_isa(), pool, scratch, precision, jobs, batching);
}

}  // namespace rung
