// What workers look up, as it is between two commands. Never changed: the control thread makes the next one and swaps it in.
#ifndef MHTUN_PLANE_TABLES_H_
#define MHTUN_PLANE_TABLES_H_

#include <array>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "child_sa.h"
#include "policies.h"
#include "sockets.h"

namespace mhtun {

// A Child SA that can send.
struct Sender {
  Child* child;
  OutboundSa* sa;
  // The policy's as it is now, or the SA's own.
  double priority;
};

// Children by inbound SPI: a part of the whole table, so that a change makes only one of many anew. Never changed.
class SpiPart {
 public:
  explicit SpiPart(const std::vector<std::pair<uint32_t, Child*>>& children) {
    size_t size = 4;
    while (size < 2 * children.size() + 1) size *= 2;
    slots_.assign(size, {0, nullptr});
    mask_ = static_cast<uint32_t>(size - 1);
    for (const auto& child : children) {
      uint32_t at = Hash(child.first);
      while (slots_[at & mask_].second != nullptr) at++;
      slots_[at & mask_] = child;
    }
  }

  // Null: no SA of ours.
  Child* Find(uint32_t spi) const {
    for (uint32_t at = Hash(spi);; at++) {
      const auto& [known, child] = slots_[at & mask_];
      if (child == nullptr || known == spi) return child;
    }
  }

 private:
  static uint32_t Hash(uint32_t spi) { return spi * 0x9e3779b1u >> 8; }

  // At most half full.
  std::vector<std::pair<uint32_t, Child*>> slots_;
  uint32_t mask_ = 0;
};

constexpr unsigned kSpiPartBits = 6;
using SpiParts = std::array<std::shared_ptr<const SpiPart>, 1 << kSpiPartBits>;

// By other bits of the hash than the place within a part.
inline size_t SpiPartOf(uint32_t spi) { return spi * 0x9e3779b1u >> (32 - kSpiPartBits); }

struct Tables {
  // Grows with each change, so that a shortcut knows whether it still leads anywhere.
  uint64_t version = 0;
  // Lowest priority first, among equals the one installed last.
  std::vector<Sender> senders;
  // Lowest priority first, among equals in the order given.
  std::vector<const Policy*> policies;
  // Some sender or policy asks for protocol or ports.
  bool selective = false;
  std::vector<Socket*> sockets;
  // Null where it is empty.
  SpiParts by_spi;
  uint32_t mtu = kDefaultMtuOctets;
  // An inner IPv6 address of this host, for what the plane itself says.
  bool has_inner6 = false;
  uint8_t inner6[16] = {};

  // Null: no SA of ours.
  Child* BySpi(uint32_t spi) const {
    const SpiPart* part = by_spi[SpiPartOf(spi)].get();
    return part == nullptr ? nullptr : part->Find(spi);
  }
  Socket* SocketById(uint64_t id) const {
    for (Socket* socket : sockets) {
      if (socket->id == id) return socket;
    }
    return nullptr;
  }
};

}  // namespace mhtun

#endif  // MHTUN_PLANE_TABLES_H_
