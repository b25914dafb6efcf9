// How fast can ESP in UDP go in userland on this machine? A probe, not a tunnel: TCP over IPv4 is what it cuts and merges, the
// key is fixed, and there is no policy, no replay window and no peer but one. What a data plane does beyond it costs time;
// what it does better saves some.
//
//   probe INTERFACE LOCAL PEER     makes the TUN interface; who starts it sets it up
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/udp.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>

#include "seal.h"
#include "segments.h"

namespace {

constexpr uint16_t kPort = 4500;
constexpr int kSocketBufferOctets = 4 << 20;
// As many datagrams as one message takes of the usual size within 64 KiB.
constexpr size_t kMaxDatagrams = 44;
constexpr size_t kRoom = 1 << 17;

[[noreturn]] void Die(const char* what) {
  std::perror(what);
  std::exit(1);
}

int OpenTun(const char* name) {
  int fd = open("/dev/net/tun", O_RDWR);
  if (fd < 0) Die("/dev/net/tun");
  ifreq request{};
  std::strncpy(request.ifr_name, name, IFNAMSIZ - 1);
  request.ifr_flags = IFF_TUN | IFF_NO_PI | IFF_VNET_HDR;
  if (ioctl(fd, TUNSETIFF, &request) < 0) Die(name);
  if (ioctl(fd, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4) < 0) Die("TUNSETOFFLOAD");
  return fd;
}

int OpenSocket(const char* local, const char* peer) {
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(kPort);
  inet_pton(AF_INET, local, &address.sin_addr);
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) < 0) Die(local);
  inet_pton(AF_INET, peer, &address.sin_addr);
  if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) < 0) Die(peer);
  int on = 1;
  setsockopt(fd, IPPROTO_UDP, UDP_GRO, &on, sizeof(on));
  setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &kSocketBufferOctets, sizeof(kSocketBufferOctets));
  setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &kSocketBufferOctets, sizeof(kSocketBufferOctets));
  return fd;
}

// Datagrams that leave in one message, all of one length but for a shorter last one.
class Datagrams {
 public:
  explicit Datagrams(int fd) : fd_(fd) {}

  uint8_t* next() { return buffer_ + octets_; }
  void Add(size_t length) {
    if (count_ == 0) length_ = length;
    octets_ += length;
    count_++;
    if (count_ == kMaxDatagrams || length < length_) Send();
  }
  void Send() {
    if (count_ == 0) return;
    iovec part{buffer_, octets_};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(uint16_t))] = {};
    if (count_ > 1) {
      message.msg_control = control;
      message.msg_controllen = sizeof(control);
      cmsghdr* header = CMSG_FIRSTHDR(&message);
      header->cmsg_level = IPPROTO_UDP;
      header->cmsg_type = UDP_SEGMENT;
      header->cmsg_len = CMSG_LEN(sizeof(uint16_t));
      auto segment = static_cast<uint16_t>(length_);
      std::memcpy(CMSG_DATA(header), &segment, sizeof(segment));
    }
    while (sendmsg(fd_, &message, 0) < 0 && errno == EINTR) continue;
    octets_ = count_ = 0;
  }

 private:
  int fd_;
  size_t octets_ = 0;
  size_t count_ = 0;
  size_t length_ = 0;
  uint8_t buffer_[kRoom];
};

void FromTun(int tun, int udp) {
  static uint8_t room[kRoom];
  static Datagrams out(udp);
  Sealer sealer;
  for (;;) {
    ssize_t n = read(tun, room, sizeof(room));
    if (n < 0 && errno != EINTR) Die("read");
    if (n <= static_cast<ssize_t>(sizeof(VnetHeader))) continue;
    VnetHeader header;
    std::memcpy(&header, room, sizeof(header));
    uint8_t* packet = room + sizeof(header);
    Cutter cutter(header, packet, static_cast<size_t>(n) - sizeof(header));
    while (size_t length = cutter.Next(Sealer::PayloadIn(out.next()))) out.Add(sealer.Seal(out.next(), length));
    out.Send();
  }
}

size_t DatagramSize(msghdr* message, size_t octets) {
  for (cmsghdr* header = CMSG_FIRSTHDR(message); header != nullptr; header = CMSG_NXTHDR(message, header)) {
    if (header->cmsg_level != IPPROTO_UDP || header->cmsg_type != UDP_GRO) continue;
    int size;
    std::memcpy(&size, CMSG_DATA(header), sizeof(size));
    return static_cast<size_t>(size);
  }
  return octets;
}

void FromWire(int tun, int udp) {
  static uint8_t room[kRoom];
  static Joiner joiner(tun);
  Opener opener;
  for (;;) {
    iovec part{room, sizeof(room)};
    msghdr message{};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))];
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof(control);
    ssize_t n = recvmsg(udp, &message, 0);
    // The peer may not be there yet.
    if (n <= 0) continue;
    auto octets = static_cast<size_t>(n);
    size_t size = DatagramSize(&message, octets);
    for (size_t at = 0; at < octets; at += size) {
      size_t length = octets - at < size ? octets - at : size;
      uint8_t* packet;
      size_t opened = opener.Open(room + at, length, &packet);
      if (opened > 0) joiner.Add(packet, opened);
    }
    joiner.Flush();
  }
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 4) {
    std::fprintf(stderr, "usage: probe INTERFACE LOCAL PEER\n");
    return 2;
  }
  int tun = OpenTun(arguments[1]);
  int udp = OpenSocket(arguments[2], arguments[3]);
  std::thread sender(FromTun, tun, udp);
  FromWire(tun, udp);
}
