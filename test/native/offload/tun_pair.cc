#include "tun_pair.h"

#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

constexpr size_t kVnetOctets = 10;
constexpr size_t kMaxReadOctets = 65536 + kVnetOctets;
// The kernel forwards within the write; only its own later packets could come after this.
constexpr int kQuietMs = 20;
// TUN_F_USO4 and TUN_F_USO6, which older headers do not have.
constexpr unsigned kUso = 0x20 | 0x40;

}  // namespace

int OpenTun(const char* name, bool offloads) {
  int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) return -1;
  ifreq request{};
  std::strncpy(request.ifr_name, name, IFNAMSIZ - 1);
  request.ifr_flags = IFF_TUN | IFF_NO_PI | IFF_VNET_HDR;
  unsigned wanted = offloads ? TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN : 0;
  if (ioctl(fd, TUNSETIFF, &request) == 0) {
    if (offloads && ioctl(fd, TUNSETOFFLOAD, wanted | kUso) == 0) return fd;
    if (ioctl(fd, TUNSETOFFLOAD, wanted) == 0) return fd;
  }
  close(fd);
  return -1;
}

bool TunPair::Open() {
  if (from_ >= 0) return true;
  to_ = OpenTun("plain", false);
  from_ = OpenTun("offload", true);
  // Nothing but what the test forwards: no router solicitations, no answers.
  const char* commands =
      "set -e; sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 net.ipv4.conf.all.rp_filter=0;"
      "for d in offload plain; do sysctl -qw net.ipv6.conf.$d.addr_gen_mode=1 net.ipv4.conf.$d.rp_filter=0; ip link set $d mtu 1500 up; done;"
      "ip route add 10.77.2.0/24 dev plain; ip -6 route add fd77:2::/64 dev plain;"
      "ip route add 10.77.1.0/24 dev offload; ip -6 route add fd77:1::/64 dev offload";
  return to_ >= 0 && from_ >= 0 && std::system(commands) == 0;
}

bool TunPair::Forward(const uint8_t* packet, size_t length, std::vector<std::vector<uint8_t>>* out) {
  if (!Open() || write(from_, packet, length) != static_cast<ssize_t>(length)) return false;
  std::vector<uint8_t> room(kMaxReadOctets);
  for (pollfd readable{to_, POLLIN, 0}; poll(&readable, 1, kQuietMs) == 1;) {
    ssize_t octets = read(to_, room.data(), room.size());
    if (octets < static_cast<ssize_t>(kVnetOctets)) return false;
    out->emplace_back(room.begin() + kVnetOctets, room.begin() + octets);
  }
  return true;
}
