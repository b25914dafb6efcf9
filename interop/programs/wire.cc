// A wire with length: what comes in on one device goes out on the other after a delay, in the same order, and nothing else
// is done to it. For namespaces of a lab whose kernel has no netem.
//
//   wire DEVICE_A DEVICE_B DELAY_US JITTER_US LOSS_PER_MILLION [the same again for the next wire …]
//
// DELAY_US is for one way. Jitter is drawn evenly from 0 to JITTER_US and added; a packet never overtakes another. The devices
// are the outer ends of veth pairs in a namespace where nobody else has business. It prints `ready` when packets pass, and on SIGTERM one line of
// JSON with its counts.
#include "clock.h"
#include <arpa/inet.h>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <csignal>
#include <deque>
#include <linux/if_packet.h>
#include <algorithm>
#include <memory>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <random>
#include <unistd.h>
#include <vector>

namespace {

// A super-packet (TSO) of 64 KiB with its headers and the virtio header before it.
constexpr size_t max_frame_bytes = 65'536 + 256;
constexpr int batch_frames = 32;
// What may be under way in one direction; more is dropped, as a router's buffer does.
constexpr size_t max_queued_bytes = 32 << 20;
constexpr int socket_buffer_bytes = 16 << 20;

volatile sig_atomic_t stopping = 0;

[[noreturn]] void fail(const char* what, const char* name) {
  std::fprintf(stderr, "wire: %s %s: %s\n", what, name, std::strerror(errno));
  std::exit(1);
}

struct Frame {
  int64_t due_ns;
  size_t size;
  std::unique_ptr<uint8_t[]> bytes;
};

struct Counts {
  uint64_t passed = 0;
  uint64_t lost = 0;
  uint64_t overflowed = 0;
  uint64_t refused = 0;
  int64_t latest_ns = 0;
};

struct Direction {
  int in;
  int out;
  int64_t delay_ns;
  int64_t jitter_ns;
  uint32_t loss_per_million;
  std::deque<Frame> queue;
  size_t queued_bytes = 0;
  int64_t last_due_ns = 0;
  Counts counts;
};

int open_device(const char* name) {
  const int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) fail("packet socket for", name);
  const int on = 1;
  // Super-packets and checksums that are still to be computed pass as they are.
  if (setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, &on, sizeof on) < 0) fail("PACKET_VNET_HDR for", name);
  if (setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof on) < 0) fail("PACKET_IGNORE_OUTGOING for", name);
  if (setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on) < 0) fail("SO_TIMESTAMPNS for", name);
  setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &socket_buffer_bytes, sizeof socket_buffer_bytes);
  setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &socket_buffer_bytes, sizeof socket_buffer_bytes);
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ETH_P_ALL);
  address.sll_ifindex = static_cast<int>(if_nametoindex(name));
  if (address.sll_ifindex == 0) fail("no device", name);
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) < 0) fail("bind to", name);
  return fd;
}

std::mt19937_64 dice{std::random_device{}()};

void enqueue(Direction& way, const uint8_t* bytes, size_t size, int64_t arrived_ns) {
  if (way.loss_per_million > 0 && dice() % 1'000'000 < way.loss_per_million) {
    way.counts.lost += 1;
    return;
  }
  if (way.queued_bytes + size > max_queued_bytes) {
    way.counts.overflowed += 1;
    return;
  }
  const int64_t jitter_ns = way.jitter_ns == 0 ? 0 : static_cast<int64_t>(dice() % static_cast<uint64_t>(way.jitter_ns + 1));
  way.last_due_ns = std::max(way.last_due_ns, arrived_ns + way.delay_ns + jitter_ns);
  Frame frame{way.last_due_ns, size, std::make_unique_for_overwrite<uint8_t[]>(size)};
  std::memcpy(frame.bytes.get(), bytes, size);
  way.queued_bytes += size;
  way.queue.push_back(std::move(frame));
}

