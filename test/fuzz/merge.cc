// Batches of any packets: what was merged splits into the same packets again, and each flow keeps its order. Checksums are
// mended where the first octet of a packet's description says so: a fuzzer does not find them.
#include "offload/merge.h"

#include <vector>

#include "input.h"
#include "offload/checksum.h"
#include "offload/split.h"

namespace {

using mhtun::InnerHeaders;

constexpr uint8_t kMendLengths = 1;
constexpr uint8_t kMendChecksums = 2;
constexpr uint8_t kRepeatLast = 4;
constexpr uint8_t kFollowLast = 8;
constexpr size_t kMaxPackets = 200;

void MendChecksums(const Octets& packet, const InnerHeaders& headers) {
  uint8_t* data = packet.data();
  size_t rest = packet.size() - headers.ip;
  if (headers.version == 4) {
    mhtun::StoreRaw16(data + mhtun::kIpv4Checksum, 0);
    mhtun::StoreRaw16(data + mhtun::kIpv4Checksum, mhtun::Checksum(mhtun::Sum(data, headers.ip)));
  }
  uint8_t* field = data + headers.checksum_at();
  mhtun::StoreRaw16(field, 0);
  uint16_t checksum = mhtun::Checksum(mhtun::PseudoHeaderSum(data, headers, rest) + mhtun::Sum(data + headers.ip, rest));
  mhtun::StoreRaw16(field, checksum == 0 && headers.protocol == mhtun::kProtocolUdp ? 0xffff : checksum);
}

// Makes the packet the next one of its flow.
void Advance(const Octets& packet, const InnerHeaders& headers) {
  uint8_t* data = packet.data();
  if (headers.version == 4) mhtun::Store16(data + mhtun::kIpv4Id, mhtun::Load16(data + mhtun::kIpv4Id) + size_t{1});
  if (headers.protocol != mhtun::kProtocolTcp) return;
  uint8_t* sequence = data + headers.ip + mhtun::kTcpSequence;
  mhtun::Store32(sequence, mhtun::Load32(sequence) + static_cast<uint32_t>(packet.size() - headers.all()));
}

Octets NextPacket(Input* input, const std::vector<Octets>& earlier) {
  uint8_t how = input->TakeOctet();
  size_t length = input->TakeOctet();
  bool again = (how & (kRepeatLast | kFollowLast)) != 0 && !earlier.empty();
  Octets packet = again ? Octets(earlier.back().data(), earlier.back().size()) : input->Take(length);
  uint8_t* data = packet.data();
  if ((how & kMendLengths) != 0 && packet.size() >= mhtun::kIpv6HeaderOctets) {
    if (data[0] >> 4 == 4) mhtun::Store16(data + mhtun::kIpv4TotalLength, packet.size());
    if (data[0] >> 4 == 6) mhtun::Store16(data + mhtun::kIpv6PayloadLength, packet.size() - mhtun::kIpv6HeaderOctets);
  }
  // A repetition differs in one octet, at a place that the fuzzer chooses.
  if (again && packet.size() > 0 && length > 0) data[input->TakeOctet() % packet.size()] ^= static_cast<uint8_t>(length);
  InnerHeaders headers;
  if (!mhtun::Parse(data, packet.size(), &headers)) return packet;
  if ((how & kFollowLast) != 0 && again) Advance(packet, headers);
  if ((how & kMendChecksums) != 0) MendChecksums(packet, headers);
  return packet;
}

// What tells flows apart, or nothing.
std::vector<uint8_t> FlowOf(const Octets& packet) {
  InnerHeaders headers;
  if (!mhtun::Parse(packet.data(), packet.size(), &headers)) return {};
  size_t addresses = headers.version == 4 ? mhtun::kIpv4Addresses : mhtun::kIpv6Addresses;
  size_t octets = headers.version == 4 ? 8 : 32;
  std::vector<uint8_t> flow(packet.data() + addresses, packet.data() + addresses + octets);
  flow.insert(flow.end(), packet.data() + headers.ip, packet.data() + headers.ip + 4);
  flow.push_back(headers.protocol);
  return flow;
}

// Equal but for an identification that nobody needs (RFC 6864 §4.1).
void CheckSame(const Octets& segment, const Octets& original) {
  Promise(segment.size() == original.size(), "a packet has its length again");
  bool v4_whole = original.size() >= mhtun::kIpv4HeaderOctets && original.data()[0] >> 4 == 4 && (original.data()[mhtun::kIpv4FlagsAndOffset] & 0x40) != 0;
  for (size_t i = 0; i < segment.size(); i++) {
    bool of_id = i / 2 == mhtun::kIpv4Id / 2 || i / 2 == mhtun::kIpv4Checksum / 2;
    if (v4_whole && of_id) continue;
    Promise(segment.data()[i] == original.data()[i], "a packet has its octets again");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Input input(data, size);
  uint8_t options = input.TakeOctet();
  static auto* merger = new mhtun::Merger({true, true, true});
  *merger = mhtun::Merger({(options & 1) == 0, (options & 2) == 0, (options & 4) == 0});
  std::vector<Octets> packets, originals;
  while (input.left() > 2 && packets.size() < kMaxPackets) {
    packets.push_back(NextPacket(&input, originals));
    originals.emplace_back(packets.back().data(), packets.back().size());
  }
  for (const Octets& packet : packets) Promise(merger->Add(packet.data(), packet.size()), "there is room");

  std::vector<size_t> order;
  mhtun::Merged merged;
  while (merger->Next(&merged)) {
    Octets whole(merged.octets);
    std::vector<size_t> members;
    size_t at = 0;
    for (int i = 1; i < merged.part_count; i++) {
      auto* part = static_cast<uint8_t*>(merged.parts[i].iov_base);
      for (size_t n = 0; n < packets.size(); n++) {
        bool inside = part >= packets[n].data() && part < packets[n].data() + packets[n].size();
        if (inside || (packets[n].size() == 0 && part == packets[n].data())) members.push_back(n);
      }
      if (merged.parts[i].iov_len > 0) std::memcpy(whole.data() + at, part, merged.parts[i].iov_len);
      at += merged.parts[i].iov_len;
    }
    Promise(at == merged.octets && members.size() == merged.packets, "a write says what it is");
    order.insert(order.end(), members.begin(), members.end());
    if (whole.size() == 0) continue;
    mhtun::Splitter splitter;
    Promise(splitter.Begin(merged.header, whole.data(), whole.size()) && splitter.count() == members.size(), "a write can be split");
    for (size_t i = 0; i < members.size(); i++) {
      Octets segment(splitter.Length(i));
      splitter.Write(i, segment.data());
      CheckSame(segment, originals[members[i]]);
    }
  }
  Promise(order.size() == packets.size(), "every packet comes once");
  for (size_t i = 1; i < order.size(); i++) {
    std::vector<uint8_t> flow = FlowOf(originals[order[i]]);
    for (size_t before = 0; before < i && !flow.empty(); before++) {
      Promise(order[before] < order[i] || FlowOf(originals[order[before]]) != flow, "a flow keeps its order");
    }
  }
  return 0;
}
