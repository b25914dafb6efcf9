// Datagrams at an even rate both ways between two network namespaces, each with a number and the time of its sending, and an
// exact account of what arrived when. One process has both ends, so that one clock serves all.
//
//   stream NAMESPACE_A ADDRESS_A NAMESPACE_B ADDRESS_B PACKETS_PER_SECOND OCTETS
//
// It says `ready` and then answers orders on its standard input, one line each, until that ends:
//   now                 the time, in nanoseconds
//   report FROM UNTIL   what became of the datagrams sent in that time (JSON; `out` is from A to B, `back` from B to A)
// A gap is the time between two arrivals one after the other. One that begins or ends in the time asked for counts whole; one
// that has not ended yet counts to now. Orders reach back `history` datagrams.
#include "clock.h"
#include <algorithm>
#include <arpa/inet.h>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <memory>
#include <poll.h>
#include <string>
#include <unistd.h>
#include <vector>

namespace {

// Two minutes at 1,000 a second.
constexpr uint64_t history = 1 << 17;
constexpr uint16_t port = 7007;
constexpr size_t max_octets = 1'400;
constexpr size_t max_line_bytes = 256;

[[noreturn]] void fail(const char* what, const char* about) {
  std::fprintf(stderr, "stream: %s %s: %s\n", what, about, std::strerror(errno));
  std::exit(1);
}

struct Payload {
  uint64_t number;
  int64_t sent_ns;
};

struct Sent {
  int64_t at_ns = 0;
  bool refused = false;
  uint32_t arrivals = 0;
  int64_t took_ns = 0;
};

struct Arrival {
  int64_t at_ns;
  bool late;
  bool again;
};

// What went from one end to the other.
struct Way {
  std::vector<Sent> sent = std::vector<Sent>(history);
  uint64_t next_number = 0;
  std::vector<Arrival> arrivals = std::vector<Arrival>(history);
  uint64_t arrived = 0;
  uint64_t highest_number = 0;
};

struct End {
  int fd;
  sockaddr_storage address;
  socklen_t address_size;
};

End open_end(const char* space, const char* text) {
  const std::string path = std::string("/run/netns/") + space;
  const int handle = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (handle < 0 || setns(handle, CLONE_NEWNET) < 0) fail("no namespace", space);
  close(handle);
  End end{};
  auto* v4 = reinterpret_cast<sockaddr_in*>(&end.address);
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&end.address);
  if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    end.address_size = sizeof *v4;
  } else if (inet_pton(AF_INET6, text, &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    end.address_size = sizeof *v6;
  } else {
    fail("no address:", text);
  }
  end.fd = socket(end.address.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const int on = 1;
  const int buffer_bytes = 4 << 20;
  if (end.fd < 0 || setsockopt(end.fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on) < 0) fail("socket for", text);
  setsockopt(end.fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer_bytes, sizeof buffer_bytes);
  if (bind(end.fd, reinterpret_cast<sockaddr*>(&end.address), end.address_size) < 0) fail("bind to", text);
  return end;
}

void send_one(Way& way, const End& from, const End& to, size_t octets) {
  uint8_t bytes[max_octets] = {};
  const Payload payload{way.next_number, now_ns()};
  std::memcpy(bytes, &payload, sizeof payload);
  const ssize_t done = sendto(from.fd, bytes, octets, 0, reinterpret_cast<const sockaddr*>(&to.address), to.address_size);
  way.sent[payload.number % history] = {payload.sent_ns, done < 0, 0, 0};
  way.next_number += 1;
}

void take(Way& way, const End& at) {
  for (;;) {
    uint8_t bytes[max_octets];
    alignas(cmsghdr) char control[64];
    iovec part{bytes, sizeof bytes};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    const ssize_t got = recvmsg(at.fd, &message, 0);
    if (got < 0) return;
    if (got < static_cast<ssize_t>(sizeof(Payload))) continue;
    Payload payload;
    std::memcpy(&payload, bytes, sizeof payload);
    Sent& sent = way.sent[payload.number % history];
    // Of another run, or older than what is kept.
    if (payload.number >= way.next_number || sent.at_ns != payload.sent_ns) continue;
    const int64_t at_ns = arrival_ns(message, now_ns());
    sent.arrivals += 1;
    if (sent.arrivals == 1) sent.took_ns = at_ns - payload.sent_ns;
    way.arrivals[way.arrived % history] = {at_ns, payload.number < way.highest_number, sent.arrivals > 1};
    way.arrived += 1;
    way.highest_number = std::max(way.highest_number, payload.number);
  }
}

struct Gap {
  int64_t from_ns = 0;
  int64_t until_ns = 0;
  int64_t length() const { return until_ns - from_ns; }
};

void report(const char* name, const Way& way, int64_t from_ns, int64_t until_ns) {
  uint64_t sent = 0, lost = 0, refused = 0, duplicates = 0;
  std::vector<int64_t> took;
  // Our own hold-ups are told, so that nobody takes them for the tunnel's.
  int64_t send_gap_ns = 0;
  const uint64_t oldest = way.next_number > history ? way.next_number - history : 0;
  // Backwards, since what is asked for is young.
  for (uint64_t number = way.next_number; number-- > oldest;) {
    const Sent& one = way.sent[number % history];
    if (one.at_ns < from_ns) break;
    if (one.at_ns >= until_ns) continue;
    if (number > oldest) send_gap_ns = std::max(send_gap_ns, one.at_ns - way.sent[(number - 1) % history].at_ns);
    sent += 1;
    if (one.arrivals == 0) lost += 1;
    if (one.refused) refused += 1;
    if (one.arrivals > 1) duplicates += one.arrivals - 1;
    if (one.arrivals > 0) took.push_back(one.took_ns);
  }
  uint64_t reordered = 0;
  Gap longest;
  int64_t next_ns = 0;
  const auto consider = [&](int64_t before_ns) {
    const Gap gap{before_ns, next_ns};
    if (gap.until_ns > from_ns && gap.from_ns < until_ns && gap.length() > longest.length()) longest = gap;
  };
  const uint64_t first = way.arrived > history ? way.arrived - history : 0;
  for (uint64_t n = way.arrived; n-- > first && (next_ns == 0 || next_ns > from_ns);) {
    const Arrival& one = way.arrivals[n % history];
    // After the last arrival nothing has come up to now, but that counts only where something should have.
    if (next_ns != 0) consider(one.at_ns);
    else if (next_ns = now_ns(); one.at_ns < until_ns) consider(one.at_ns);
    next_ns = one.at_ns;
    if (one.at_ns >= from_ns && one.at_ns < until_ns && one.late && !one.again) reordered += 1;
  }
  // Nothing ever came.
  if (next_ns == 0) longest = {from_ns, now_ns()};
  std::sort(took.begin(), took.end());
  const auto ms = [](int64_t ns) { return static_cast<double>(ns) / 1e6; };
  std::printf("\"%s\":{\"sent\":%llu,\"lost\":%llu,\"refused\":%llu,\"duplicates\":%llu,\"reordered\":%llu,\"gap_ms\":%.3f,\"gap_from_ms\":%.3f,\"send_gap_ms\":%.3f,"
              "\"took_min_ms\":%.3f,\"took_median_ms\":%.3f,\"took_max_ms\":%.3f}",
              name, static_cast<unsigned long long>(sent), static_cast<unsigned long long>(lost), static_cast<unsigned long long>(refused),
              static_cast<unsigned long long>(duplicates), static_cast<unsigned long long>(reordered), ms(longest.length()), ms(longest.from_ns - from_ns), ms(send_gap_ns),
              took.empty() ? 0 : ms(took.front()), took.empty() ? 0 : ms(took[took.size() / 2]), took.empty() ? 0 : ms(took.back()));
}

void answer(const std::string& line, const Way& out, const Way& back) {
  long long from_ns = 0;
  long long until_ns = 0;
  if (line == "now") {
    std::printf("{\"now_ns\":\"%lld\"}\n", static_cast<long long>(now_ns()));
  } else if (std::sscanf(line.c_str(), "report %lld %lld", &from_ns, &until_ns) == 2) {
    std::printf("{");
    report("out", out, from_ns, until_ns);
    std::printf(",");
    report("back", back, from_ns, until_ns);
    std::printf("}\n");
  } else {
    std::printf("{\"error\":\"unknown order\"}\n");
  }
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  const int rate = argc == 7 ? std::atoi(argv[5]) : 0;
  const size_t octets = argc == 7 ? static_cast<size_t>(std::atoi(argv[6])) : 0;
  if (rate < 1 || rate > 20'000 || octets < sizeof(Payload) || octets > max_octets) {
    std::fprintf(stderr, "usage: stream NAMESPACE_A ADDRESS_A NAMESPACE_B ADDRESS_B PACKETS_PER_SECOND OCTETS\n");
    return 2;
  }
  const End a = open_end(argv[1], argv[2]);
  const End b = open_end(argv[3], argv[4]);
  fcntl(STDIN_FILENO, F_SETFL, O_NONBLOCK);
  const auto out = std::make_unique<Way>();
  const auto back = std::make_unique<Way>();
  be_punctual();
  std::printf("ready\n");
  std::fflush(stdout);

  const int64_t step_ns = 1'000'000'000 / rate;
  int64_t due_ns = now_ns();
  std::string line;
  pollfd polled[3] = {{a.fd, POLLIN, 0}, {b.fd, POLLIN, 0}, {STDIN_FILENO, POLLIN, 0}};
  for (;;) {
    const timespec patience = as_timespec(std::max<int64_t>(0, due_ns - now_ns()));
    ppoll(polled, 3, &patience, nullptr);
    if (polled[0].revents != 0) take(*back, a);
    if (polled[1].revents != 0) take(*out, b);
    // A datagram that is late is sent late, and none is left out: the rate is what was asked for.
    for (; due_ns <= now_ns(); due_ns += step_ns) {
      send_one(*out, a, b, octets);
      send_one(*back, b, a, octets);
    }
    if (polled[2].revents == 0) continue;
    char text[max_line_bytes];
    const ssize_t got = read(STDIN_FILENO, text, sizeof text);
    if (got == 0) return 0;
    for (ssize_t n = 0; n < got; n += 1) {
      if (text[n] != '\n') {
        line += text[n];
        continue;
      }
      answer(line, *out, *back);
      line.clear();
    }
    if (line.size() > max_line_bytes) return 2;
  }
}