// Takes in all that has come.
void take(Direction& way) {
  static std::vector<uint8_t> area(batch_frames * max_frame_bytes);
  alignas(cmsghdr) static char control[batch_frames][64];
  mmsghdr messages[batch_frames];
  iovec parts[batch_frames];
  for (;;) {
    for (int n = 0; n < batch_frames; n += 1) {
      parts[n] = {area.data() + n * max_frame_bytes, max_frame_bytes};
      messages[n] = {};
      messages[n].msg_hdr.msg_iov = &parts[n];
      messages[n].msg_hdr.msg_iovlen = 1;
      messages[n].msg_hdr.msg_control = control[n];
      messages[n].msg_hdr.msg_controllen = sizeof control[n];
    }
    const int got = recvmmsg(way.in, messages, batch_frames, 0, nullptr);
    // A device that was taken down says so once; it comes back by itself.
    if (got <= 0) return;
    const int64_t now = now_ns();
    for (int n = 0; n < got; n += 1) {
      if ((messages[n].msg_hdr.msg_flags & MSG_TRUNC) != 0) continue;
      const int64_t arrived_ns = std::min(now, arrival_ns(messages[n].msg_hdr, now));
      enqueue(way, area.data() + n * max_frame_bytes, messages[n].msg_len, arrived_ns);
    }
    if (got < batch_frames) return;
  }
}

// Sends what is due.
void give(Direction& way, int64_t now) {
  while (!way.queue.empty() && way.queue.front().due_ns <= now) {
    Frame& frame = way.queue.front();
    if (send(way.out, frame.bytes.get(), frame.size, 0) < 0) {
      way.counts.refused += 1;
    } else {
      way.counts.passed += 1;
      way.counts.latest_ns = std::max(way.counts.latest_ns, now - frame.due_ns);
    }
    way.queued_bytes -= frame.size;
    way.queue.pop_front();
  }
}

void tell(const std::deque<Direction>& ways) {
  std::printf("[");
  for (size_t n = 0; n < ways.size(); n += 1) {
    const Counts& counts = ways[n].counts;
    std::printf("%s{\"passed\":%llu,\"lost\":%llu,\"overflowed\":%llu,\"refused\":%llu,\"latest_us\":%.1f}", n == 0 ? "" : ",",
                static_cast<unsigned long long>(counts.passed), static_cast<unsigned long long>(counts.lost),
                static_cast<unsigned long long>(counts.overflowed), static_cast<unsigned long long>(counts.refused), counts.latest_ns / 1e3);
  }
  std::printf("]\n");
}

}  // namespace

int main(int argc, char** argv) {
  constexpr int words_per_wire = 5;
  if (argc < 1 + words_per_wire || (argc - 1) % words_per_wire != 0) {
    std::fprintf(stderr, "usage: wire DEVICE_A DEVICE_B DELAY_US JITTER_US LOSS_PER_MILLION …\n");
    return 2;
  }
  std::deque<Direction> ways;
  for (int at = 1; at < argc; at += words_per_wire) {
    const int a = open_device(argv[at]);
    const int b = open_device(argv[at + 1]);
    const int64_t delay_ns = std::atoll(argv[at + 2]) * 1000;
    const int64_t jitter_ns = std::atoll(argv[at + 3]) * 1000;
    const uint32_t loss = static_cast<uint32_t>(std::atoi(argv[at + 4]));
    ways.push_back({a, b, delay_ns, jitter_ns, loss, {}, 0, 0, {}});
    ways.push_back({b, a, delay_ns, jitter_ns, loss, {}, 0, 0, {}});
  }
  struct sigaction act{};
  act.sa_handler = [](int) { stopping = 1; };
  sigaction(SIGTERM, &act, nullptr);
  sigaction(SIGINT, &act, nullptr);
  // Blocked but while it waits, so that a signal is never missed.
  sigset_t waiting, blocked;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGTERM);
  sigaddset(&blocked, SIGINT);
  sigprocmask(SIG_BLOCK, &blocked, &waiting);
  be_punctual();
  std::printf("ready\n");
  std::fflush(stdout);

  std::vector<pollfd> polled;
  for (const Direction& way : ways) polled.push_back({way.in, POLLIN, 0});
  while (stopping == 0) {
    int64_t due_ns = INT64_MAX;
    for (const Direction& way : ways) if (!way.queue.empty()) due_ns = std::min(due_ns, way.queue.front().due_ns);
    const timespec patience = as_timespec(std::max<int64_t>(0, due_ns - now_ns()));
    ppoll(polled.data(), polled.size(), due_ns == INT64_MAX ? nullptr : &patience, &waiting);
    for (size_t n = 0; n < ways.size(); n += 1) if (polled[n].revents != 0) take(ways[n]);
    const int64_t now = now_ns();
    for (Direction& way : ways) give(way, now);
  }
  tell(ways);
  return 0;
}
