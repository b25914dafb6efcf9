#include "icmp.h"

#include <algorithm>
#include <cstring>

#include "../offload/checksum.h"
#include "../offload/inner_headers.h"

namespace mhtun {
namespace {

constexpr int kIcmpProtocol = 1;
constexpr int kIcmpv6Protocol = 58;
constexpr size_t kIcmpHeaderOctets = 8;
// RFC 1812 §4.3.2.3.
constexpr size_t kMaxIcmpv4Octets = 576;
constexpr uint8_t kHopLimit = 64;
// Precedence 6, internetwork control (RFC 1812 §4.3.2.5).
constexpr uint8_t kTypeOfService = 0xc0;
// RFC 4443 §2.1: errors have types below this. §2.4 e.2 names redirects besides.
constexpr uint8_t kFirstIcmpv6Information = 128;
constexpr uint8_t kIcmpv6Redirect = 137;

// RFC 792 messages that ask or inform; an answer to any other could be an answer to an error.
bool IsAnswerableIcmpv4(uint8_t type) { return type == 0 || (type >= 8 && type <= 10) || (type >= 13 && type <= 18); }

bool MayAnswerProtocol(const PacketView& view) {
  if (view.header_protocol != (view.family == 4 ? kIcmpProtocol : kIcmpv6Protocol)) return true;
  // One too short to show its type may be an error.
  if (view.payload_offset >= view.length) return false;
  uint8_t type = view.data[view.payload_offset];
  return view.family == 4 ? IsAnswerableIcmpv4(type) : type >= kFirstIcmpv6Information && type != kIcmpv6Redirect;
}

// RFC 1812 §4.3.2.7: the source is one host, the destination is not several.
bool MayAnswerIpv4(const PacketView& view) {
  uint32_t source = view.source.word[0] >> 24;
  uint32_t destination = view.destination.word[0];
  if (source == 0 || source == 127 || source >= 224) return false;
  return !(destination >> 24 >= 224 && destination >> 24 < 240) && destination != 0xffffffff;
}

// RFC 4443 §2.4 e.3 to e.6; Packet Too Big may answer a multicast, for path MTU discovery.
bool MayAnswerIpv6(const PacketView& view, bool too_big) {
  const uint32_t* source = view.source.word;
  bool unspecified_or_loopback = (source[0] | source[1] | source[2]) == 0 && source[3] <= 1;
  if (unspecified_or_loopback || source[0] >> 24 == 0xff) return false;
  return view.destination.word[0] >> 24 != 0xff || too_big;
}

size_t WriteIpv4(const PacketView& view, const IcmpError& error, uint8_t* out) {
  size_t quoted = std::min<size_t>(view.length, kMaxIcmpv4Octets - kIpv4HeaderOctets - kIcmpHeaderOctets);
  size_t length = kIpv4HeaderOctets + kIcmpHeaderOctets + quoted;
  std::memset(out, 0, kIpv4HeaderOctets + kIcmpHeaderOctets);
  out[0] = 0x45;
  out[kIpv4Tos] = kTypeOfService;
  Store16(out + kIpv4TotalLength, length);
  // An identification of zero is right for a packet never cut (RFC 6864 §4.1).
  Store16(out + kIpv4FlagsAndOffset, kIpv4DontFragment);
  out[kIpv4Ttl] = kHopLimit;
  out[kIpv4Protocol] = kIcmpProtocol;
  // Linux drops an IPv4 packet that comes in from a device with one of its own addresses as source: the destination speaks.
  std::memcpy(out + kIpv4Addresses, view.data + kIpv4Addresses + 4, 4);
  std::memcpy(out + kIpv4Addresses + 4, view.data + kIpv4Addresses, 4);
  StoreRaw16(out + kIpv4Checksum, Checksum(Sum(out, kIpv4HeaderOctets)));
  uint8_t* icmp = out + kIpv4HeaderOctets;
  icmp[0] = 3;
  icmp[1] = error.mtu == 0 ? 13 : 4;
  if (error.mtu != 0) Store16(icmp + 6, std::min<uint32_t>(error.mtu, 0xffff));
  std::memcpy(icmp + kIcmpHeaderOctets, view.data, quoted);
  StoreRaw16(icmp + 2, Checksum(Sum(icmp, kIcmpHeaderOctets + quoted)));
  return length;
}

size_t WriteIpv6(const PacketView& view, const IcmpError& error, const uint8_t* source, uint8_t* out) {
  size_t quoted = std::min<size_t>(view.length, kMaxIcmpErrorOctets - kIpv6HeaderOctets - kIcmpHeaderOctets);
  size_t octets = kIcmpHeaderOctets + quoted;
  std::memset(out, 0, kIpv6HeaderOctets + kIcmpHeaderOctets);
  out[0] = 0x60;
  Store16(out + kIpv6PayloadLength, octets);
  out[kIpv6NextHeader] = kIcmpv6Protocol;
  out[kIpv6HopLimit] = kHopLimit;
  std::memcpy(out + kIpv6Addresses, source != nullptr ? source : view.data + kIpv6Addresses + 16, 16);
  std::memcpy(out + kIpv6Addresses + 16, view.data + kIpv6Addresses, 16);
  uint8_t* icmp = out + kIpv6HeaderOctets;
  icmp[0] = error.mtu == 0 ? 1 : 2;
  icmp[1] = error.mtu == 0 ? 1 : 0;
  if (error.mtu != 0) Store32(icmp + 4, error.mtu);
  std::memcpy(icmp + kIcmpHeaderOctets, view.data, quoted);
  // RFC 8200 §8.1: the pseudo-header is the addresses, the length and the next header.
  uint32_t pseudo = Sum(out + kIpv6Addresses, 32) + AsWord(octets) + AsWord(kIcmpv6Protocol);
  StoreRaw16(icmp + 2, Checksum(pseudo + Sum(icmp, octets)));
  return kIpv6HeaderOctets + octets;
}

}  // namespace

size_t WriteIcmpError(const PacketView& view, const IcmpError& error, const uint8_t* source6, uint8_t* out) {
  // RFC 1812 §4.3.2.7, RFC 1122 §3.2.2: nothing about fragments but the first. In IPv6 a later one hides whether it was an error.
  if (view.fragment == Fragment::kLater || !MayAnswerProtocol(view)) return 0;
  if (view.family == 4) return MayAnswerIpv4(view) ? WriteIpv4(view, error, out) : 0;
  return MayAnswerIpv6(view, error.mtu != 0) ? WriteIpv6(view, error, source6, out) : 0;
}

}  // namespace mhtun
