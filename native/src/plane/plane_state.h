// What all threads of a data plane share: the tables as they are now, counters, events, and what slow paths keep.
#ifndef MHTUN_PLANE_PLANE_STATE_H_
#define MHTUN_PLANE_PLANE_STATE_H_

#include <atomic>
#include <cstdint>
#include <mutex>
#include <vector>

#include "counters.h"
#include "early_packets.h"
#include "events.h"
#include "icmp.h"
#include "pacing.h"
#include "plane_io.h"
#include "policies.h"
#include "tables.h"

namespace mhtun {

// A datagram of the control thread that found its socket full.
struct UrgentDatagram {
  Path path;
  std::vector<uint8_t> octets;
};

class PlaneState {
 public:
  PlaneState(PlaneIo* io, int wake_fd, bool vnet) : io(io), vnet(vnet), events(wake_fd) {}

  const Tables& Current() const { return *tables.load(std::memory_order_seq_cst); }

  // Past a hard limit: neither direction is used any more (RFC 4301 §4.4.2.1).
  void Expire(Child* child);
  // Tells once that a rekey is due.
  void ReportSoft(Child* child) {
    if (child->TakeSoft()) events.SoftExpired(child->id);
  }
  // Our own host refused to send so many datagrams by this path, or has a problem with the socket itself.
  void SendFailed(double now, const Path& path, bool with_remote, int error, uint64_t lost);
  // ICMP to the sender of a packet from the TUN device, at a bounded rate.
  void Answer(double now, size_t worker, const PacketView& view, const IcmpError& error);
  bool MayTellUnknownSpi(double now);
  // A packet of one piece to the TUN device.
  void WriteWhole(size_t worker, const uint8_t* packet, size_t length);

  PlaneIo* const io;
  // The TUN device has a virtio header.
  const bool vnet;
  std::atomic<const Tables*> tables{nullptr};
  DropCounters dropped;
  EventQueue events;
  HeldPackets held;
  EarlyPackets early;
  // A child has expired whose keys the control thread has still to take away.
  std::atomic<bool> keys_to_wipe{false};

 private:
  std::mutex mutex_;
  TokenBucket icmp_bucket_{kIcmpBurst, kIcmpPerSecond};
  Pacer unknown_spi_pacer_{kUnknownSpiIntervalMs};
  PacerByName socket_error_pacer_{kSocketErrorIntervalMs, kMaxSocketsPaced};
};

}  // namespace mhtun

#endif  // MHTUN_PLANE_PLANE_STATE_H_
