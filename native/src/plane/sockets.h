// The sockets of the NAT port, one for each local address and device, and where an outbound SA's packets go.
#ifndef MHTUN_PLANE_SOCKETS_H_
#define MHTUN_PLANE_SOCKETS_H_

#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "path.h"

namespace mhtun {

struct Socket {
  Socket(const Endpoint& local, const DeviceName& device) : local(local), device(device) {}
  ~Socket() {
    for (int fd : fds) close(fd);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  bool Is(const Endpoint& other_local, const DeviceName& other_device) const {
    return local == other_local && device == other_device;
  }
  Path PathTo(const Endpoint& remote) const { return {local, remote, device}; }

  // Unique for as long as the plane lives: what epoll gives back. A slot serves another socket later.
  uint64_t id = 0;
  size_t slot = 0;
  const Endpoint local;
  const DeviceName device;
  int family = 0;
  unsigned device_index = 0;
  // One for each receiving worker; the first one sends. None in tests.
  std::vector<int> fds;
};

// A path with its socket; never changed.
struct Route {
  Path path;
  // Null: there is none.
  Socket* socket = nullptr;
  SockAddr name;
  socklen_t name_length = 0;
};

}  // namespace mhtun

#endif  // MHTUN_PLANE_SOCKETS_H_
