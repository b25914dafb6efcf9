#include "split.h"

#include <algorithm>

#include "checksum.h"

namespace mhtun {
namespace {

// What takes a word out of a sum again.
uint32_t Without(uint16_t word) { return static_cast<uint16_t>(~word); }

// Flags that belong to the end of the data, and to its beginning (RFC 3168 §6.1.2).
constexpr uint8_t kOnlyOnLast = kTcpFin | kTcpPsh;
constexpr uint8_t kOnlyOnFirst = kTcpCwr;

bool IsOfType(const InnerHeaders& headers, uint8_t gso_type) {
  switch (gso_type & ~kVnetGsoEcn) {
    case kVnetGsoTcp4:
      return headers.version == 4 && headers.protocol == kProtocolTcp;
    case kVnetGsoTcp6:
      return headers.version == 6 && headers.protocol == kProtocolTcp;
    case kVnetGsoUdp:
      return headers.protocol == kProtocolUdp;
    default:
      return false;
  }
}

}  // namespace

bool Splitter::Begin(const VnetHeader& header, const uint8_t* packet, size_t length) {
  *this = {};
  if (length == 0) return false;
  packet_ = packet;
  length_ = length;
  return header.gso_type == kVnetGsoNone ? BeginWhole(header) : BeginSegments(header);
}

bool Splitter::BeginWhole(const VnetHeader& header) {
  count_ = 1;
  if ((header.flags & kVnetNeedsChecksum) == 0) return true;
  checksum_start_ = header.checksum_start;
  checksum_at_ = checksum_start_ + header.checksum_offset;
  return header.checksum_offset % 2 == 0 && checksum_at_ != 0 && checksum_at_ + sizeof(uint16_t) <= length_;
}

bool Splitter::BeginSegments(const VnetHeader& header) {
  if (header.gso_size == 0 || !Parse(packet_, length_, &headers_) || !IsOfType(headers_, header.gso_type)) return false;
  checksum_start_ = headers_.ip;
  checksum_at_ = headers_.checksum_at();
  size_t payload = length_ - headers_.all();
  segment_payload_ = header.gso_size;
  count_ = payload <= segment_payload_ ? 1 : (payload + segment_payload_ - 1) / segment_payload_;

  const uint8_t* transport = packet_ + headers_.ip;
  size_t transport_octets = length_ - headers_.ip;
  if ((header.flags & kVnetNeedsChecksum) != 0) {
    // Our own look at the packet and what the kernel says of it have to agree. The sum in the field is that of the
    // pseudo-header; only the kernel knows the final destination where there is a routing header.
    if (header.checksum_start != checksum_start_ || checksum_start_ + header.checksum_offset != checksum_at_) return false;
    transport_sum_ = LoadRaw16(packet_ + checksum_at_) + Without(static_cast<uint16_t>(AsWord(transport_octets)));
  } else {
    transport_sum_ = PseudoHeaderSum(packet_, headers_, 0);
  }
  transport_sum_ += Sum(transport, headers_.transport) + Without(LoadRaw16(packet_ + checksum_at_));
  if (headers_.protocol == kProtocolTcp) {
    transport_sum_ += Without(LoadRaw16(transport + kTcpSequence)) + Without(LoadRaw16(transport + kTcpSequence + 2));
    transport_sum_ += Without(LoadRaw16(transport + kTcpDataOffset));
  } else {
    transport_sum_ += Without(LoadRaw16(transport + kUdpLength));
  }
  if (headers_.version == 4) {
    ip_sum_ = Sum(packet_, headers_.ip) + Without(LoadRaw16(packet_ + kIpv4TotalLength));
    ip_sum_ += Without(LoadRaw16(packet_ + kIpv4Id)) + Without(LoadRaw16(packet_ + kIpv4Checksum));
  }
  return true;
}

size_t Splitter::Length(size_t index) const {
  if (segment_payload_ == 0) return length_;
  size_t before = index * segment_payload_;
  return headers_.all() + std::min(segment_payload_, length_ - headers_.all() - before);
}

void Splitter::Write(size_t index, uint8_t* out) const {
  if (segment_payload_ == 0) {
    WriteWhole(out);
  } else {
    WriteSegment(index, out);
  }
}

void Splitter::WriteWhole(uint8_t* out) const {
  if (checksum_at_ == 0) {
    std::memcpy(out, packet_, length_);
    return;
  }
  std::memcpy(out, packet_, checksum_start_);
  uint16_t checksum = Checksum(CopyAndSum(out + checksum_start_, packet_ + checksum_start_, length_ - checksum_start_));
  // In UDP 0 would say that there is none (RFC 768); to everybody else the two are the same number.
  StoreRaw16(out + checksum_at_, checksum == 0 ? 0xffff : checksum);
}

void Splitter::WriteSegment(size_t index, uint8_t* out) const {
  size_t before = index * segment_payload_;
  size_t all = headers_.all();
  size_t length = Length(index);
  size_t transport_octets = length - headers_.ip;
  std::memcpy(out, packet_, all);
  if (headers_.version == 4) {
    auto id = static_cast<uint16_t>(Load16(packet_ + kIpv4Id) + index);
    Store16(out + kIpv4TotalLength, length);
    Store16(out + kIpv4Id, id);
    StoreRaw16(out + kIpv4Checksum, Checksum(ip_sum_ + AsWord(length) + AsWord(id)));
  } else {
    Store16(out + kIpv6PayloadLength, length - kIpv6HeaderOctets);
  }
  uint8_t* transport = out + headers_.ip;
  uint32_t sum = transport_sum_ + AsWord(transport_octets);
  if (headers_.protocol == kProtocolTcp) {
    Store32(transport + kTcpSequence, Load32(transport + kTcpSequence) + static_cast<uint32_t>(before));
    if (index > 0) transport[kTcpFlags] &= static_cast<uint8_t>(~kOnlyOnFirst);
    if (index + 1 < count_) transport[kTcpFlags] &= static_cast<uint8_t>(~kOnlyOnLast);
    sum += Sum(transport + kTcpSequence, sizeof(uint32_t)) + LoadRaw16(transport + kTcpDataOffset);
  } else {
    Store16(transport + kUdpLength, transport_octets);
    sum += AsWord(transport_octets);
  }
  uint16_t checksum = Checksum(sum + CopyAndSum(out + all, packet_ + all + before, length - all));
  if (checksum == 0 && headers_.protocol == kProtocolUdp) checksum = 0xffff;
  StoreRaw16(out + checksum_at_, checksum);
}

}  // namespace mhtun
