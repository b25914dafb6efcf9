// The header of an inner packet as selectors ask for it (RFC 791, RFC 8200, RFC 4301 §4.4.1.1), every length checked.
#ifndef MHTUN_PLANE_PACKET_VIEW_H_
#define MHTUN_PLANE_PACKET_VIEW_H_

#include <cstddef>
#include <cstdint>

namespace mhtun {

enum class Fragment : uint8_t { kNone, kFirst, kLater };

// The protocol is told in a fragment not seen: a later one that begins within extension headers.
inline constexpr int kUnknownProtocol = -1;
// The packet does not show its port.
inline constexpr int kNoPort = -1;

// What a first fragment shows and later ones do not.
struct NextLayer {
  int protocol = 0;
  int source_port = kNoPort;
  int destination_port = kNoPort;
  // ICMP and Mobility: the value is asked of the source's selector alone (RFC 4301 §4.4.1.3 B).
  bool one_port = false;
};

// Addresses as 32-bit words of the machine; IPv4 uses the first alone and leaves the others 0.
struct AddressWords {
  uint32_t word[4] = {};

  bool operator==(const AddressWords& other) const {
    return word[0] == other.word[0] && word[1] == other.word[1] && word[2] == other.word[2] && word[3] == other.word[3];
  }
};

struct PacketView {
  uint8_t* data = nullptr;
  // As the header says: what follows in the buffer is not the packet (TFC padding, RFC 4303 §2.7).
  uint32_t length = 0;
  uint32_t header_length = 0;
  uint32_t payload_offset = 0;
  // As this packet's own header has it; `next` may have learnt better from the first fragment.
  int header_protocol = 0;
  uint8_t family = 4;
  uint8_t tos = 0;
  Fragment fragment = Fragment::kNone;
  // True for IPv6, whose routers do not fragment.
  bool dont_fragment = false;
  NextLayer next;
  AddressWords source;
  AddressWords destination;

  // False where the octets are no whole IP packet.
  bool Parse(uint8_t* packet, size_t available);
  // Whether source or destination means something on one link only (RFC 3927, RFC 5771 §4, RFC 4291 §2.5.6, §2.7).
  bool StaysOnLink() const;
  // What the fragments of one packet have in common besides addresses and, in IPv4, the protocol. Only of a fragment.
  uint32_t Identification() const;

 private:
  bool ParseIpv4(size_t available);
  bool ParseIpv6(size_t available);
  void FindPorts();
};

}  // namespace mhtun

#endif  // MHTUN_PLANE_PACKET_VIEW_H_
