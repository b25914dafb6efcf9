#include "checksum.h"

#include <algorithm>
#include <cstring>

namespace mhtun {
namespace {

// Words are added in lanes of 32 bits, so many at a time; a lane has room for this many steps of two words each.
constexpr size_t kStepsPerRound = 32768;

using Lanes16 = uint32_t __attribute__((vector_size(16)));
using Lanes32 = uint32_t __attribute__((vector_size(32)));

// Sums whole steps of sizeof(Lanes) octets from `at` on, and moves `at` behind them.
template <typename Lanes, bool kCopy>
[[gnu::always_inline]] inline uint64_t SumLanes(uint8_t* out, const uint8_t* data, size_t length, size_t* at) {
  uint64_t total = 0;
  while (length - *at >= sizeof(Lanes)) {
    size_t steps = std::min((length - *at) / sizeof(Lanes), kStepsPerRound);
    Lanes sum{};
    for (size_t i = 0; i < steps; i++, *at += sizeof(Lanes)) {
      Lanes words;
      std::memcpy(&words, data + *at, sizeof(words));
      if constexpr (kCopy) std::memcpy(out + *at, &words, sizeof(words));
      sum += (words & 0xffff) + (words >> 16);
    }
    for (size_t lane = 0; lane < sizeof(Lanes) / sizeof(uint32_t); lane++) total += sum[lane];
  }
  return total;
}

// What is left after the lanes; an odd octet at the end counts as a word with a zero behind it.
template <bool kCopy>
[[gnu::always_inline]] inline uint64_t SumRest(uint8_t* out, const uint8_t* data, size_t length, size_t at) {
  uint64_t total = 0;
  for (; length - at >= sizeof(uint32_t); at += sizeof(uint32_t)) {
    uint32_t words;
    std::memcpy(&words, data + at, sizeof(words));
    if constexpr (kCopy) std::memcpy(out + at, &words, sizeof(words));
    total += words;
  }
  for (; at < length; at += sizeof(uint16_t)) {
    uint16_t word = 0;
    size_t octets = std::min(length - at, sizeof(word));
    std::memcpy(&word, data + at, octets);
    if constexpr (kCopy) std::memcpy(out + at, &word, octets);
    total += word;
  }
  return total;
}

// Four words of 16 bits have the sum of the number that they are, modulo 65535: carries come round.
uint32_t FoldWide(uint64_t sum) {
  sum = (sum & 0xffffffff) + (sum >> 32);
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<uint32_t>((sum & 0xffff) + (sum >> 16));
}

template <bool kCopy>
uint32_t SumNarrow(uint8_t* out, const uint8_t* data, size_t length) {
  size_t at = 0;
  uint64_t total = SumLanes<Lanes16, kCopy>(out, data, length, &at);
  return FoldWide(total + SumRest<kCopy>(out, data, length, at));
}

#ifdef __x86_64__
template <bool kCopy>
[[gnu::target("avx2")]] uint32_t SumWide(uint8_t* out, const uint8_t* data, size_t length) {
  size_t at = 0;
  uint64_t total = SumLanes<Lanes32, kCopy>(out, data, length, &at);
  total += SumLanes<Lanes16, kCopy>(out, data, length, &at);
  return FoldWide(total + SumRest<kCopy>(out, data, length, at));
}

bool HasWideLanes() {
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx2") != 0;
}
const bool wide_lanes = HasWideLanes();

template <bool kCopy>
uint32_t SumBest(uint8_t* out, const uint8_t* data, size_t length) {
  return wide_lanes ? SumWide<kCopy>(out, data, length) : SumNarrow<kCopy>(out, data, length);
}
#else
template <bool kCopy>
uint32_t SumBest(uint8_t* out, const uint8_t* data, size_t length) {
  return SumNarrow<kCopy>(out, data, length);
}
#endif

}  // namespace

uint32_t Sum(const uint8_t* data, size_t length) { return SumBest<false>(nullptr, data, length); }

uint32_t CopyAndSum(uint8_t* out, const uint8_t* data, size_t length) { return SumBest<true>(out, data, length); }

}  // namespace mhtun
