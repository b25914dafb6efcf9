// What the control half of a plane asks of whoever runs its workers: threads over the kernel, or a test.
#ifndef MHTUN_PLANE_PLANE_HOST_H_
#define MHTUN_PLANE_PLANE_HOST_H_

#include <cstddef>
#include <mutex>
#include <utility>
#include <vector>

#include "outbound.h"
#include "plane_state.h"
#include "sockets.h"

namespace mhtun {

// What a sending worker is to do besides, at its next turn.
struct Errands {
  bool retry_held = false;
  bool reroute = false;
  std::vector<double> dummies;
  std::vector<UrgentDatagram> urgent;

  void CarryOut(double now, Outbound* outbound) {
    // The urgent first: they concern packets before these.
    for (const UrgentDatagram& datagram : urgent) outbound->SendUrgent(now, datagram);
    if (reroute) outbound->Reroute(now);
    if (retry_held) outbound->RetryHeld(now);
    for (double child : dummies) outbound->SendDummy(now, child);
  }
};

// Errands on their way to a worker.
class Mailbox {
 public:
  // Datagrams that wait; more are lost.
  static constexpr size_t kMaxUrgent = 64;

  // False where the urgent have no room.
  bool Put(Errands errands) {
    std::lock_guard<std::mutex> lock(mutex_);
    waiting_.retry_held = waiting_.retry_held || errands.retry_held;
    waiting_.reroute = waiting_.reroute || errands.reroute;
    waiting_.dummies.insert(waiting_.dummies.end(), errands.dummies.begin(), errands.dummies.end());
    if (waiting_.urgent.size() + errands.urgent.size() > kMaxUrgent) return false;
    for (UrgentDatagram& one : errands.urgent) waiting_.urgent.push_back(std::move(one));
    return true;
  }
  Errands Take() {
    std::lock_guard<std::mutex> lock(mutex_);
    return std::exchange(waiting_, {});
  }

 private:
  std::mutex mutex_;
  Errands waiting_;
};

class PlaneHost {
 public:
  virtual ~PlaneHost() = default;
  // Opens the socket's descriptors and begins to receive; 0 or an errno.
  virtual int Open(Socket* socket) = 0;
  // Receives nothing from it any more. Its descriptors close with it, later.
  virtual void Shut(Socket* socket) = 0;
  // For one sending worker; false where there is no room for what is urgent.
  virtual bool Send(size_t worker, Errands errands) = 0;
  // For a receiving worker.
  virtual void Receive(std::vector<EarlyPacket> packets) = 0;
  virtual Outbound& outbound(size_t worker) = 0;
  // A path without a socket of its own has one all the same.
  virtual bool HasEverySocket() const = 0;
};

}  // namespace mhtun

#endif  // MHTUN_PLANE_PLANE_HOST_H_
