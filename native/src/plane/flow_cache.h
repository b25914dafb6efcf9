// Where the last packet of a flow went, so that a gateway with thousands of Child SAs does not walk them for every packet. Only
// a shortcut: other tables make it worthless.
#ifndef MHTUN_PLANE_FLOW_CACHE_H_
#define MHTUN_PLANE_FLOW_CACHE_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "limits.h"
#include "packet_view.h"
#include "tables.h"

namespace mhtun {

// Where a packet goes: an SA, a policy without one, nowhere; or its first fragment must tell.
struct Found {
  enum class Kind : uint8_t { kNone, kUnknown, kSender, kPolicy } kind = Kind::kNone;
  const Sender* sender = nullptr;
  const Policy* policy = nullptr;
};

class FlowCache {
 public:
  // Null where the flow is not known. The packet must be no fragment.
  const Found* Get(uint64_t version, const PacketView& view) const {
    if (slots_.empty()) return nullptr;
    const Slot& slot = slots_[SlotOf(view)];
    return slot.version == version && slot.key == KeyOf(view) ? &slot.found : nullptr;
  }
  void Set(uint64_t version, const PacketView& view, const Found& found) {
    // A host with few SAs never needs it.
    if (slots_.empty()) slots_.resize(kCachedFlows);
    slots_[SlotOf(view)] = {version, KeyOf(view), found};
  }

 private:
  // Addresses, and what selectors ask of the next layer.
  struct Key {
    AddressWords source;
    AddressWords destination;
    uint32_t ports = 0;
    int protocol = 0;
    uint8_t family = 0;
    bool has_ports = false;

    bool operator==(const Key& other) const {
      return source == other.source && destination == other.destination && ports == other.ports && protocol == other.protocol &&
             family == other.family && has_ports == other.has_ports;
    }
  };
  struct Slot {
    uint64_t version = 0;
    Key key;
    Found found;
  };

  static Key KeyOf(const PacketView& view) {
    return {view.source, view.destination, PortsOf(view), view.next.protocol, view.family, view.next.source_port != kNoPort};
  }
  static uint32_t PortsOf(const PacketView& view) {
    return static_cast<uint32_t>(view.next.source_port) << 16 | (static_cast<uint32_t>(view.next.destination_port) & 0xffff);
  }
  // Odd multipliers spread neighbours; who picks collisions only makes look-ups as slow as without.
  static size_t SlotOf(const PacketView& view) {
    uint32_t hash = (view.source.word[0] ^ view.source.word[3]) * 0x9e3779b1u;
    hash = (hash ^ view.source.word[1] ^ view.source.word[2] ^ hash >> 15) * 0x85ebca77u;
    hash = (hash ^ view.destination.word[0] ^ view.destination.word[3] ^ hash >> 13) * 0xc2b2ae3du;
    hash = (hash ^ view.destination.word[1] ^ view.destination.word[2] ^ hash >> 16) * 0x27d4eb2fu;
    hash = (hash ^ PortsOf(view) ^ hash >> 15) * 0x165667b1u;
    hash = (hash ^ static_cast<uint32_t>(view.next.protocol) ^ hash >> 13) * 0x9e3779b1u;
    return (hash ^ hash >> 16) & (kCachedFlows - 1);
  }

  std::vector<Slot> slots_;
};

}  // namespace mhtun

#endif  // MHTUN_PLANE_FLOW_CACHE_H_
