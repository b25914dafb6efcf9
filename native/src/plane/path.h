// Where a datagram leaves and arrives, as the control plane names it (`DatagramPath`).
#ifndef MHTUN_PLANE_PATH_H_
#define MHTUN_PLANE_PATH_H_

#include <net/if.h>

#include <cstdint>
#include <cstring>
#include <string>

#include "../datagram.h"
#include "bytes.h"

namespace mhtun {

// Family (4 or 6), 0, port in network order, 16 octets of address: what Decode() takes.
struct Endpoint {
  uint8_t octets[kPeerOctets] = {};

  bool operator==(const Endpoint& other) const { return std::memcmp(octets, other.octets, sizeof(octets)) == 0; }
};

// A link's name; empty: none.
struct DeviceName {
  char text[IFNAMSIZ] = {};

  bool operator==(const DeviceName& other) const { return std::memcmp(text, other.text, sizeof(text)) == 0; }
};

struct Path {
  Endpoint local;
  Endpoint remote;
  DeviceName device;

  bool operator==(const Path& other) const { return local == other.local && remote == other.remote && device == other.device; }
};

inline Endpoint ReadEndpoint(ByteReader* from) {
  Endpoint out;
  if (const uint8_t* octets = from->Take(kPeerOctets); octets != nullptr) std::memcpy(out.octets, octets, kPeerOctets);
  return out;
}

inline DeviceName ReadDevice(ByteReader* from) {
  DeviceName out;
  std::string text = from->Text();
  std::memcpy(out.text, text.data(), text.size() < IFNAMSIZ ? text.size() : IFNAMSIZ - 1);
  return out;
}

inline Path ReadPath(ByteReader* from) {
  Path out;
  out.local = ReadEndpoint(from);
  out.remote = ReadEndpoint(from);
  out.device = ReadDevice(from);
  return out;
}

inline void WritePath(ByteWriter* to, const Path& path) {
  to->Octets(path.local.octets, kPeerOctets);
  to->Octets(path.remote.octets, kPeerOctets);
  to->Text(path.device.text);
}

// The other way round of Decode().
inline Endpoint Encode(const SockAddr& from) {
  Endpoint out;
  if (from.any.sa_family == AF_INET) {
    out.octets[0] = 4;
    std::memcpy(out.octets + 2, &from.v4.sin_port, 2);
    std::memcpy(out.octets + 4, &from.v4.sin_addr, 4);
  } else {
    out.octets[0] = 6;
    std::memcpy(out.octets + 2, &from.v6.sin6_port, 2);
    std::memcpy(out.octets + 4, &from.v6.sin6_addr, 16);
  }
  return out;
}

}  // namespace mhtun

#endif  // MHTUN_PLANE_PATH_H_
