// The commands of the control plane, one after the other (`DataPlaneCommand` in lib/esp/data-plane.ts).
#include <openssl/crypto.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <utility>

#include "plane.h"

namespace mhtun {
namespace {

// In the order of `commandKinds` in lib/platform/native-messages.ts.
enum class Command : uint8_t {
  kInstallInbound, kInstallOutbound, kRemoveInbound, kRemoveOutbound, kSwitchPath, kWatch, kSendDummy, kSetPolicies,
  kOpenSocket, kCloseSocket, kSendKeepalive, kSetMtu,
};

// RFC 3948 §2.3.
constexpr uint8_t kKeepalive = 0xff;

// Keys as a command has them; overwritten when it is done.
class GivenKeys {
 public:
  explicit GivenKeys(ByteReader* from) {
    unsigned encr = from->U16();
    unsigned key_bits = from->U16();
    unsigned integ = from->U16();
    keying_.esn = from->Flag();
    keymat_octets_ = from->U16();
    keymat_ = from->Take(keymat_octets_);
    mac_key_octets_ = from->U16();
    mac_key_ = from->Take(mac_key_octets_);
    keying_.algorithm = FindEspAlgorithm(encr, key_bits, integ);
    keying_.keymat = keymat_;
    keying_.mac_key = mac_key_;
  }
  ~GivenKeys() {
    if (keymat_ != nullptr) OPENSSL_cleanse(keymat_, keymat_octets_);
    if (mac_key_ != nullptr) OPENSSL_cleanse(mac_key_, mac_key_octets_);
  }
  GivenKeys(const GivenKeys&) = delete;
  GivenKeys& operator=(const GivenKeys&) = delete;

  bool Fit() const {
    const EspAlgorithm* algorithm = keying_.algorithm;
    return algorithm != nullptr && keymat_octets_ == algorithm->key_octets + algorithm->salt_octets &&
           mac_key_octets_ == algorithm->mac_key_octets;
  }
  const Keying& keying() const { return keying_; }

