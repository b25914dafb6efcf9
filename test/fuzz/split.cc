// Any virtio header before any packet. The first octet says what to mend, so that more than nonsense gets through.
#include "offload/split.h"

#include "input.h"
#include "offload/checksum.h"

namespace {

using mhtun::InnerHeaders;

// The lengths that a packet says of itself become true.
void MendLengths(const Octets& packet) {
  uint8_t* data = packet.data();
  size_t size = packet.size();
  bool is_v4 = size >= mhtun::kIpv4HeaderOctets && data[0] >> 4 == 4;
  bool is_v6 = size >= mhtun::kIpv6HeaderOctets && data[0] >> 4 == 6;
  if (is_v4) mhtun::Store16(data + mhtun::kIpv4TotalLength, size);
  if (is_v6) mhtun::Store16(data + mhtun::kIpv6PayloadLength, size - mhtun::kIpv6HeaderOctets);
  size_t ip = is_v4 ? static_cast<size_t>(data[0] & 15) * 4 : mhtun::kIpv6HeaderOctets;
  bool is_udp = (is_v4 && data[mhtun::kIpv4Protocol] == mhtun::kProtocolUdp) || (is_v6 && data[mhtun::kIpv6NextHeader] == mhtun::kProtocolUdp);
  if (is_udp && size >= ip + mhtun::kUdpHeaderOctets) mhtun::Store16(data + ip + mhtun::kUdpLength, size - ip);
}

void CheckSegment(const Octets& segment, bool summed_by_us) {
  InnerHeaders headers;
  Promise(mhtun::Parse(segment.data(), segment.size(), &headers), "a segment is a packet");
  if (headers.version == 4) Promise(mhtun::Fold(mhtun::Sum(segment.data(), headers.ip)) == 0xffff, "its IPv4 checksum is right");
  // Otherwise it rests on what the kernel said.
  if (!summed_by_us) return;
  size_t rest = segment.size() - headers.ip;
  uint32_t sum = mhtun::PseudoHeaderSum(segment.data(), headers, rest) + mhtun::Sum(segment.data() + headers.ip, rest);
  Promise(mhtun::Fold(sum) == 0xffff, "its checksum is right");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Input input(data, size);
  uint8_t mend = input.TakeOctet();
  Octets vnet = input.Take(sizeof(mhtun::VnetHeader));
  if (vnet.size() < sizeof(mhtun::VnetHeader)) return 0;
  mhtun::VnetHeader header;
  std::memcpy(&header, vnet.data(), sizeof(header));
  Octets packet = input.Take(input.left());
  if ((mend & 1) != 0) MendLengths(packet);
  InnerHeaders headers;
  bool parsed = mhtun::Parse(packet.data(), packet.size(), &headers);
  if ((mend & 2) != 0 && parsed) {
    header.checksum_start = static_cast<uint16_t>(headers.ip);
    header.checksum_offset = static_cast<uint16_t>(headers.checksum_at() - headers.ip);
  }
  mhtun::Splitter splitter;
  if (!splitter.Begin(header, packet.data(), packet.size())) return 0;
  Promise(splitter.count() > 0, "there is a packet");
  bool cut = header.gso_type != mhtun::kVnetGsoNone;
  size_t payload = 0;
  for (size_t i = 0; i < splitter.count(); i++) {
    Octets segment(splitter.Length(i));
    Promise(segment.size() <= splitter.Length(0), "the first is the longest");
    splitter.Write(i, segment.data());
    if (cut) CheckSegment(segment, (header.flags & mhtun::kVnetNeedsChecksum) == 0);
    payload += segment.size() - (cut ? headers.all() : 0);
  }
  Promise(payload == packet.size() - (cut ? headers.all() : 0), "nothing is lost and nothing added");
  return 0;
}
