// Checksums of any octets at any alignment, beside the plainest way to sum.
#include "offload/checksum.h"

#include "input.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Input input(data, size);
  size_t offset = input.TakeOctet() % 64;
  Octets octets = input.Take(input.left());
  if (octets.size() < offset) return 0;
  const uint8_t* start = octets.data() + offset;
  size_t length = octets.size() - offset;
  uint64_t plain = 0;
  for (size_t i = 0; i < length; i += 2) {
    uint16_t word = 0;
    std::memcpy(&word, start + i, length - i == 1 ? 1 : 2);
    plain += word;
  }
  while (plain > 0xffff) plain = (plain & 0xffff) + (plain >> 16);
  Octets copy(length);
  Promise(mhtun::Sum(start, length) == plain, "the sum is right");
  Promise(mhtun::CopyAndSum(copy.data(), start, length) == plain, "the sum of the copy is right");
  Promise(length == 0 || std::memcmp(copy.data(), start, length) == 0, "the copy is one");
  return 0;
}
