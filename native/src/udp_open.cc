#include "udp_open.h"

#include <net/if.h>
#include <netinet/udp.h>
#include <unistd.h>

#include <cerrno>

namespace mhtun {
namespace {

int Set(int fd, int level, int option, int value) { return setsockopt(fd, level, option, &value, sizeof(value)) < 0 ? -errno : 0; }

// What can't be had with force is asked for; the kernel then gives what net.core allows.
void SetBuffer(int fd, int forced, int asked, int value) {
  if (Set(fd, SOL_SOCKET, forced, value) != 0) Set(fd, SOL_SOCKET, asked, value);
}

// 0 or an errno, negated.
int Configure(int fd, int family, const UdpOptions& options) {
  if (family == AF_INET6) {
    if (int error = Set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1); error != 0) return error;
    Set(fd, IPPROTO_IPV6, IPV6_RECVTCLASS, 1);
    Set(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_DONT);
  } else {
    Set(fd, IPPROTO_IP, IP_RECVTOS, 1);
    // DONT: no DF, so a router may fragment what is too big for it, and so may we by the path MTU that the host has learnt.
    // PROBE would set DF and lose every full-sized packet on a narrower path, whose ICMP we could not map to an inner packet;
    // how wide a path is, is found out by probes that are sent so (Unfragmented).
    Set(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DONT);
  }
  // A kernel before 5.0 does not know it, and then nothing comes together.
  if (options.gro) Set(fd, IPPROTO_UDP, UDP_GRO, 1);
  if (options.shared) {
    if (int error = Set(fd, SOL_SOCKET, SO_REUSEPORT, 1); error != 0) return error;
  }
  if (options.mark != 0) {
    if (int error = Set(fd, SOL_SOCKET, SO_MARK, options.mark); error != 0) return error;
  }
  const std::string& device = options.device;
  if (!device.empty() && setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, device.c_str(), device.size()) < 0) return -errno;
  SetBuffer(fd, SO_RCVBUFFORCE, SO_RCVBUF, options.receive_octets);
  SetBuffer(fd, SO_SNDBUFFORCE, SO_SNDBUF, options.send_octets);
  return 0;
}

}  // namespace

Unfragmented::Unfragmented(int fd, int family) : fd_(fd), family_(family) { Allow(false); }

Unfragmented::~Unfragmented() { Allow(true); }

void Unfragmented::Allow(bool fragments) const {
  if (family_ == AF_INET) {
    Set(fd_, IPPROTO_IP, IP_MTU_DISCOVER, fragments ? IP_PMTUDISC_DONT : IP_PMTUDISC_PROBE);
    return;
  }
  Set(fd_, IPPROTO_IPV6, IPV6_MTU_DISCOVER, fragments ? IPV6_PMTUDISC_DONT : IPV6_PMTUDISC_PROBE);
  // PROBE alone still cuts by the link's MTU.
  Set(fd_, IPPROTO_IPV6, IPV6_DONTFRAG, fragments ? 0 : 1);
}

UdpOpened OpenUdp(const uint8_t* local, const UdpOptions& options) {
  UdpOpened out;
  auto failed = [&](int error) {
    if (out.fd >= 0) close(out.fd);
    out.fd = error;
    return out;
  };
  if (options.device.size() >= IFNAMSIZ) return failed(-EINVAL);
  out.device_index = options.device.empty() ? 0 : if_nametoindex(options.device.c_str());
  if (!options.device.empty() && out.device_index == 0) return failed(-errno);
  SockAddr name;
  socklen_t length = Decode(local, out.device_index, &name);
  if (length == 0) return failed(-EINVAL);
  out.family = name.any.sa_family;
  out.fd = socket(out.family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_UDP);
  if (out.fd < 0) return failed(-errno);
  if (int error = Configure(out.fd, out.family, options); error != 0) return failed(error);
  if (bind(out.fd, &name.any, length) < 0 || getsockname(out.fd, &name.any, &length) < 0) return failed(-errno);
  out.port = ntohs(out.family == AF_INET ? name.v4.sin_port : name.v6.sin6_port);
  return out;
}

}  // namespace mhtun
