// Lets one thread replace what others read without ever making them wait: what was replaced is freed when no reader can still
// see it. A reader enters before it looks at shared pointers and leaves before it sleeps; it holds nothing over the gap.
#ifndef MHTUN_PLANE_EPOCHS_H_
#define MHTUN_PLANE_EPOCHS_H_

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <utility>
#include <vector>

namespace mhtun {

class Epochs {
 public:
  class Reader {
   public:
    // The store comes before every later load of a shared pointer: the writer either sees this reader, or it sees the new.
    void Enter() { seen_.store(epochs_->current_.load(std::memory_order_relaxed), std::memory_order_seq_cst); }
    void Leave() { seen_.store(kOutside, std::memory_order_release); }

   private:
    friend class Epochs;
    static constexpr uint64_t kOutside = UINT64_MAX;

    Epochs* epochs_ = nullptr;
    alignas(64) std::atomic<uint64_t> seen_{kOutside};
  };

  explicit Epochs(size_t readers) : readers_(readers) {
    for (Reader& reader : readers_) reader.epochs_ = this;
  }
  ~Epochs() {
    for (auto& [epoch, free] : retired_) free();
  }

  Reader& reader(size_t index) { return readers_[index]; }

  // The writer's thread: what `free` frees can't be reached any more by whoever enters from now on.
  void Retire(std::function<void()> free) {
    retired_.emplace_back(current_.fetch_add(1, std::memory_order_seq_cst) + 1, std::move(free));
    waiting_.store(true, std::memory_order_relaxed);
  }
  // Frees what nobody reads any more. False where something is left.
  bool Collect() {
    uint64_t oldest = UINT64_MAX;
    for (const Reader& reader : readers_) {
      uint64_t seen = reader.seen_.load(std::memory_order_seq_cst);
      if (seen < oldest) oldest = seen;
    }
    while (!retired_.empty() && retired_.front().first <= oldest) {
      retired_.front().second();
      retired_.pop_front();
    }
    waiting_.store(!retired_.empty(), std::memory_order_relaxed);
    return retired_.empty();
  }
  // A reader, after it has left: whether the writer would like to hear of it.
  bool Awaited() { return waiting_.load(std::memory_order_relaxed) && waiting_.exchange(false, std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> current_{1};
  std::atomic<bool> waiting_{false};
  std::vector<Reader> readers_;
  std::deque<std::pair<uint64_t, std::function<void()>>> retired_;
};

}  // namespace mhtun

#endif  // MHTUN_PLANE_EPOCHS_H_
