#include "datagram.h"

#include <netinet/udp.h>

#include <cstring>

namespace mhtun {
namespace {

void Append(msghdr* message, Control* control, int level, int type, const void* value, size_t size) {
  message->msg_control = control->octets;
  auto* header = reinterpret_cast<cmsghdr*>(control->octets + message->msg_controllen);
  header->cmsg_level = level;
  header->cmsg_type = type;
  header->cmsg_len = CMSG_LEN(size);
  std::memcpy(CMSG_DATA(header), value, size);
  message->msg_controllen += CMSG_SPACE(size);
}

}  // namespace

socklen_t Decode(const uint8_t* peer, unsigned device_index, SockAddr* out) {
  std::memset(out, 0, sizeof(*out));
  if (peer[0] == 4) {
    out->v4.sin_family = AF_INET;
    std::memcpy(&out->v4.sin_port, peer + 2, 2);
    std::memcpy(&out->v4.sin_addr, peer + 4, 4);
    return sizeof(out->v4);
  }
  if (peer[0] != 6) return 0;
  out->v6.sin6_family = AF_INET6;
  std::memcpy(&out->v6.sin6_port, peer + 2, 2);
  std::memcpy(&out->v6.sin6_addr, peer + 4, 16);
  if (IN6_IS_ADDR_LINKLOCAL(&out->v6.sin6_addr)) out->v6.sin6_scope_id = device_index;
  return sizeof(out->v6);
}

void SetControls(msghdr* message, Control* control, int family, int tos, uint16_t segment) {
  message->msg_control = nullptr;
  message->msg_controllen = 0;
  bool is_v4 = family == AF_INET;
  if (tos != 0) Append(message, control, is_v4 ? IPPROTO_IP : IPPROTO_IPV6, is_v4 ? IP_TOS : IPV6_TCLASS, &tos, sizeof(tos));
  if (segment != 0) Append(message, control, IPPROTO_UDP, UDP_SEGMENT, &segment, sizeof(segment));
}

Received ControlsOf(msghdr* message) {
  Received out;
  for (cmsghdr* header = CMSG_FIRSTHDR(message); header != nullptr; header = CMSG_NXTHDR(message, header)) {
    int number = 0;
    if (header->cmsg_len >= CMSG_LEN(sizeof(number))) std::memcpy(&number, CMSG_DATA(header), sizeof(number));
    // One octet, where all others are an int.
    if (header->cmsg_level == IPPROTO_IP && header->cmsg_type == IP_TOS) out.tos = *CMSG_DATA(header);
    if (header->cmsg_level == IPPROTO_IPV6 && header->cmsg_type == IPV6_TCLASS) out.tos = number & 0xff;
    if (header->cmsg_level == IPPROTO_UDP && header->cmsg_type == UDP_GRO) out.segment = number;
  }
  return out;
}

}  // namespace mhtun
