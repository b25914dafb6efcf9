#include "early_packets.h"

#include <utility>

#include "limits.h"
#include "pacing.h"

namespace mhtun {

size_t EarlyPackets::Hold(double now, uint32_t spi, const Path& path, uint8_t tos, const uint8_t* data, size_t length) {
  EarlyPacket packet{spi, path, tos, std::vector<uint8_t>(data, data + length), now + kEarlyPacketMs};
  std::lock_guard<std::mutex> lock(mutex_);
  packets_.push_back(std::move(packet));
  octets_ += length;
  size_t lost = 0;
  for (; packets_.size() > kMaxEarlyPackets || octets_ > kMaxEarlyOctets; lost++) {
    octets_ -= packets_.front().datagram.size();
    packets_.pop_front();
  }
  return lost;
}

std::vector<EarlyPacket> EarlyPackets::Take(uint32_t spi) {
  std::vector<EarlyPacket> taken;
  std::lock_guard<std::mutex> lock(mutex_);
  std::deque<EarlyPacket> kept;
  for (EarlyPacket& packet : packets_) {
    if (packet.spi == spi) {
      octets_ -= packet.datagram.size();
      taken.push_back(std::move(packet));
    } else {
      kept.push_back(std::move(packet));
    }
  }
  packets_ = std::move(kept);
  return taken;
}

size_t EarlyPackets::Expire(double now) {
  std::lock_guard<std::mutex> lock(mutex_);
  size_t gone = 0;
  for (; !packets_.empty() && now >= packets_.front().until; gone++) {
    octets_ -= packets_.front().datagram.size();
    packets_.pop_front();
  }
  return gone;
}

double EarlyPackets::NextExpiry() {
  std::lock_guard<std::mutex> lock(mutex_);
  return packets_.empty() ? kNever : packets_.back().until;
}

}  // namespace mhtun
