// A fixed set of worker threads for short parallel loops. The calling thread takes part as thread 0.
// Idle workers spin for a few microseconds, then sleep, so that loops of a decode step start quickly and a waiting
// program costs nothing. One loop at a time: run() and parallel_for() must not be called from inside a loop body, nor
// from two threads at once. Which thread takes which piece is not fixed, so a body must write only to its own pieces;
// then results do not depend on the number of threads.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <thread>
#include <type_traits>
#include <vector>

namespace rung {

/// CPUs that this process may use.
int usable_cpus();

class ThreadPool {
 public:
  /// threads >= 1 in all, the caller included. 0 means one for every CPU this process may use.
  explicit ThreadPool(int threads = 0);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int size() const { return static_cast<int>(workers_.size()) + 1; }

  /// Calls body(thread) once on every thread and returns when all are back.
  template <class Body>
  void run(Body&& body) {
    launch([](void* context, int thread) { (*static_cast<std::remove_reference_t<Body>*>(context))(thread); }, &body);
  }

  /// Calls body(begin, end, thread) for pieces of [0, count) of at most `grain` elements each, in any order.
  template <class Body>
  void parallel_for(size_t count, size_t grain, Body&& body) {
    if (count == 0) return;
    if (size() == 1 || count <= grain) {
      for (size_t begin = 0; begin < count; begin += grain)
        body(begin, count - begin < grain ? count : begin + grain, 0);
      return;
    }
    std::atomic<size_t> next{0};
    run([&](int thread) {
      for (;;) {
        const size_t begin = next.fetch_add(grain, std::memory_order_relaxed);
        if (begin >= count) return;
        body(begin, count - begin < grain ? count : begin + grain, thread);
      }
    });
  }

 private:
  using Entry = void (*)(void* context, int thread);
  void launch(Entry entry, void* context);
  void work(int thread);

  Entry entry_ = nullptr;
  void* context_ = nullptr;
  std::atomic<uint32_t> generation_{0};
  std::atomic<uint32_t> pending_{0};
  std::atomic<bool> stop_{false};
  std::vector<std::jthread> workers_;
};

}  // namespace rung
