// Fragments under selectors that ask for ports (RFC 4301 §7.3, stateful fragment checking): the first fragment shows the
// ports, the later ones are judged by them. One that comes before its first is held for a moment, within bounds. One tracker
// serves one inbound SA, or one worker of the TUN device; any thread may use it.
#ifndef MHTUN_PLANE_FRAGMENTS_H_
#define MHTUN_PLANE_FRAGMENTS_H_

#include <cstddef>
#include <cstdint>
#include <list>
#include <mutex>
#include <vector>

#include "packet_view.h"

namespace mhtun {

using HeldOctets = std::vector<uint8_t>;

class FragmentTracker {
 public:
  // Remembers what a first fragment shows. Held followers come back in the order they arrived.
  std::vector<HeldOctets> Learn(double now, const PacketView& view);
  // Fills in what the first fragment showed; false where none is known.
  bool Recall(double now, PacketView* view);
  // Keeps a copy until the first fragment comes; false where there is no room.
  bool Hold(double now, const PacketView& view);
  // Forgets what is too old. How many held fragments were dropped.
  size_t Expire(double now);
  // When Expire() has something to do.
  double NextExpiry();

 private:
  // What makes fragments belong together: RFC 791 §3.2 with the protocol, RFC 8200 §4.5 without.
  struct Key {
    int protocol;
    uint32_t identification;
    AddressWords source;
    AddressWords destination;

    bool operator==(const Key& other) const {
      return protocol == other.protocol && identification == other.identification && source == other.source &&
             destination == other.destination;
    }
  };
  struct Flow {
    Key key;
    NextLayer next;
    double until;
  };
  struct Held {
    Key key;
    HeldOctets packet;
    double until;
  };

  static Key KeyOf(const PacketView& view);

  std::mutex mutex_;
  // In the order of their last first fragment.
  std::list<Flow> flows_;
  std::list<Held> held_;
  size_t held_octets_ = 0;
};

}  // namespace mhtun

#endif  // MHTUN_PLANE_FRAGMENTS_H_
