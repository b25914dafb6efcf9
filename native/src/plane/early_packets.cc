#include "early_packets.h"

#include <utility>

#include "limits.h"
#include "pacing.h"

namespace mhtun {

size_t EarlyPackets::Hold(double now, uint32_t spi, const Path& path, uint8_t tos, const uint8_t* datagram, size_t length) {
  if (length > kMaxEarlyOctets) return 1;
  std::lock_guard<std::mutex> lock(mutex_);
  packets_.push_back({spi, path, tos, std::vector<uint8_t>(datagram, datagram + length), now + kEarlyPacketMs});
  octets_ += length;
  size_t lost = 0;
  for (; packets_.size() > kMaxEarlyPackets || octets_ > kMaxEarlyOctets; lost++) {
    octets_ -= packets_.front().datagram.size();
    packets_.pop_front();
  }
  return lost;
}

std::vector<EarlyPacket> EarlyPackets::Take(uint32_t spi) {
  std::lock_guard<std::mutex> lock(mutex_);
  std::vector<EarlyPacket> taken;
  for (auto packet = packets_.begin(); packet != packets_.end();) {
    if (packet->spi != spi) {
      ++packet;
      continue;
    }
    octets_ -= packet->datagram.size();
    taken.push_back(std::move(*packet));
    packet = packets_.erase(packet);
  }
  return taken;
}

size_t EarlyPackets::Expire(double now) {
  std::lock_guard<std::mutex> lock(mutex_);
  size_t expired = 0;
  for (; !packets_.empty() && now >= packets_.front().until; expired++) {
    octets_ -= packets_.front().datagram.size();
    packets_.pop_front();
  }
  return expired;
}

double EarlyPackets::NextExpiry() {
  std::lock_guard<std::mutex> lock(mutex_);
  return packets_.empty() ? kNever : packets_.back().until;
}

}  // namespace mhtun
