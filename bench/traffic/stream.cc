// One TCP flow at full rate, with an eye on its pauses:
//   stream receive ADDRESS PORT        prints "ready", and at the end a line of JSON: octets, seconds, the longest pauses
//   stream send ADDRESS PORT           until it is asked to end; prints how many segments were sent again
#include <netinet/tcp.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <string>
#include <vector>

#include "endpoint.h"

namespace {

constexpr size_t kChunkOctets = 256 << 10;
// So many of the longest pauses are told.
constexpr size_t kPauses = 10;

volatile std::sig_atomic_t asked_to_end = 0;

int Receive(const Endpoint& at) {
  int listener = socket(at.any.sa_family, SOCK_STREAM, 0);
  int on = 1;
  if (listener < 0 || setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 || bind(listener, &at.any, at.length) < 0) Die("bind");
  if (listen(listener, 1) < 0) Die("listen");
  std::printf("ready\n");
  std::fflush(stdout);
  int fd = accept(listener, nullptr, nullptr);
  if (fd < 0) Die("accept");
  std::vector<uint8_t> room(kChunkOctets);
  std::vector<int64_t> pauses;
  uint64_t octets = 0;
  int64_t first = NowNs();
  int64_t last = first;
  for (ssize_t n = read(fd, room.data(), room.size()); n != 0; n = read(fd, room.data(), room.size())) {
    if (n < 0 && errno != EINTR) Die("read");
    if (n < 0) continue;
    int64_t now = NowNs();
    // The first data may take a while to come.
    if (octets > 0) pauses.push_back(now - last);
    if (octets == 0) first = now;
    octets += static_cast<uint64_t>(n);
    last = now;
    if (pauses.size() > 100 * kPauses) {
      std::partial_sort(pauses.begin(), pauses.begin() + kPauses, pauses.end(), std::greater<>());
      pauses.resize(kPauses);
    }
  }
  std::sort(pauses.begin(), pauses.end(), std::greater<>());
  pauses.resize(std::min(pauses.size(), kPauses));
  std::string list;
  for (int64_t pause : pauses) list += (list.empty() ? "" : ",") + std::to_string(static_cast<double>(pause) / 1e6);
  std::printf("{\"octets\":%llu,\"seconds\":%.6f,\"pauses_ms\":[%s]}\n", static_cast<unsigned long long>(octets),
              static_cast<double>(last - first) / 1e9, list.c_str());
  return 0;
}

int Send(const Endpoint& to) {
  struct sigaction end {};
  end.sa_handler = [](int) { asked_to_end = 1; };
  sigaction(SIGTERM, &end, nullptr);
  sigaction(SIGINT, &end, nullptr);
  int fd = socket(to.any.sa_family, SOCK_STREAM, 0);
  if (fd < 0 || connect(fd, &to.any, to.length) < 0) Die("connect");
  std::vector<uint8_t> chunk(kChunkOctets, 0x5a);
  while (asked_to_end == 0) {
    if (write(fd, chunk.data(), chunk.size()) < 0 && errno != EINTR) Die("write");
  }
  tcp_info info{};
  socklen_t length = sizeof(info);
  getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length);
  std::printf("{\"retransmitted\":%u}\n", info.tcpi_total_retrans);
  return 0;
}

}  // namespace

int main(int count, char** arguments) {
  if (count == 4 && std::strcmp(arguments[1], "receive") == 0) return Receive(EndpointOf(arguments[2], arguments[3]));
  if (count == 4 && std::strcmp(arguments[1], "send") == 0) return Send(EndpointOf(arguments[2], arguments[3]));
  std::fprintf(stderr, "usage: stream receive|send ADDRESS PORT\n");
  return 2;
}
