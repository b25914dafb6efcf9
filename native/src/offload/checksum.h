// The Internet checksum (RFC 1071). Sums are taken over 16-bit words as they lie in memory: RFC 1071 §2(B) shows that the
// byte order does not matter as long as the result is stored as it was taken.
#ifndef MHTUN_OFFLOAD_CHECKSUM_H_
#define MHTUN_OFFLOAD_CHECKSUM_H_

#include <cstddef>
#include <cstdint>

namespace mhtun {

// At most 0xffff, so that sums of parts can be added up without care. Each part but the last has an even length.
uint32_t Sum(const uint8_t* data, size_t length);

// The same while copying; the areas do not overlap.
uint32_t CopyAndSum(uint8_t* out, const uint8_t* data, size_t length);

inline uint16_t Fold(uint32_t sum) {
  sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<uint16_t>(sum + (sum >> 16));
}

// What goes into a checksum field for a sum of everything else.
inline uint16_t Checksum(uint32_t sum) { return static_cast<uint16_t>(~Fold(sum)); }

}  // namespace mhtun

#endif  // MHTUN_OFFLOAD_CHECKSUM_H_
