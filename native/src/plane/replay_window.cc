#include "replay_window.h"

#include <algorithm>
#include <bit>

#include "limits.h"

namespace mhtun {
namespace {

constexpr uint64_t kBlockBits = 64;
constexpr int64_t kTwo32 = int64_t{1} << 32;

}  // namespace

ReplayWindow::ReplayWindow(uint32_t size, bool esn)
    : size_(std::clamp(size, kMinReplayWindowPackets, kMaxReplayWindowPackets)), esn_(esn) {
  // One block more than the window: the block that the right edge has just entered is only partly used (RFC 6479 §3).
  // A power of two, since a division costs more than the rest.
  blocks_.resize(std::bit_ceil((size_ + kBlockBits - 1) / kBlockBits + 1));
  mask_ = blocks_.size() - 1;
}

uint64_t ReplayWindow::Infer(uint32_t low) const {
  if (!esn_) return low;
  auto high = static_cast<int64_t>(top_ >> 32);
  int64_t bottom = static_cast<int64_t>(top_ & 0xffffffff) - size_ + 1;
  if (bottom >= 0) {
    // Case A: the window lies within one subspace.
    if (low < bottom) high++;
  } else if (low >= bottom + kTwo32) {
    // Case B: the window begins in the subspace below.
    high--;
  }
  if (high < 0) return 0;
  uint64_t sequence = static_cast<uint64_t>(high) << 32 | low;
  return sequence <= kMaxSequence64 ? sequence : 0;
}

bool ReplayWindow::Check(uint64_t sequence) const {
  if (sequence < 1 || sequence > (esn_ ? kMaxSequence64 : kMaxSequence32)) return false;
  if (sequence > top_) return true;
  if (sequence + size_ <= top_) return false;
  return (blocks_[sequence / kBlockBits & mask_] >> (sequence % kBlockBits) & 1) == 0;
}

bool ReplayWindow::Update(uint64_t sequence) {
  bool advanced = sequence > top_;
  if (advanced) {
    uint64_t from = top_ / kBlockBits;
    uint64_t to = sequence / kBlockBits;
    if (to - from >= blocks_.size()) {
      std::fill(blocks_.begin(), blocks_.end(), 0);
    } else {
      for (uint64_t block = from + 1; block <= to; block++) blocks_[block & mask_] = 0;
    }
    top_ = sequence;
  }
  blocks_[sequence / kBlockBits & mask_] |= uint64_t{1} << (sequence % kBlockBits);
  return advanced;
}

}  // namespace mhtun
