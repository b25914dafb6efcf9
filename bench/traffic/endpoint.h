// What the programs of this folder have in common: numeric addresses, time, and an end with a reason.
#ifndef MHTUN_TRAFFIC_ENDPOINT_H_
#define MHTUN_TRAFFIC_ENDPOINT_H_

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <time.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

[[noreturn]] inline void Die(const char* what) {
  std::perror(what);
  std::exit(1);
}

struct Endpoint {
  union {
    sockaddr any;
    sockaddr_in v4;
    sockaddr_in6 v6;
  };
  socklen_t length;
};

inline Endpoint EndpointOf(const char* address, const char* port) {
  Endpoint out{};
  auto number = htons(static_cast<uint16_t>(std::atoi(port)));
  if (inet_pton(AF_INET, address, &out.v4.sin_addr) == 1) {
    out.v4.sin_family = AF_INET;
    out.v4.sin_port = number;
    out.length = sizeof(out.v4);
  } else if (inet_pton(AF_INET6, address, &out.v6.sin6_addr) == 1) {
    out.v6.sin6_family = AF_INET6;
    out.v6.sin6_port = number;
    out.length = sizeof(out.v6);
  } else {
    std::fprintf(stderr, "%s is no address\n", address);
    std::exit(2);
  }
  return out;
}

inline int64_t NowNs() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * int64_t{1000000000} + now.tv_nsec;
}

#endif  // MHTUN_TRAFFIC_ENDPOINT_H_
