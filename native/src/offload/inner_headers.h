// Where the headers of a TCP or UDP packet lie, every length checked, and their fields by name.
#ifndef MHTUN_OFFLOAD_INNER_HEADERS_H_
#define MHTUN_OFFLOAD_INNER_HEADERS_H_

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace mhtun {

inline constexpr uint8_t kProtocolTcp = 6;
inline constexpr uint8_t kProtocolUdp = 17;

// IPv4 (RFC 791 §3.1).
inline constexpr size_t kIpv4HeaderOctets = 20;
inline constexpr size_t kIpv4Tos = 1;
inline constexpr size_t kIpv4TotalLength = 2;
inline constexpr size_t kIpv4Id = 4;
inline constexpr size_t kIpv4FlagsAndOffset = 6;
inline constexpr size_t kIpv4Ttl = 8;
inline constexpr size_t kIpv4Protocol = 9;
inline constexpr size_t kIpv4Checksum = 10;
inline constexpr size_t kIpv4Addresses = 12;
inline constexpr uint16_t kIpv4DontFragment = 0x4000;
inline constexpr uint16_t kIpv4MoreFragments = 0x2000;
inline constexpr uint16_t kIpv4OffsetMask = 0x1fff;

// IPv6 (RFC 8200 §3).
inline constexpr size_t kIpv6HeaderOctets = 40;
inline constexpr size_t kIpv6PayloadLength = 4;
inline constexpr size_t kIpv6NextHeader = 6;
inline constexpr size_t kIpv6HopLimit = 7;
inline constexpr size_t kIpv6Addresses = 8;

// TCP (RFC 9293 §3.1).
inline constexpr size_t kTcpHeaderOctets = 20;
inline constexpr size_t kTcpSequence = 4;
inline constexpr size_t kTcpAcknowledgement = 8;
inline constexpr size_t kTcpDataOffset = 12;
inline constexpr size_t kTcpFlags = 13;
inline constexpr size_t kTcpWindow = 14;
inline constexpr size_t kTcpChecksum = 16;
inline constexpr size_t kTcpUrgentPointer = 18;
inline constexpr uint8_t kTcpFin = 0x01;
inline constexpr uint8_t kTcpSyn = 0x02;
inline constexpr uint8_t kTcpRst = 0x04;
inline constexpr uint8_t kTcpPsh = 0x08;
inline constexpr uint8_t kTcpAck = 0x10;
inline constexpr uint8_t kTcpUrg = 0x20;
inline constexpr uint8_t kTcpCwr = 0x80;

// UDP (RFC 768).
inline constexpr size_t kUdpHeaderOctets = 8;
inline constexpr size_t kUdpLength = 4;
inline constexpr size_t kUdpChecksum = 6;

// The longest IP packet without a jumbo payload option; that of IPv6 could have 40 octets more, which no kernel sends.
inline constexpr size_t kMaxPacketOctets = 65535;

inline uint16_t Load16(const uint8_t* at) { return static_cast<uint16_t>(at[0] << 8 | at[1]); }
inline uint32_t Load32(const uint8_t* at) { return static_cast<uint32_t>(Load16(at)) << 16 | Load16(at + 2); }
inline void Store16(uint8_t* at, size_t value) {
  at[0] = static_cast<uint8_t>(value >> 8);
  at[1] = static_cast<uint8_t>(value);
}
inline void Store32(uint8_t* at, uint32_t value) {
  Store16(at, value >> 16);
  Store16(at + 2, value & 0xffff);
}
// Words as they lie in memory, for sums and what comes of them.
inline uint16_t LoadRaw16(const uint8_t* at) {
  uint16_t value;
  std::memcpy(&value, at, sizeof(value));
  return value;
}
inline void StoreRaw16(uint8_t* at, uint16_t value) { std::memcpy(at, &value, sizeof(value)); }

struct InnerHeaders {
  // 4 or 6.
  uint8_t version = 0;
  uint8_t protocol = 0;
  // Octets of the IP header with its options or extension headers.
  size_t ip = 0;
  // Octets of the TCP or UDP header.
  size_t transport = 0;

  size_t all() const { return ip + transport; }
  size_t checksum_at() const { return ip + (protocol == kProtocolTcp ? kTcpChecksum : kUdpChecksum); }
};

// True where it is an unfragmented TCP or UDP packet whose IP length is `length`, with whole headers.
bool Parse(const uint8_t* packet, size_t length, InnerHeaders* out);

// The sum of the pseudo-header (RFC 9293 §3.1, RFC 8200 §8.1) for so many octets of transport header and payload.
uint32_t PseudoHeaderSum(const uint8_t* packet, const InnerHeaders& headers, size_t transport_octets);

// A number of 16 bits as a word of such sums.
inline uint32_t AsWord(size_t value) {
  uint8_t octets[2];
  Store16(octets, value);
  return LoadRaw16(octets);
}

}  // namespace mhtun

#endif  // MHTUN_OFFLOAD_INNER_HEADERS_H_
