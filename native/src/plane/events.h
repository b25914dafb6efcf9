// What goes up to JavaScript: events as octets in one bounded buffer, and a descriptor that wakes its event loop. Any thread
// may tell; what it tells comes up in that order. lib/platform/native-messages.ts reads them.
#ifndef MHTUN_PLANE_EVENTS_H_
#define MHTUN_PLANE_EVENTS_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "packet_view.h"
#include "pacing.h"
#include "path.h"

namespace mhtun {

class EventQueue {
 public:
  // `wake_fd`: an eventfd of ours to write to; -1: nobody is woken.
  explicit EventQueue(int wake_fd) : wake_fd_(wake_fd) {}

  // False: there is no room; whoever sends too much IKE repeats it.
  bool Ike(const Path& path, const uint8_t* octets, size_t length);
  void SoftExpired(double child) { OfChild(1, child, nullptr); }
  void HardExpired(double child) { OfChild(2, child, nullptr); }
  void Acquire(const std::string& policy, const PacketView& view);
  void NewSource(double child, const Path& path) { OfChild(4, child, &path); }
  void InboundActivity(double child, const Path& path) { OfChild(5, child, &path); }
  void InboundPath(double child, const Path& path) { OfChild(6, child, &path); }
  void OutboundActivity(double child) { OfChild(7, child, nullptr); }
  void Silent(double child) { OfChild(8, child, nullptr); }
  void UnknownSpi(uint32_t spi, const Path& path);
  // `remote` null: it concerns the socket itself.
  void SocketError(const Path& path, bool with_remote, int error);
  // The TUN interface is gone.
  void TunFailed(int error);

  // All that was told since, in order.
  std::vector<uint8_t> Take();

  // Something is to be done at that time: wakes the event loop where it did not know.
  void WakeBy(double at);
  // When that is; it is then forgotten.
  double TakeWake() { return wake_at_.exchange(kNever, std::memory_order_relaxed); }
  double wake_at() const { return wake_at_.load(std::memory_order_relaxed); }
  void Wake();

 private:
  void OfChild(uint8_t kind, double child, const Path* path);

  int wake_fd_;
  std::mutex mutex_;
  std::vector<uint8_t> waiting_;
  std::atomic<double> wake_at_{kNever};
};

}  // namespace mhtun

#endif  // MHTUN_PLANE_EVENTS_H_
