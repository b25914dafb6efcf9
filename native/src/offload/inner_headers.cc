#include "inner_headers.h"

#include "checksum.h"

namespace mhtun {
namespace {

constexpr uint8_t kHopByHopOptions = 0;
constexpr uint8_t kRoutingHeader = 43;
constexpr uint8_t kDestinationOptions = 60;
// RFC 8200 §4.1 names seven at most.
constexpr int kMaxExtensionHeaders = 8;

bool ParseIpv4(const uint8_t* packet, size_t length, InnerHeaders* out) {
  if (length < kIpv4HeaderOctets) return false;
  out->version = 4;
  out->protocol = packet[kIpv4Protocol];
  out->ip = static_cast<size_t>(packet[0] & 0xf) * 4;
  if (out->ip < kIpv4HeaderOctets || out->ip > length || Load16(packet + kIpv4TotalLength) != length) return false;
  return (Load16(packet + kIpv4FlagsAndOffset) & (kIpv4MoreFragments | kIpv4OffsetMask)) == 0;
}

bool ParseIpv6(const uint8_t* packet, size_t length, InnerHeaders* out) {
  if (length < kIpv6HeaderOctets) return false;
  out->version = 6;
  out->protocol = packet[kIpv6NextHeader];
  out->ip = kIpv6HeaderOctets;
  if (Load16(packet + kIpv6PayloadLength) != length - kIpv6HeaderOctets) return false;
  for (int i = 0; i < kMaxExtensionHeaders; i++) {
    if (out->protocol != kHopByHopOptions && out->protocol != kRoutingHeader && out->protocol != kDestinationOptions) return true;
    if (length - out->ip < 8) return false;
    const uint8_t* extension = packet + out->ip;
    size_t octets = (static_cast<size_t>(extension[1]) + 1) * 8;
    if (length - out->ip < octets) return false;
    out->protocol = extension[0];
    out->ip += octets;
  }
  return false;
}

}  // namespace

bool Parse(const uint8_t* packet, size_t length, InnerHeaders* out) {
  *out = {};
  if (length == 0) return false;
  uint8_t version = packet[0] >> 4;
  if (version != 4 && version != 6) return false;
  if (!(version == 4 ? ParseIpv4(packet, length, out) : ParseIpv6(packet, length, out))) return false;
  const uint8_t* transport = packet + out->ip;
  size_t rest = length - out->ip;
  if (out->protocol == kProtocolUdp) {
    out->transport = kUdpHeaderOctets;
    return rest >= kUdpHeaderOctets && Load16(transport + kUdpLength) == rest;
  }
  if (out->protocol != kProtocolTcp || rest < kTcpHeaderOctets) return false;
  out->transport = static_cast<size_t>(transport[kTcpDataOffset] >> 4) * 4;
  return out->transport >= kTcpHeaderOctets && out->transport <= rest;
}

uint32_t PseudoHeaderSum(const uint8_t* packet, const InnerHeaders& headers, size_t transport_octets) {
  bool is_v4 = headers.version == 4;
  uint32_t sum = Sum(packet + (is_v4 ? kIpv4Addresses : kIpv6Addresses), is_v4 ? 8 : 32);
  return sum + AsWord(headers.protocol) + AsWord(transport_octets);
}

}  // namespace mhtun
