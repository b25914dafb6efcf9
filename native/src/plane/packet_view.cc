#include "packet_view.h"

#include "../offload/inner_headers.h"
#include "limits.h"

namespace mhtun {
namespace {

constexpr int kHopByHop = 0;
constexpr int kIcmp = 1;
constexpr int kTcp = 6;
constexpr int kUdp = 17;
constexpr int kDccp = 33;
constexpr int kRouting = 43;
constexpr int kFragmentHeader = 44;
constexpr int kIcmpv6 = 58;
constexpr int kDestinationOptions = 60;
constexpr int kSctp = 132;
constexpr int kMobility = 135;
constexpr int kUdpLite = 136;

// RFC 8200 §4.1; AH and ESP are next layer protocols to a selector (RFC 4301 §4.4.1.1).
bool IsExtensionHeader(int protocol) {
  return protocol == kHopByHop || protocol == kRouting || protocol == kFragmentHeader || protocol == kDestinationOptions;
}

bool HasPorts(int protocol) {
  return protocol == kTcp || protocol == kUdp || protocol == kSctp || protocol == kDccp || protocol == kUdpLite;
}

void LoadWords(const uint8_t* from, int count, AddressWords* out) {
  *out = {};
  for (int i = 0; i < count; i++) out->word[i] = Load32(from + 4 * i);
}

}  // namespace

bool PacketView::Parse(uint8_t* packet, size_t available) {
  data = packet;
  if (available < kIpv4HeaderOctets) return false;
  switch (packet[0] >> 4) {
    case 4:
      return ParseIpv4(available);
    case 6:
      return ParseIpv6(available);
    default:
      return false;
  }
}

bool PacketView::ParseIpv4(size_t available) {
  family = 4;
  header_length = (data[0] & 15u) * 4;
  length = Load16(data + kIpv4TotalLength);
  if (header_length < kIpv4HeaderOctets || length < header_length || length > available) return false;
  uint16_t flags = Load16(data + kIpv4FlagsAndOffset);
  fragment = (flags & kIpv4OffsetMask) != 0        ? Fragment::kLater
             : (flags & kIpv4MoreFragments) != 0 ? Fragment::kFirst
                                                 : Fragment::kNone;
  dont_fragment = (flags & kIpv4DontFragment) != 0;
  header_protocol = data[kIpv4Protocol];
  payload_offset = header_length;
  tos = data[kIpv4Tos];
  LoadWords(data + kIpv4Addresses, 1, &source);
  LoadWords(data + kIpv4Addresses + 4, 1, &destination);
  FindPorts();
  return true;
}

bool PacketView::ParseIpv6(size_t available) {
  if (available < kIpv6HeaderOctets) return false;
  family = 6;
  header_length = kIpv6HeaderOctets;
  length = kIpv6HeaderOctets + Load16(data + kIpv6PayloadLength);
  if (length > available) return false;
  int protocol = data[kIpv6NextHeader];
  uint32_t at = kIpv6HeaderOctets;
  fragment = Fragment::kNone;
  for (int headers = 0; IsExtensionHeader(protocol) && fragment != Fragment::kLater; headers++) {
    if (headers == kMaxIpv6ExtensionHeaders || at + 8 > length) return false;
    if (protocol == kFragmentHeader) {
      // An atomic fragment (RFC 6946) is a whole packet: neither an offset nor more to come.
      uint16_t field = Load16(data + at + 2);
      if (field >> 3 != 0) {
        fragment = Fragment::kLater;
      } else if ((field & 1) != 0) {
        fragment = Fragment::kFirst;
      }
      protocol = data[at];
      at += 8;
    } else {
      uint32_t octets = 8 + 8 * data[at + 1];
      if (at + octets > length) return false;
      protocol = data[at];
      at += octets;
    }
  }
  dont_fragment = true;
  header_protocol = protocol;
  payload_offset = at;
  tos = static_cast<uint8_t>((data[0] & 15) << 4 | data[1] >> 4);
  LoadWords(data + kIpv6Addresses, 4, &source);
  LoadWords(data + kIpv6Addresses + 16, 4, &destination);
  FindPorts();
  return true;
}

void PacketView::FindPorts() {
  bool later = fragment == Fragment::kLater;
  next.protocol = later && family == 6 && header_protocol == kDestinationOptions ? kUnknownProtocol : header_protocol;
  next.source_port = kNoPort;
  next.destination_port = kNoPort;
  next.one_port = header_protocol == kMobility || header_protocol == (family == 4 ? kIcmp : kIcmpv6);
  if (later || payload_offset + 4 > length) return;
  const uint8_t* payload = data + payload_offset;
  if (HasPorts(header_protocol)) {
    next.source_port = Load16(payload);
    next.destination_port = Load16(payload + 2);
  } else if (next.one_port) {
    next.source_port = header_protocol == kMobility ? payload[2] << 8 : Load16(payload);
    next.destination_port = next.source_port;
  }
}

bool PacketView::StaysOnLink() const {
  uint32_t from = source.word[0];
  uint32_t to = destination.word[0];
  if (family == 4) return from >> 16 == 0xa9fe || to >> 16 == 0xa9fe || to >> 8 == 0xe00000;
  bool near_multicast = to >> 24 == 0xff && ((to >> 16) & 15) <= 2;
  return from >> 22 == 0x3fa || to >> 22 == 0x3fa || near_multicast;
}

uint32_t PacketView::Identification() const {
  if (family == 4) return Load16(data + kIpv4Id);
  int protocol = data[kIpv6NextHeader];
  uint32_t at = kIpv6HeaderOctets;
  // The packet was parsed: a Fragment header comes before the next layer.
  while (protocol != kFragmentHeader && at < payload_offset) {
    protocol = data[at];
    at += 8 + 8 * data[at + 1];
  }
  return at + 8 <= length ? Load32(data + at + 4) : 0;
}

}  // namespace mhtun
