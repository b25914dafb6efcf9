#include "policies.h"

#include <algorithm>
#include <utility>

namespace mhtun {

HeldPackets::Kept HeldPackets::Hold(double now, const Policy& policy, const PacketView& view, double until, bool* ask) {
  std::lock_guard<std::mutex> lock(mutex_);
  PolicyHeld& held = *policy.held;
  // That a packet is still held is no news.
  *ask = until == kNever && held.acquire_pacer.Allows(now);
  if (held.packets.size() >= kMaxHeldPacketsPerPolicy || octets_ + view.length > kMaxHeldOctets) return Kept::kFull;
  held.packets.push_back({HeldOctets(view.data, view.data + view.length), until == kNever ? now + kHeldPacketMs : until});
  octets_ += view.length;
  return Kept::kKept;
}

std::vector<HeldPacket> HeldPackets::TakeAll(const std::vector<const Policy*>& policies) {
  std::lock_guard<std::mutex> lock(mutex_);
  std::vector<HeldPacket> taken;
  for (const Policy* policy : policies) {
    for (HeldPacket& one : policy->held->packets) {
      octets_ -= one.packet.size();
      taken.push_back(std::move(one));
    }
    policy->held->packets.clear();
  }
  return taken;
}

std::vector<HeldPacket> HeldPackets::TakeExpired(double now, const std::vector<const Policy*>& policies) {
  std::lock_guard<std::mutex> lock(mutex_);
  std::vector<HeldPacket> taken;
  if (octets_ == 0) return taken;
  for (const Policy* policy : policies) {
    std::deque<HeldPacket>& packets = policy->held->packets;
    for (auto one = packets.begin(); one != packets.end();) {
      if (now < one->until) {
        ++one;
        continue;
      }
      octets_ -= one->packet.size();
      taken.push_back(std::move(*one));
      one = packets.erase(one);
    }
  }
  return taken;
}

double HeldPackets::NextExpiry(const std::vector<const Policy*>& policies) {
  std::lock_guard<std::mutex> lock(mutex_);
  double at = kNever;
  if (octets_ == 0) return at;
  for (const Policy* policy : policies) {
    for (const HeldPacket& one : policy->held->packets) at = std::min(at, one.until);
  }
  return at;
}

size_t HeldPackets::Forget(PolicyHeld* held) {
  std::lock_guard<std::mutex> lock(mutex_);
  size_t lost = held->packets.size();
  for (const HeldPacket& one : held->packets) octets_ -= one.packet.size();
  held->packets.clear();
  return lost;
}

bool HeldPackets::empty() {
  std::lock_guard<std::mutex> lock(mutex_);
  return octets_ == 0;
}

}  // namespace mhtun
