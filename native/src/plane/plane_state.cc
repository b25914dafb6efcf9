#include "plane_state.h"

#include <string>

#include "../offload/vnet_header.h"

namespace mhtun {

void PlaneState::Expire(Child* child) {
  if (child->expired.exchange(true, std::memory_order_acq_rel)) return;
  keys_to_wipe.store(true, std::memory_order_release);
  events.HardExpired(child->id);
}

void PlaneState::SendFailed(double now, const Path& path, bool with_remote, int error, uint64_t lost) {
  dropped.Count(Drop::kSendFailed, lost);
  std::string name(reinterpret_cast<const char*>(path.local.octets), sizeof(path.local.octets));
  name += path.device.text;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (!socket_error_pacer_.Allows(now, name)) return;
  }
  events.SocketError(path, with_remote, error);
}

void PlaneState::Answer(double now, size_t worker, const PacketView& view, const IcmpError& error) {
  uint8_t answer[kMaxIcmpErrorOctets];
  const Tables& now_tables = Current();
  size_t length = WriteIcmpError(view, error, now_tables.has_inner6 ? now_tables.inner6 : nullptr, answer);
  if (length == 0) return;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (!icmp_bucket_.Allows(now)) return;
  }
  WriteWhole(worker, answer, length);
}

bool PlaneState::MayTellUnknownSpi(double now) {
  std::lock_guard<std::mutex> lock(mutex_);
  return unknown_spi_pacer_.Allows(now);
}

void PlaneState::WriteWhole(size_t worker, const uint8_t* packet, size_t length) {
  VnetHeader header;
  iovec parts[] = {{&header, sizeof(header)}, {const_cast<uint8_t*>(packet), length}};
  if (!io->WriteTun(worker, vnet ? parts : parts + 1, vnet ? 2 : 1)) dropped.Count(Drop::kQueueFull);
}

}  // namespace mhtun
