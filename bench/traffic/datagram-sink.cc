// Receives what datagram-source sends, many with each call: datagram-sink ADDRESS PORT [EVERY_MS]
// "ready" says that it listens. It ends when nothing has come for a while after the first datagram, or after the longest wait
// for it, and prints as a line of JSON what came, how much of that out of order, and the longest silence. With EVERY_MS it
// prints such a line each time that passes as well, with the time, what should have come, and the longest silence since the last one.
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
// Whoever watches wants to see the tunnel come back.
constexpr int kWatchedQuietMs = 5000;

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

int64_t WallClockMs() {
  timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return now.tv_sec * int64_t{1000} + now.tv_nsec / 1000000;
}

void Print(const Tally& tally) {
  std::printf("{\"at_ms\":%lld,\"received\":%llu,\"expected\":%lu,\"late\":%llu,\"seconds\":%.6f,\"longest_gap_ms\":%.3f}\n", static_cast<long long>(WallClockMs()),
              static_cast<unsigned long long>(tally.received), static_cast<unsigned long>(tally.next), static_cast<unsigned long long>(tally.late),
              static_cast<double>(tally.last_ns - tally.first_ns) / 1e9, static_cast<double>(tally.longest_gap_ns) / 1e6);
  std::fflush(stdout);
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 3 && count != 4) {
    std::fprintf(stderr, "usage: datagram-sink ADDRESS PORT [EVERY_MS]\n");
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
  int64_t every_ns = count == 4 ? std::atol(arguments[3]) * int64_t{1000000} : 0;
  int64_t due_ns = NowNs() + every_ns;
  Tally tally;
  for (;;) {
    int n = recvmmsg(fd, messages.data(), kBatch, MSG_DONTWAIT, nullptr);
    int64_t now = NowNs();
    if (every_ns > 0 && now >= due_ns && tally.received > 0) {
      tally.longest_gap_ns = std::max(tally.longest_gap_ns, now - tally.last_ns);
      Print(tally);
      tally.longest_gap_ns = 0;
      due_ns += every_ns;
    }
    for (int i = 0; i < n; i++) {
      if (messages[static_cast<size_t>(i)].msg_len < sizeof(uint32_t)) continue;
      uint32_t number;
      std::memcpy(&number, data.data() + static_cast<size_t>(i) * kSlotOctets, sizeof(number));
      tally.Count(number, now);
    }
    if (n > 0 || errno == EINTR) continue;
    pollfd readable{fd, POLLIN, 0};
    if (poll(&readable, 1, tally.received == 0 ? kFirstWaitMs : every_ns > 0 ? kWatchedQuietMs : kQuietMs) == 0) break;
  }
  Print(tally);
  return 0;
}
