// Opens queues of a TUN interface, and finds out which offloads the kernel has for it.
#ifndef MHTUN_TUN_OPEN_H_
#define MHTUN_TUN_OPEN_H_

#include <string>

namespace mhtun {

struct TunOptions {
  // A virtio header before each packet (IFF_VNET_HDR).
  bool vnet = false;
  // Several descriptors, one a worker.
  bool multi_queue = false;
  // Another queue of an interface that is ours already.
  bool attach = false;
};

// The descriptor, or an errno, negated. `name` becomes what the kernel calls it.
int OpenTun(std::string* name, const TunOptions& options);

// What may come and go in one piece, as TUNSETOFFLOAD has it.
struct TunOffloads {
  // Packets may lack their checksum.
  bool checksum = false;
  bool tcp = false;
  // Linux 6.2 and later.
  bool udp = false;
};

// The most of `wanted` that the kernel grants on a queue with a virtio header.
TunOffloads SetTunOffloads(int fd, const TunOffloads& wanted);

}  // namespace mhtun

#endif  // MHTUN_TUN_OPEN_H_
