// A UDP socket on one local address and port, and on one device where one is given: with the DSCP and ECN of what it
// receives, several datagrams as one (UDP_GRO), a firewall mark on all that leaves, and no Don't Fragment.
#ifndef MHTUN_UDP_OPEN_H_
#define MHTUN_UDP_OPEN_H_

#include <cstdint>
#include <string>

#include "datagram.h"

namespace mhtun {

struct UdpOptions {
  // Empty: none.
  std::string device;
  int mark = 0;
  int receive_octets = 0;
  int send_octets = 0;
  bool gro = true;
  // Others of ours may have the same address and port.
  bool shared = false;
};

struct UdpOpened {
  // Or an errno, negated.
  int fd = -1;
  int family = 0;
  unsigned device_index = 0;
  uint16_t port = 0;
};

// `local` as kPeerOctets.
UdpOpened OpenUdp(const uint8_t* local, const UdpOptions& options);

}  // namespace mhtun

#endif  // MHTUN_UDP_OPEN_H_
