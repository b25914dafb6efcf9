// Cuts an IPv4 packet that may be cut (RFC 791 §3.2). The kernel does it before the TUN device; this is for what it does not.
#ifndef MHTUN_PLANE_IPV4_FRAGMENTER_H_
#define MHTUN_PLANE_IPV4_FRAGMENTER_H_

#include <cstddef>
#include <cstdint>

#include "packet_view.h"

namespace mhtun {

class Ipv4Fragmenter {
 public:
  // False where the MTU leaves no room for eight octets of data.
  bool Begin(const PacketView& view, size_t mtu);
  // Octets of the next piece; 0 after the last.
  size_t NextLength() const;
  // Writes the next piece, NextLength() octets, and goes on.
  void Write(uint8_t* out);

 private:
  size_t HeaderOctets() const { return done_ == 0 ? header_octets_ : later_octets_; }

  const uint8_t* packet_ = nullptr;
  size_t mtu_ = 0;
  size_t header_octets_ = 0;
  size_t data_octets_ = 0;
  size_t done_ = 0;
  // The packet may be a fragment itself: its own offset and More Fragments carry over.
  size_t base_offset_ = 0;
  bool more_after_ = false;
  // The header of later pieces.
  uint8_t later_[60];
  size_t later_octets_ = 0;
};

}  // namespace mhtun

#endif  // MHTUN_PLANE_IPV4_FRAGMENTER_H_
