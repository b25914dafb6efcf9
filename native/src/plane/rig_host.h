// A plane without threads, sockets and TUN device: what it sends and delivers is kept, for tests in time of their own.
#ifndef MHTUN_PLANE_RIG_HOST_H_
#define MHTUN_PLANE_RIG_HOST_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "inbound.h"
#include "outbound.h"
#include "plane.h"
#include "plane_host.h"

namespace mhtun {

class RigHost : public PlaneHost, public PlaneIo {
 public:
  struct Options {
    // Packets of one batch are merged, and taken apart again where they are kept.
    bool merge = false;
    // Datagrams of one size are one message, and taken apart likewise.
    bool segment = true;
    uint64_t last_sequence = 0;
  };

  RigHost(const Options& options, double now);
  ~RigHost() override;

  void Apply(uint8_t* commands, size_t length);
  void SendIke(const Path& path, const uint8_t* octets, size_t length, bool whole);
  void Datagrams(const Path& path, uint8_t tos, uint8_t* data, size_t length, size_t segment);
  void TunPacket(const VnetHeader& header, uint8_t* packet, size_t length);
  // Time passes; timers run.
  void Advance(double to);
  // For how many octets sockets have room; infinite: for all.
  void SetRoom(double octets);
  // What was sent, then what was written, as lib/platform/native-messages.ts reads events.
  std::vector<uint8_t> TakeOutputs();

  Plane& plane() { return *plane_; }
  PlaneState& state() { return *state_; }

  int Open(Socket* socket) override;
  void Shut(Socket* socket) override;
  bool Send(size_t worker, Errands errands) override;
  void Receive(std::vector<EarlyPacket> packets) override;
  Outbound& outbound(size_t worker) override;
  bool HasEverySocket() const override { return true; }

  int Send(Socket* socket, mmsghdr* messages, unsigned count) override;
  int SendWhole(Socket* socket, mmsghdr* message) override { return Send(socket, message, 1); }
  bool WriteTun(size_t worker, const iovec* parts, int count) override;
  void AwaitRoom(size_t worker, Socket* socket) override;

 private:
  void Settle();
  void KeepWritten(const uint8_t* packet, size_t length);

  const Options options_;
  double now_;
  double room_ = kNever;
  std::unique_ptr<PlaneState> state_;
  std::unique_ptr<Outbound> outbound_;
  std::unique_ptr<Inbound> inbound_;
  std::unique_ptr<Plane> plane_;
  std::vector<uint8_t> outputs_;
  std::vector<uint64_t> awaited_;
};

}  // namespace mhtun

#endif  // MHTUN_PLANE_RIG_HOST_H_
