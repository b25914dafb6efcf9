#include "ipv4_fragmenter.h"

#include <cstring>

#include "../offload/checksum.h"
#include "../offload/inner_headers.h"

namespace mhtun {
namespace {

// RFC 791 §3.1: options of one octet.
constexpr uint8_t kEndOfOptions = 0;
constexpr uint8_t kNoOperation = 1;
constexpr uint8_t kCopied = 0x80;

// The header of the later pieces: only options that say so are copied.
size_t CopyHeader(const uint8_t* header, size_t octets, uint8_t* out) {
  std::memcpy(out, header, kIpv4HeaderOctets);
  size_t length = kIpv4HeaderOctets;
  for (size_t at = kIpv4HeaderOctets; at < octets && header[at] != kEndOfOptions;) {
    size_t option = header[at] == kNoOperation ? 1 : at + 1 < octets ? header[at + 1] : 0;
    // An option whose length can't be ends the list.
    if (option < 1 || (header[at] != kNoOperation && option < 2) || at + option > octets) break;
    if ((header[at] & kCopied) != 0) {
      std::memcpy(out + length, header + at, option);
      length += option;
    }
    at += option;
  }
  while (length % 4 != 0) out[length++] = kEndOfOptions;
  return length;
}

}  // namespace

bool Ipv4Fragmenter::Begin(const PacketView& view, size_t mtu) {
  packet_ = view.data;
  mtu_ = mtu;
  header_octets_ = view.header_length;
  data_octets_ = view.length - view.header_length;
  done_ = 0;
  uint16_t field = Load16(packet_ + kIpv4FlagsAndOffset);
  base_offset_ = (field & kIpv4OffsetMask) * 8u;
  more_after_ = (field & kIpv4MoreFragments) != 0;
  later_octets_ = CopyHeader(packet_, header_octets_, later_);
  return mtu >= header_octets_ + 8;
}

size_t Ipv4Fragmenter::NextLength() const {
  size_t left = data_octets_ - done_;
  if (left == 0) return 0;
  size_t room = mtu_ - HeaderOctets();
  return HeaderOctets() + (left <= room ? left : room & ~size_t{7});
}

void Ipv4Fragmenter::Write(uint8_t* out) {
  size_t length = NextLength();
  size_t header = HeaderOctets();
  size_t data = length - header;
  std::memcpy(out, done_ == 0 ? packet_ : later_, header);
  std::memcpy(out + header, packet_ + header_octets_ + done_, data);
  size_t offset = base_offset_ + done_;
  bool more = done_ + data < data_octets_ || more_after_;
  out[0] = static_cast<uint8_t>(0x40 | header / 4);
  Store16(out + kIpv4TotalLength, length);
  Store16(out + kIpv4FlagsAndOffset, offset / 8 | (more ? kIpv4MoreFragments : 0));
  StoreRaw16(out + kIpv4Checksum, 0);
  StoreRaw16(out + kIpv4Checksum, Checksum(Sum(out, header)));
  done_ += data;
}

}  // namespace mhtun
