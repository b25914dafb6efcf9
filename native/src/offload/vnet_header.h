// The header that stands before each packet of a TUN device opened with IFF_VNET_HDR: virtio_net_hdr, which older kernel
// headers do not have whole (USO came with Linux 6.2). In the machine's own byte order.
#ifndef MHTUN_OFFLOAD_VNET_HEADER_H_
#define MHTUN_OFFLOAD_VNET_HEADER_H_

#include <cstdint>

namespace mhtun {

struct VnetHeader {
  uint8_t flags = 0;
  uint8_t gso_type = 0;
  // Octets of all headers. Only a hint: what it says is never relied on.
  uint16_t header_length = 0;
  // Payload octets of each segment.
  uint16_t gso_size = 0;
  uint16_t checksum_start = 0;
  // From checksum_start on.
  uint16_t checksum_offset = 0;
};
static_assert(sizeof(VnetHeader) == 10);

// In flags: the checksum field holds the sum of the pseudo-header, the rest is still to be summed.
inline constexpr uint8_t kVnetNeedsChecksum = 1;

inline constexpr uint8_t kVnetGsoNone = 0;
inline constexpr uint8_t kVnetGsoTcp4 = 1;
inline constexpr uint8_t kVnetGsoTcp6 = 4;
inline constexpr uint8_t kVnetGsoUdp = 5;
// Added to the type: the first segment has CWR set, and it alone.
inline constexpr uint8_t kVnetGsoEcn = 0x80;

}  // namespace mhtun

#endif  // MHTUN_OFFLOAD_VNET_HEADER_H_
