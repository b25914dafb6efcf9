// From a TUN device with a virtio header: a packet that is to be cut into segments (TSO, USO) or lacks its checksum becomes
// the packets that a network would carry. Nothing is allocated, and nothing but the packet's memory is read.
//
//   Splitter split;
//   if (!split.Begin(header, packet, length)) count it as malformed and drop it
//   for (size_t i = 0; i < split.count(); i++) split.Write(i, out_of(i));
#ifndef MHTUN_OFFLOAD_SPLIT_H_
#define MHTUN_OFFLOAD_SPLIT_H_

#include <cstddef>
#include <cstdint>

#include "inner_headers.h"
#include "vnet_header.h"

namespace mhtun {

class Splitter {
 public:
  // The packet stays where it is, unchanged, for as long as Write() is called. False: malformed, nothing of it may be sent.
  bool Begin(const VnetHeader& header, const uint8_t* packet, size_t length);

  // How many packets it becomes, at least 1.
  size_t count() const { return count_; }
  // Octets of packet `index`. The first is the longest, and all but the last are as long.
  size_t Length(size_t index) const;
  // Writes packet `index` to `out`, Length(index) octets, all checksums complete. In any order; from any thread.
  void Write(size_t index, uint8_t* out) const;

 private:
  bool BeginSegments(const VnetHeader& header);
  bool BeginWhole(const VnetHeader& header);
  void WriteSegment(size_t index, uint8_t* out) const;
  void WriteWhole(uint8_t* out) const;

  const uint8_t* packet_ = nullptr;
  size_t length_ = 0;
  size_t count_ = 0;
  // 0: one packet, as it is but for its checksum.
  size_t segment_payload_ = 0;
  InnerHeaders headers_;
  // 0: there is no checksum to complete.
  size_t checksum_at_ = 0;
  size_t checksum_start_ = 0;
  // Sums of what is the same in each segment: the IPv4 header, and the transport header with its pseudo-header.
  uint32_t ip_sum_ = 0;
  uint32_t transport_sum_ = 0;
};

}  // namespace mhtun

#endif  // MHTUN_OFFLOAD_SPLIT_H_
