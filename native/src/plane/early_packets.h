// ESP that came before its SA: a responder may send as soon as it has answered (RFC 7296 §1.2), and its first packet may arrive
// beside that answer, or before it. It is kept for a moment, within bounds, and delivered when the SA is there. Nothing here is
// authenticated yet, so that anybody can fill this and nobody can gain by it. Any thread may use it.
#ifndef MHTUN_PLANE_EARLY_PACKETS_H_
#define MHTUN_PLANE_EARLY_PACKETS_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <vector>

#include "path.h"

namespace mhtun {

struct EarlyPacket {
  uint32_t spi;
  Path path;
  uint8_t tos;
  std::vector<uint8_t> datagram;
  double until;
};

class EarlyPackets {
 public:
  // Keeps a copy. How many are lost by it: the oldest make room.
  size_t Hold(double now, uint32_t spi, const Path& path, uint8_t tos, const uint8_t* datagram, size_t length);
  // Those of an SA that is there now, in the order they came.
  std::vector<EarlyPacket> Take(uint32_t spi);
  // Forgets what is too old. How many that were.
  size_t Expire(double now);
  // When all that is here now will be too old; to forget each at its time would wake us a thousand times a second in a flood.
  double NextExpiry();

 private:
  std::mutex mutex_;
  // In the order of their coming.
  std::deque<EarlyPacket> packets_;
  size_t octets_ = 0;
};

}  // namespace mhtun

#endif  // MHTUN_PLANE_EARLY_PACKETS_H_
