#include "tun_open.h"

#include <fcntl.h>
#include <net/if.h>
#include <linux/if_tun.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace mhtun {
namespace {

// Not in older kernel headers.
constexpr unsigned kUso4 = 0x20;
constexpr unsigned kUso6 = 0x40;

}  // namespace

int OpenTun(std::string* name, const TunOptions& options) {
  int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) return -errno;
  ifreq request{};
  std::memcpy(request.ifr_name, name->c_str(), name->size() < IFNAMSIZ ? name->size() : IFNAMSIZ - 1);
  int flags = IFF_TUN | IFF_NO_PI;
  // IFF_TUN_EXCL: an interface of that name which is there already is not ours to use.
  if (!options.attach) flags |= IFF_TUN_EXCL;
  if (options.vnet) flags |= IFF_VNET_HDR;
  if (options.multi_queue) flags |= IFF_MULTI_QUEUE;
  request.ifr_flags = static_cast<short>(flags);
  if (ioctl(fd, TUNSETIFF, &request) < 0) {
    int error = errno;
    close(fd);
    return -error;
  }
  *name = std::string(request.ifr_name, strnlen(request.ifr_name, IFNAMSIZ));
  return fd;
}

TunOffloads SetTunOffloads(int fd, const TunOffloads& wanted) {
  const TunOffloads tries[] = {
      {wanted.checksum, wanted.checksum && wanted.tcp, wanted.checksum && wanted.udp},
      {wanted.checksum, wanted.checksum && wanted.tcp, false},
      {wanted.checksum, false, false},
  };
  for (const TunOffloads& granted : tries) {
    unsigned flags = granted.checksum ? TUN_F_CSUM : 0;
    if (granted.tcp) flags |= TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN;
    if (granted.udp) flags |= kUso4 | kUso6;
    if (ioctl(fd, TUNSETOFFLOAD, static_cast<unsigned long>(flags)) == 0) return granted;
  }
  return {};
}

}  // namespace mhtun
