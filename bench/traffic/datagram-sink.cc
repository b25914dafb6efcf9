// Receives what datagram-source sends, many with each call: datagram-sink ADDRESS PORT
// "ready" says that it listens. It ends when nothing has come for a while after the first datagram, or after the longest wait
// for it, and prints as a line of JSON what came, how much of that out of order, and the longest silence.
#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "endpoint.h"

namespace {

constexpr size_t kBatch = 64;
constexpr size_t kSlotOctets = 2048;
constexpr int kSocketBufferOctets = 16 << 20;
constexpr int kFirstWaitMs = 5000;
// Longer than any queue on the way holds a datagram.
constexpr int kQuietMs = 150;

int Open(const Endpoint& at) {
  int fd = socket(at.any.sa_family, SOCK_DGRAM | SOCK_NONBLOCK, 0);
  int on = 1;
  if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 || bind(fd, &at.any, at.length) < 0) Die("bind");
  setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &kSocketBufferOctets, sizeof(kSocketBufferOctets));
  return fd;
}

struct Tally {
  uint64_t received = 0;
  uint64_t late = 0;
  uint32_t next = 0;
  int64_t first_ns = 0;
  int64_t last_ns = 0;
  int64_t longest_gap_ns = 0;

  void Count(uint32_t number, int64_t now) {
    if (received == 0) first_ns = last_ns = now;
    if (received > 0 && static_cast<int32_t>(number - next) < 0) {
      late++;
    } else {
      next = number + 1;
    }
    longest_gap_ns = std::max(longest_gap_ns, now - last_ns);
    last_ns = now;
    received++;
  }
};

}  // namespace

int main(int count, char** arguments) {
  if (count != 3) {
    std::fprintf(stderr, "usage: datagram-sink ADDRESS PORT\n");
    return 2;
  }
  int fd = Open(EndpointOf(arguments[1], arguments[2]));
  std::vector<uint8_t> data(kBatch * kSlotOctets);
  std::vector<iovec> parts(kBatch);
  std::vector<mmsghdr> messages(kBatch);
  for (size_t i = 0; i < kBatch; i++) {
    parts[i] = {data.data() + i * kSlotOctets, kSlotOctets};
    messages[i].msg_hdr.msg_iov = &parts[i];
    messages[i].msg_hdr.msg_iovlen = 1;
  }
  std::printf("ready\n");
  std::fflush(stdout);
  Tally tally;
  for (;;) {
    int n = recvmmsg(fd, messages.data(), kBatch, MSG_DONTWAIT, nullptr);
    int64_t now = NowNs();
    for (int i = 0; i < n; i++) {
      if (messages[static_cast<size_t>(i)].msg_len < sizeof(uint32_t)) continue;
      uint32_t number;
      std::memcpy(&number, data.data() + static_cast<size_t>(i) * kSlotOctets, sizeof(number));
      tally.Count(number, now);
    }
    if (n > 0 || errno == EINTR) continue;
    pollfd readable{fd, POLLIN, 0};
    if (poll(&readable, 1, tally.received == 0 ? kFirstWaitMs : kQuietMs) == 0) break;
  }
  std::printf("{\"received\":%llu,\"late\":%llu,\"seconds\":%.6f,\"longest_gap_ms\":%.3f}\n", static_cast<unsigned long long>(tally.received),
              static_cast<unsigned long long>(tally.late), static_cast<double>(tally.last_ns - tally.first_ns) / 1e9,
              static_cast<double>(tally.longest_gap_ns) / 1e6);
  return 0;
}
