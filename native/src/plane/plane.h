// The control half of the native data plane, on JavaScript's thread: commands become new tables, which workers find at their
// next packet; timers run; what nobody reads any more is freed, keys wiped.
#ifndef MHTUN_PLANE_PLANE_H_
#define MHTUN_PLANE_PLANE_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "bytes.h"
#include "child_table.h"
#include "epochs.h"
#include "plane_host.h"
#include "plane_state.h"

namespace mhtun {

struct PlaneOptions {
  size_t send_workers = 1;
  size_t receive_workers = 1;
  // The sequence number before an outbound SA's first; only for tests of what happens when numbers run out.
  uint64_t last_sequence = 0;
};

class Plane {
 public:
  // Both outlive the plane.
  Plane(const PlaneOptions& options, PlaneState* state, PlaneHost* host);
  ~Plane();

  // Commands, as lib/platform/native-messages.ts writes them, in order. Keys in them are overwritten. False where they are
  // none; those before are done.
  bool Apply(double now, uint8_t* commands, size_t length);
  // From the NAT port, the marker added.
  void SendIke(double now, const Path& path, const uint8_t* octets, size_t length, bool whole);
  // Timers, keys of what has expired, and what can be freed. The events say when to come again.
  void Tick(double now);
  // Drop counters in order; then nine numbers for each Child SA.
  void Read(std::vector<double>* out);
  // For what the plane itself says in IPv6; null: there is none.
  void SetInner6(const uint8_t* address);

  Epochs& epochs() { return epochs_; }

 private:
  bool ApplyOne(double now, ByteReader* from);
  void InstallInbound(double now, ByteReader* from);
  void InstallOutbound(double now, ByteReader* from);
  void Installed(double now, Child* child, double id, bool done);
  void SwitchPath(ByteReader* from);
  void WatchChildren(double now, ByteReader* from);
  void SetPolicies(ByteReader* from);
  void OpenSocket(double now, ByteReader* from);
  void CloseSocket(ByteReader* from);
  void SendNow(double now, const Path& path, const uint8_t* head, size_t head_octets, const uint8_t* body, size_t body_octets, bool whole);

  Socket* FindSocket(const Endpoint& local, const DeviceName& device);
  Socket* AddSocket(const Endpoint& local, const DeviceName& device);
  const Route* NewRoute(const Path& path);
  void SetRoute(OutboundSa* sa, const Path& path);
  // Sockets have come or gone.
  void ResolveRoutes();
  void TickChild(double now, Child* child);
  void ExpireHeld(double now);
  // Makes the next tables, if something has changed.
  void Publish();
  void Later(std::function<void()> free) { later_.push_back(std::move(free)); }

  const PlaneOptions options_;
  PlaneState* const state_;
  PlaneHost* const host_;
  Epochs epochs_;
  ChildTable children_;
  std::vector<std::unique_ptr<Policy>> policies_;
  std::map<std::string, double> priorities_;
  std::vector<std::unique_ptr<Socket>> sockets_;
  uint64_t last_socket_id_ = 0;
  uint64_t last_version_ = 0;
  uint32_t mtu_ = kDefaultMtuOctets;
  bool has_inner6_ = false;
  uint8_t inner6_[16] = {};
  bool changed_ = true;
  // For the sending workers, after the next tables are there.
  Errands errands_;
  // Inbound SAs for which packets may have come already.
  std::vector<uint32_t> installed_;
  // What is out of reach once they are there.
  std::vector<std::function<void()>> later_;
};

}  // namespace mhtun

#endif  // MHTUN_PLANE_PLANE_H_
