#include "merge.h"

#include <cstring>

#include "checksum.h"

namespace mhtun {
namespace {

constexpr uint8_t kEndFlags = kTcpFin | kTcpPsh;
// A packet with one of these stands for itself.
constexpr uint8_t kLoneFlags = kTcpSyn | kTcpRst | kTcpUrg;

constexpr uint8_t kProtocolIpv6Fragment = 44;

// May begin a group, its checksums aside: it has payload, no IP options, and nothing that says more than "here is more data".
bool Mergeable(const uint8_t* packet, size_t length, const InnerHeaders& headers) {
  if (headers.ip != (headers.version == 4 ? kIpv4HeaderOctets : kIpv6HeaderOctets) || length == headers.all()) return false;
  const uint8_t* transport = packet + headers.ip;
  // A datagram without a checksum would get one.
  if (headers.protocol == kProtocolUdp) return LoadRaw16(transport + kUdpChecksum) != 0;
  return (transport[kTcpFlags] & (kLoneFlags | kTcpAck)) == kTcpAck;
}

bool ChecksumsAreRight(const uint8_t* packet, size_t length, const InnerHeaders& headers) {
  if (headers.version == 4 && Fold(Sum(packet, headers.ip)) != 0xffff) return false;
  size_t transport_octets = length - headers.ip;
  return Fold(PseudoHeaderSum(packet, headers, transport_octets) + Sum(packet + headers.ip, transport_octets)) == 0xffff;
}

// The transport flow may hide in it: an open group must not take later packets past it.
bool MayBelongToAnyFlow(const InnerHeaders& headers) {
  return headers.version == 0 || headers.protocol == kProtocolTcp || headers.protocol == kProtocolUdp ||
         headers.protocol == kProtocolIpv6Fragment;
}

struct Span {
  size_t at;
  size_t octets;
};

Span AddressesOf(const InnerHeaders& headers) {
  return headers.version == 4 ? Span{kIpv4Addresses, 8} : Span{kIpv6Addresses, 32};
}

// Spreads flows over the table. Who knows it can only keep flows from being merged.
size_t HashOf(const uint8_t* packet, const InnerHeaders& headers) {
  constexpr uint64_t kOddMultiplier = 0x9e3779b97f4a7c15;
  Span addresses = AddressesOf(headers);
  uint64_t hash = headers.protocol + Load32(packet + headers.ip);
  for (size_t i = 0; i < addresses.octets; i += sizeof(uint32_t)) {
    hash = (hash ^ Load32(packet + addresses.at + i)) * kOddMultiplier;
    hash ^= hash >> 32;
  }
  return hash;
}

bool IsOfFlow(const uint8_t* packet, const InnerHeaders& headers, const uint8_t* other, const InnerHeaders& other_headers) {
  if (headers.version != other_headers.version || headers.protocol != other_headers.protocol) return false;
  Span addresses = AddressesOf(headers);
  return std::memcmp(packet + addresses.at, other + addresses.at, addresses.octets) == 0 &&
         std::memcmp(packet + headers.ip, other + other_headers.ip, sizeof(uint32_t)) == 0;
}

// DSCP, ECN, flow label, hop limit, don't fragment: one packet has one of each.
bool IpHeadersAgree(const uint8_t* packet, const uint8_t* other, uint8_t version) {
  if (version == 6) return Load32(packet) == Load32(other) && packet[kIpv6HopLimit] == other[kIpv6HopLimit];
  return packet[kIpv4Tos] == other[kIpv4Tos] && packet[kIpv4Ttl] == other[kIpv4Ttl] &&
         Load16(packet + kIpv4FlagsAndOffset) == Load16(other + kIpv4FlagsAndOffset);
}

// CWR may be on the first; it would be lost from a later one.
bool TcpHeadersAgree(const uint8_t* next, const uint8_t* first, size_t octets) {
  if ((next[kTcpFlags] & kTcpCwr) != 0) return false;
  if (((next[kTcpFlags] ^ first[kTcpFlags]) & ~(kEndFlags | kTcpCwr)) != 0) return false;
  return next[kTcpDataOffset] == first[kTcpDataOffset] &&
         std::memcmp(next + kTcpAcknowledgement, first + kTcpAcknowledgement, sizeof(uint32_t)) == 0 &&
         std::memcmp(next + kTcpWindow, first + kTcpWindow, sizeof(uint16_t)) == 0 &&
         std::memcmp(next + kTcpUrgentPointer, first + kTcpUrgentPointer, octets - kTcpUrgentPointer) == 0;
}

}  // namespace

Merger::Merger(MergeOptions options) : options_(options) { std::memset(flows_, 0xff, sizeof(flows_)); }

bool Merger::Wants(const InnerHeaders& headers) const {
  if (headers.protocol == kProtocolUdp) return options_.udp;
  return headers.version == 4 ? options_.tcp4 : options_.tcp6;
}

bool Merger::Add(uint8_t* packet, size_t length) {
  if (given_ > 0 || piece_count_ == kMaxMergeBatch) return false;
  pieces_[piece_count_] = {packet, length, kNone};
  InnerHeaders headers;
  if (!Parse(packet, length, &headers)) {
    if (MayBelongToAnyFlow(headers)) std::memset(flows_, 0xff, sizeof(flows_));
    Start(packet, length, headers, false);
  } else if (Wants(headers)) {
    uint16_t* flow = FlowOf(packet, headers);
    bool mergeable = Mergeable(packet, length, headers);
    if (!mergeable || *flow == kNone || !Append(&groups_[*flow], packet, length, headers)) {
      *flow = static_cast<uint16_t>(group_count_);
      Start(packet, length, headers, mergeable);
    }
  } else {
    Start(packet, length, headers, false);
  }
  piece_count_++;
  return true;
}

// Where the flow's newest group is noted, or is to be. Where its places are taken, another flow is forgotten: what comes of
// that flow later is a group of its own, behind the one it has.
uint16_t* Merger::FlowOf(const uint8_t* packet, const InnerHeaders& headers) {
  size_t home = HashOf(packet, headers);
  uint16_t* free = nullptr;
  for (size_t probe = 0; probe < kFlowProbes; probe++) {
    uint16_t* flow = &flows_[(home + probe) % kFlowSlots];
    if (*flow == kNone) {
      if (free == nullptr) free = flow;
      continue;
    }
    const Group& group = groups_[*flow];
    if (IsOfFlow(packet, headers, pieces_[group.first].data, group.headers)) return flow;
  }
  if (free != nullptr) return free;
  flows_[home % kFlowSlots] = kNone;
  return &flows_[home % kFlowSlots];
}

void Merger::Start(const uint8_t* packet, size_t length, const InnerHeaders& headers, bool open) {
  Group& group = groups_[group_count_++];
  group = {};
  group.headers = headers;
  group.octets = length;
  group.first = group.last = static_cast<uint16_t>(piece_count_);
  group.segments = 1;
  if (!open) return;
  group.segment_payload = length - headers.all();
  if (headers.version == 4) group.next_id = Load16(packet + kIpv4Id);
  group.open = true;
  if (headers.protocol == kProtocolUdp) return;
  const uint8_t* transport = packet + headers.ip;
  group.next_sequence = Load32(transport + kTcpSequence) + static_cast<uint32_t>(group.segment_payload);
  group.end_flags = transport[kTcpFlags] & kEndFlags;
  group.open = group.end_flags == 0;
}

bool Merger::Append(Group* group, const uint8_t* packet, size_t length, const InnerHeaders& headers) {
  if (!group->open || !Follows(*group, packet, length, headers)) return false;
  const Piece& first = pieces_[group->first];
  if (!group->verified && !ChecksumsAreRight(first.data, first.length, group->headers)) return false;
  group->verified = true;
  if (!ChecksumsAreRight(packet, length, headers)) return false;
  size_t payload = length - headers.all();
  if (group->segments == 1 && headers.version == 4) {
    group->id_step = static_cast<uint16_t>(Load16(packet + kIpv4Id) - group->next_id);
    group->next_id = Load16(packet + kIpv4Id);
  }
  group->next_id = static_cast<uint16_t>(group->next_id + group->id_step);
  group->next_sequence += static_cast<uint32_t>(payload);
  group->octets += payload;
  group->segments++;
  pieces_[group->last].next = static_cast<uint16_t>(piece_count_);
  group->last = static_cast<uint16_t>(piece_count_);
  if (headers.protocol == kProtocolTcp) group->end_flags = packet[headers.ip + kTcpFlags] & kEndFlags;
  group->open = payload == group->segment_payload && group->end_flags == 0;
  return true;
}

bool Merger::Follows(const Group& group, const uint8_t* packet, size_t length, const InnerHeaders& headers) const {
  const uint8_t* first = pieces_[group.first].data;
  size_t payload = length - headers.all();
  if (headers.transport != group.headers.transport || payload > group.segment_payload) return false;
  if (group.segments == kMaxMergedSegments || group.octets + payload > kMaxPacketOctets) return false;
  if (!IpHeadersAgree(packet, first, headers.version)) return false;
  if (headers.version == 4) {
    uint16_t id = Load16(packet + kIpv4Id);
    bool steady = (Load16(packet + kIpv4FlagsAndOffset) & kIpv4DontFragment) != 0 && id == group.next_id;
    bool follows = group.segments == 1 ? steady || id == static_cast<uint16_t>(group.next_id + 1) : id == group.next_id;
    if (!follows) return false;
  }
  if (headers.protocol == kProtocolUdp) return true;
  const uint8_t* transport = packet + headers.ip;
  return Load32(transport + kTcpSequence) == group.next_sequence && TcpHeadersAgree(transport, first + headers.ip, headers.transport);
}

bool Merger::Next(Merged* out) {
  if (given_ == group_count_) {
    piece_count_ = group_count_ = given_ = 0;
    std::memset(flows_, 0xff, sizeof(flows_));
    return false;
  }
  const Group& group = groups_[given_++];
  const Piece* piece = &pieces_[group.first];
  out->header = {};
  if (group.segments > 1) Complete(group, &out->header);
  out->parts[0] = {&out->header, sizeof(out->header)};
  out->parts[1] = {piece->data, piece->length};
  out->part_count = 2;
  while (piece->next != kNone) {
    piece = &pieces_[piece->next];
    out->parts[out->part_count++] = {piece->data + group.headers.all(), piece->length - group.headers.all()};
  }
  out->packets = group.segments;
  out->octets = group.octets;
  return true;
}

// Makes the first packet's header that of all.
void Merger::Complete(const Group& group, VnetHeader* header) const {
  uint8_t* packet = pieces_[group.first].data;
  const InnerHeaders& headers = group.headers;
  size_t transport_octets = group.octets - headers.ip;
  if (headers.version == 4) {
    Store16(packet + kIpv4TotalLength, group.octets);
    StoreRaw16(packet + kIpv4Checksum, 0);
    StoreRaw16(packet + kIpv4Checksum, Checksum(Sum(packet, headers.ip)));
  } else {
    Store16(packet + kIpv6PayloadLength, transport_octets);
  }
  uint8_t* transport = packet + headers.ip;
  if (headers.protocol == kProtocolTcp) {
    transport[kTcpFlags] |= group.end_flags;
    header->gso_type = headers.version == 4 ? kVnetGsoTcp4 : kVnetGsoTcp6;
    if ((transport[kTcpFlags] & kTcpCwr) != 0) header->gso_type |= kVnetGsoEcn;
  } else {
    Store16(transport + kUdpLength, transport_octets);
    header->gso_type = kVnetGsoUdp;
  }
  StoreRaw16(packet + headers.checksum_at(), Fold(PseudoHeaderSum(packet, headers, transport_octets)));
  header->flags = kVnetNeedsChecksum;
  header->header_length = static_cast<uint16_t>(headers.all());
  header->gso_size = static_cast<uint16_t>(group.segment_payload);
  header->checksum_start = static_cast<uint16_t>(headers.ip);
  header->checksum_offset = static_cast<uint16_t>(headers.checksum_at() - headers.ip);
}

}  // namespace mhtun
