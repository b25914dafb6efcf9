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

// For as long as it lives, what the socket sends is not fragmented, neither here (EMSGSIZE) nor on the way, and what the host has
// learnt of the path's MTU does not count. The kernel has no such wish for a single datagram: what another thread sends on the
// socket meanwhile is held to it too.
class Unfragmented {
 public:
  Unfragmented(int fd, int family);
  ~Unfragmented();
  Unfragmented(const Unfragmented&) = delete;
  Unfragmented& operator=(const Unfragmented&) = delete;

 private:
  void Allow(bool fragments) const;

  const int fd_;
  const int family_;
};

}  // namespace mhtun

#endif  // MHTUN_UDP_OPEN_H_
