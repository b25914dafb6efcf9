// What is counted, by whichever thread, and read without stopping anything.
#ifndef MHTUN_PLANE_COUNTERS_H_
#define MHTUN_PLANE_COUNTERS_H_

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace mhtun {

// In the order of `dropReasons` in lib/platform/native-messages.ts.
enum class Drop : uint8_t {
  kMalformed, kUnknownSpi, kReplayed, kAuthFailed, kBadPadding, kSelectorMismatch,
  kNoSa, kExpired, kTooBig, kQueueFull, kSendFailed, kCongestion,
};
inline constexpr size_t kDropReasons = 12;

class DropCounters {
 public:
  void Count(Drop reason, uint64_t count = 1) { counts_[static_cast<size_t>(reason)].fetch_add(count, std::memory_order_relaxed); }
  uint64_t Read(size_t reason) const { return counts_[reason].load(std::memory_order_relaxed); }

 private:
  alignas(64) std::atomic<uint64_t> counts_[kDropReasons] = {};
};

}  // namespace mhtun

#endif  // MHTUN_PLANE_COUNTERS_H_
