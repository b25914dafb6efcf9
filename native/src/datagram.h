// Addresses and control messages of UDP datagrams, as the kernel has them and as JavaScript gives them.
#ifndef MHTUN_DATAGRAM_H_
#define MHTUN_DATAGRAM_H_

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstddef>
#include <cstdint>

namespace mhtun {

// A peer: family (4 or 6), 0, port in network order, 16 octets of address.
inline constexpr size_t kPeerOctets = 20;

union SockAddr {
  sockaddr any;
  sockaddr_in v4;
  sockaddr_in6 v6;
};

// 0 where the octets are no peer. A link-local address is that of the device.
socklen_t Decode(const uint8_t* peer, unsigned device_index, SockAddr* out);

// Room for the control messages of one datagram.
union Control {
  cmsghdr align;
  char octets[2 * CMSG_SPACE(sizeof(int))];
};

// A TOS of 0 is the socket's default, a segment size of 0 says that it is one datagram.
void SetControls(msghdr* message, Control* control, int family, int tos, uint16_t segment);

struct Received {
  // DSCP and ECN.
  int tos = 0;
  // The size of each datagram where there are several, else 0.
  int segment = 0;
};

Received ControlsOf(msghdr* message);

}  // namespace mhtun

#endif  // MHTUN_DATAGRAM_H_