 private:
  Keying keying_;
  uint8_t* keymat_ = nullptr;
  uint8_t* mac_key_ = nullptr;
  size_t keymat_octets_ = 0;
  size_t mac_key_octets_ = 0;
};

std::vector<double> ReadChildren(ByteReader* from) {
  std::vector<double> out;
  for (uint32_t left = from->U32(); left > 0 && !from->failed(); left--) out.push_back(from->F64());
  return out;
}

}  // namespace

bool Plane::Apply(double now, uint8_t* commands, size_t length) {
  ByteReader from(commands, length);
  bool good = true;
  while (good && from.left() > 0) good = ApplyOne(now, &from) && !from.failed();
  Publish();
  // After the whole batch: what is delivered may be answered at once.
  for (uint32_t spi : std::exchange(installed_, {})) {
    std::vector<EarlyPacket> packets = state_->early.Take(spi);
    if (!packets.empty()) host_->Receive(std::move(packets));
  }
  // What has gone with these commands is no secret any more either.
  if (state_->keys_to_wipe.load(std::memory_order_relaxed)) Tick(now);
  return good;
}

bool Plane::ApplyOne(double now, ByteReader* from) {
  switch (static_cast<Command>(from->U8())) {
    case Command::kInstallInbound:
      InstallInbound(now, from);
      return true;
    case Command::kInstallOutbound:
      InstallOutbound(now, from);
      return true;
    case Command::kRemoveInbound:
      children_.RemoveInbound(from->F64());
      return true;
    case Command::kRemoveOutbound:
      children_.RemoveOutbound(from->F64());
      return true;
    case Command::kSwitchPath:
      SwitchPath(from);
      return true;
    case Command::kWatch:
      WatchChildren(now, from);
      return true;
    case Command::kSendDummy:
      for (double child : ReadChildren(from)) errands_.dummies.push_back(child);
      return true;
    case Command::kSetPolicies:
      SetPolicies(from);
      return true;
    case Command::kOpenSocket:
      OpenSocket(now, from);
      return true;
    case Command::kCloseSocket:
      CloseSocket(from);
      return true;
    case Command::kSendKeepalive: {
      Path path = ReadPath(from);
      SendNow(now, path, &kKeepalive, sizeof(kKeepalive), nullptr, 0, false);
      return true;
    }
    case Command::kSetMtu:
      mtu_ = from->U32();
      changed_ = true;
      return true;
  }
  return false;
}

void Plane::InstallInbound(double now, ByteReader* from) {
  double id = from->F64();
  uint32_t spi = from->U32();
  GivenKeys keys(from);
  SelectorSet selectors(from);
  Lifetime lifetime = ReadLifetime(from);
  uint32_t window = from->U32();
  installed_.push_back(spi);
  Child* child = children_.Room(id);
  bool done = child != nullptr && !from->failed() && keys.Fit() && children_.MayHaveInbound(*child, spi);
  if (done) {
    auto sa = std::make_unique<InboundSa>(spi, lifetime, window, keys.keying().esn, std::move(selectors));
    done = sa->SetKeys(keys.keying(), options_.receive_workers);
    if (done) children_.SetInbound(child, std::move(sa));
  }
  Installed(now, child, id, done);
}

void Plane::InstallOutbound(double now, ByteReader* from) {
  double id = from->F64();
  uint32_t spi = from->U32();
  GivenKeys keys(from);
  SelectorSet selectors(from);
  Lifetime lifetime = ReadLifetime(from);
  std::string policy = from->Text();
  double own_priority = from->F64();
  Path path = ReadPath(from);
  bool report_new_source = from->Flag();
  bool copy_dscp = from->Flag();
  Child* child = children_.Room(id);
  bool done = child != nullptr && !from->failed() && keys.Fit() && children_.MayHaveOutbound(*child, spi);
  if (done) {
    auto sa = std::make_unique<OutboundSa>(spi, lifetime, keys.keying().esn, std::move(selectors), options_.last_sequence);
    sa->policy = std::move(policy);
    sa->own_priority = own_priority;
    sa->copy_dscp = copy_dscp;
    sa->report_new_source.store(report_new_source);
    done = sa->SetKeys(keys.keying(), options_.send_workers);
    if (done) {
      sa->route.store(NewRoute(path));
      auto lent = priorities_.find(sa->policy);
      children_.SetOutbound(child, std::move(sa), lent == priorities_.end() ? own_priority : lent->second);
      errands_.retry_held = true;
    }
  }
  Installed(now, child, id, done);
}

// A half that could not be installed makes the child useless, which its control plane hears as its end.
void Plane::Installed(double now, Child* child, double id, bool done) {
  changed_ = true;
  if (child == nullptr) return state_->events.HardExpired(id);
  if (!done) return state_->Expire(child);
  // Its time may be over already; if not, the clock is set.
  TickChild(now, child);
}

void Plane::SwitchPath(ByteReader* from) {
  std::vector<double> ids = ReadChildren(from);
  Path path = ReadPath(from);
  bool report_new_source = from->Flag();
  for (double id : ids) {
    Child* child = children_.Get(id);
    OutboundSa* sa = child == nullptr ? nullptr : child->outbound.load();
    if (sa == nullptr) continue;
    SetRoute(sa, path);
    sa->report_new_source.store(report_new_source, std::memory_order_relaxed);
    std::lock_guard<std::mutex> lock(child->reports_mutex);
    child->new_source.Forget();
  }
  errands_.reroute = true;
}

void Plane::WatchChildren(double now, ByteReader* from) {
  std::vector<double> ids = ReadChildren(from);
  double silent_ms = from->F64();
  for (double id : ids) {
    Child* child = children_.Get(id);
    if (child == nullptr) continue;
    {
      std::lock_guard<std::mutex> lock(child->reports_mutex);
      child->watch.Set(silent_ms);
    }
    child->watched.store(true, std::memory_order_relaxed);
    TickChild(now, child);
  }
}

void Plane::SetPolicies(ByteReader* from) {
  std::map<std::string, std::unique_ptr<Policy>> before;
  std::vector<std::unique_ptr<Policy>> gone;
  for (auto& policy : policies_) {
    auto& place = before[policy->name];
    if (place != nullptr) gone.push_back(std::move(place));
    place = std::move(policy);
  }
  policies_.clear();
  priorities_.clear();
  for (uint32_t left = from->U32(); left > 0 && !from->failed(); left--) {
    std::string name = from->Text();
    SelectorSet selectors(from);
    double priority = from->F64();
    bool acquire = from->Flag();
    if (policies_.size() >= kMaxPolicies) continue;
    auto policy = std::make_unique<Policy>(Policy{name, std::move(selectors), priority, acquire, std::make_shared<PolicyHeld>()});
    if (auto old = before.find(name); old != before.end() && old->second != nullptr) {
      policy->held = old->second->held;
      // A policy that holds nothing any more loses what it had.
      if (!acquire) state_->dropped.Count(Drop::kNoSa, state_->held.Forget(policy->held.get()));
      gone.push_back(std::move(old->second));
    }
    priorities_[name] = priority;
    policies_.push_back(std::move(policy));
  }
  std::stable_sort(policies_.begin(), policies_.end(), [](auto& a, auto& b) { return a->priority < b->priority; });
  for (auto& [name, policy] : before) {
    if (policy == nullptr) continue;
    state_->dropped.Count(Drop::kNoSa, state_->held.Forget(policy->held.get()));
    gone.push_back(std::move(policy));
  }
  for (auto& policy : gone) {
    Policy* old = policy.release();
    Later([this, old] {
      // A worker may have held another packet for it in its last moment.
      if (old->held.use_count() == 1) state_->dropped.Count(Drop::kNoSa, state_->held.Forget(old->held.get()));
      delete old;
    });
  }
  children_.Reorder([this](const std::string& name) {
    auto known = priorities_.find(name);
    return known == priorities_.end() ? std::nan("") : known->second;
  });
  changed_ = true;
  errands_.retry_held = true;
}

void Plane::OpenSocket(double now, ByteReader* from) {
  Endpoint local = ReadEndpoint(from);
  DeviceName device = ReadDevice(from);
  if (std::any_of(sockets_.begin(), sockets_.end(), [&](auto& socket) { return socket->Is(local, device); })) return;
  Socket* socket = AddSocket(local, device);
  if (int error = host_->Open(socket); error != 0) {
    state_->SendFailed(now, {local, {}, device}, false, error, 0);
    sockets_.pop_back();
    return;
  }
  ResolveRoutes();
}

void Plane::CloseSocket(ByteReader* from) {
  Endpoint local = ReadEndpoint(from);
  DeviceName device = ReadDevice(from);
  auto known = std::find_if(sockets_.begin(), sockets_.end(), [&](auto& socket) { return socket->Is(local, device); });
  if (known == sockets_.end()) return;
  host_->Shut(known->get());
  Socket* socket = known->release();
  sockets_.erase(known);
  changed_ = true;
  ResolveRoutes();
  Later([socket] { delete socket; });
}

}  // namespace mhtun
