// The ICMP errors that the plane itself sends back through the TUN device (RFC 792, RFC 1812 §4.3.2, RFC 1191, RFC 4443 §2.4
// and §3; RFC 4301 §5.1.1, §8.2.1).
#ifndef MHTUN_PLANE_ICMP_H_
#define MHTUN_PLANE_ICMP_H_

#include <cstddef>
#include <cstdint>

#include "packet_view.h"

namespace mhtun {

// The longest error (RFC 4443 §2.4 c).
inline constexpr size_t kMaxIcmpErrorOctets = 1280;

struct IcmpError {
  // 0: policy says no. Else it is too big, and this is the largest inner packet.
  uint32_t mtu = 0;
};

// The packet that tells the sender of `view`, into kMaxIcmpErrorOctets at `out`; 0 where the RFCs say that none may be sent.
// `source6` speaks about IPv6; null: the packet's destination does, as always about IPv4.
size_t WriteIcmpError(const PacketView& view, const IcmpError& error, const uint8_t* source6, uint8_t* out);

}  // namespace mhtun

#endif  // MHTUN_PLANE_ICMP_H_
