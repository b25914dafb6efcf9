// The configured policies: what must be protected even while there is no SA for it (RFC 4301 §4.4.1), and the packets held
// while the control plane sets one up. Any thread may hold, take and drop.
#ifndef MHTUN_PLANE_POLICIES_H_
#define MHTUN_PLANE_POLICIES_H_

#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "fragments.h"
#include "limits.h"
#include "pacing.h"
#include "selectors.h"

namespace mhtun {

struct HeldPacket {
  HeldOctets packet;
  double until;
};

// What outlives a policy's being set again. Behind the store's mutex.
struct PolicyHeld {
  std::deque<HeldPacket> packets;
  Pacer acquire_pacer{kAcquireIntervalMs};
};

// One policy; never changed.
struct Policy {
  std::string name;
  SelectorSet selectors;
  double priority;
  bool acquire;
  std::shared_ptr<PolicyHeld> held;
};

class HeldPackets {
 public:
  enum class Kept { kKept, kFull };

  // Keeps a copy until an SA is there. `until` infinite: it was not held before. `ask`: the control plane is to be told.
  Kept Hold(double now, const Policy& policy, const PacketView& view, double until, bool* ask);
  // Everything held, in order, no longer held.
  std::vector<HeldPacket> TakeAll(const std::vector<const Policy*>& policies);
  // What has waited too long.
  std::vector<HeldPacket> TakeExpired(double now, const std::vector<const Policy*>& policies);
  double NextExpiry(const std::vector<const Policy*>& policies);
  // Drops what is held for a policy that is none any more; how many packets.
  size_t Forget(PolicyHeld* held);
  bool empty();

 private:
  std::mutex mutex_;
  size_t octets_ = 0;
};

}  // namespace mhtun

#endif  // MHTUN_PLANE_POLICIES_H_
