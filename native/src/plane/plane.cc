#include "plane.h"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <utility>

namespace mhtun {
namespace {

// RFC 3948 §2.2.
constexpr uint8_t kMarker[4] = {};

}  // namespace

Plane::Plane(const PlaneOptions& options, PlaneState* state, PlaneHost* host)
    : options_(options),
      state_(state),
      host_(host),
      epochs_(options.send_workers + options.receive_workers),
      children_([this](std::function<void()> free) {
        changed_ = true;
        Later(std::move(free));
      }) {
  Publish();
}

// The workers have ended.
Plane::~Plane() {
  for (auto& free : later_) free();
  delete state_->tables.load();
}

void Plane::SendIke(double now, const Path& path, const uint8_t* octets, size_t length, bool whole) {
  SendNow(now, path, kMarker, sizeof(kMarker), octets, length, whole);
}

void Plane::SendNow(double now, const Path& path, const uint8_t* head, size_t head_octets, const uint8_t* body, size_t body_octets,
                    bool whole) {
  std::unique_ptr<const Route> route(NewRoute(path));
  if (route->socket == nullptr) return state_->SendFailed(now, path, true, EADDRNOTAVAIL, 1);
  mmsghdr message{};
  iovec parts[] = {{const_cast<uint8_t*>(head), head_octets}, {const_cast<uint8_t*>(body), body_octets}};
  message.msg_hdr.msg_name = const_cast<SockAddr*>(&route->name);
  message.msg_hdr.msg_namelen = route->name_length;
  message.msg_hdr.msg_iov = parts;
  message.msg_hdr.msg_iovlen = 2;
  int sent = whole ? state_->io->SendWhole(route->socket, &message) : state_->io->Send(route->socket, &message, 1);
  if (sent >= 0) return;
  // A probe is lost here as well as further on; it does not wait, where it would leave in fragments.
  if (whole && (sent == -EMSGSIZE || sent == -EAGAIN)) return;
  if (sent != -EAGAIN) return state_->SendFailed(now, path, true, -sent, 1);
  // Full of data: the worker that fills it lets this go first.
  UrgentDatagram urgent{path, std::vector<uint8_t>(head, head + head_octets)};
  urgent.octets.insert(urgent.octets.end(), body, body + body_octets);
  Errands errands;
  errands.urgent.push_back(std::move(urgent));
  if (!host_->Send(0, std::move(errands))) state_->dropped.Count(Drop::kQueueFull);
}

Socket* Plane::FindSocket(const Endpoint& local, const DeviceName& device) {
  for (auto& socket : sockets_) {
    if (socket->Is(local, device)) return socket.get();
  }
  return host_->HasEverySocket() ? AddSocket(local, device) : nullptr;
}

Socket* Plane::AddSocket(const Endpoint& local, const DeviceName& device) {
  auto socket = std::make_unique<Socket>(local, device);
  socket->id = ++last_socket_id_;
  socket->family = local.octets[0];
  while (std::any_of(sockets_.begin(), sockets_.end(), [&](auto& other) { return other->slot == socket->slot; })) socket->slot++;
  changed_ = true;
  sockets_.push_back(std::move(socket));
  return sockets_.back().get();
}

const Route* Plane::NewRoute(const Path& path) {
  auto* route = new Route{path, FindSocket(path.local, path.device), {}, 0};
  route->name_length = Decode(path.remote.octets, route->socket == nullptr ? 0 : route->socket->device_index, &route->name);
  return route;
}

void Plane::SetRoute(OutboundSa* sa, const Path& path) {
  const Route* old = sa->route.exchange(NewRoute(path), std::memory_order_acq_rel);
  if (old != nullptr) Later([old] { delete old; });
}

void Plane::ResolveRoutes() {
  children_.Each([&](Child* child) {
    OutboundSa* sa = child->outbound.load();
    if (sa == nullptr) return;
    Path path = sa->route.load()->path;
    if (FindSocket(path.local, path.device) != sa->route.load()->socket) SetRoute(sa, path);
  });
  errands_.reroute = true;
}

void Plane::SetInner6(const uint8_t* address) {
  has_inner6_ = address != nullptr;
  if (has_inner6_) std::memcpy(inner6_, address, sizeof(inner6_));
  changed_ = true;
  Publish();
}

void Plane::Publish() {
  if (changed_) {
    auto* tables = new Tables();
    tables->version = ++last_version_;
    children_.Fill(tables);
    for (auto& policy : policies_) {
      tables->policies.push_back(policy.get());
      tables->selective = tables->selective || policy->selectors.selective();
    }
    for (auto& socket : sockets_) tables->sockets.push_back(socket.get());
    tables->mtu = mtu_;
    tables->has_inner6 = has_inner6_;
    std::memcpy(tables->inner6, inner6_, sizeof(inner6_));
    const Tables* old = state_->tables.exchange(tables, std::memory_order_seq_cst);
    if (old != nullptr) Later([old] { delete old; });
    changed_ = false;
  }
  for (auto& free : later_) epochs_.Retire(std::move(free));
  later_.clear();
  epochs_.Collect();
  if (errands_.reroute) {
    for (size_t worker = 1; worker < options_.send_workers; worker++) {
      Errands reroute;
      reroute.reroute = true;
      host_->Send(worker, std::move(reroute));
    }
  }
  bool any = errands_.reroute || errands_.retry_held || !errands_.dummies.empty();
  if (any) host_->Send(0, std::exchange(errands_, {}));
}

void Plane::Tick(double now) {
  state_->events.TakeWake();
  children_.Each([&](Child* child) { TickChild(now, child); });
  ExpireHeld(now);
  for (size_t worker = 0; worker < options_.send_workers; worker++) {
    FragmentTracker& fragments = host_->outbound(worker).fragments();
    state_->dropped.Count(Drop::kNoSa, fragments.Expire(now));
    state_->events.WakeBy(fragments.NextExpiry());
  }
  state_->dropped.Count(Drop::kUnknownSpi, state_->early.Expire(now));
  state_->events.WakeBy(state_->early.NextExpiry());
  if (state_->keys_to_wipe.exchange(false, std::memory_order_acq_rel)) children_.WipeExpired();
  Publish();
}

void Plane::TickChild(double now, Child* child) {
  if (child->expired.load(std::memory_order_relaxed)) return;
  InboundSa* inbound = child->inbound.load();
  OutboundSa* outbound = child->outbound.load();
  double hard_at = std::min(inbound == nullptr ? kNever : inbound->lifetime.hard_at, outbound == nullptr ? kNever : outbound->lifetime.hard_at);
  if (now >= hard_at) return state_->Expire(child);
  EventQueue& events = state_->events;
  if (FragmentTracker* fragments = inbound == nullptr ? nullptr : inbound->fragments(); fragments != nullptr) {
    state_->dropped.Count(Drop::kSelectorMismatch, fragments->Expire(now));
    events.WakeBy(fragments->NextExpiry());
  }
  std::lock_guard<std::mutex> lock(child->reports_mutex);
  const bool silent = child->watch.DueSilence(now);
  // What came in before the silence is told before it.
  for (const Path& path : child->activity.Due(now, silent)) events.InboundActivity(child->id, path);
  if (auto source = child->new_source.Due(now); source.has_value()) events.NewSource(child->id, *source);
  if (auto path = child->watch.DuePath(now); path.has_value()) events.InboundPath(child->id, *path);
  if (child->watch.DueOutbound(now)) events.OutboundActivity(child->id);
  if (silent) events.Silent(child->id);
  events.WakeBy(std::min(hard_at, child->NextDue()));
}

void Plane::ExpireHeld(double now) {
  const Tables& tables = *state_->tables.load();
  for (HeldPacket& one : state_->held.TakeExpired(now, tables.policies)) {
    state_->dropped.Count(Drop::kNoSa);
    PacketView view;
    if (view.Parse(one.packet.data(), one.packet.size())) state_->Answer(now, 0, view, {});
  }
  state_->events.WakeBy(state_->held.NextExpiry(tables.policies));
}

void Plane::Read(std::vector<double>* out) {
  for (size_t reason = 0; reason < kDropReasons; reason++) out->push_back(static_cast<double>(state_->dropped.Read(reason)));
  children_.Each([&](Child* child) {
    auto number = [&](const std::atomic<uint64_t>& value) { out->push_back(static_cast<double>(value.load(std::memory_order_relaxed))); };
    out->push_back(child->id);
    number(child->in.packets);
    number(child->in.octets);
    number(child->out.packets);
    number(child->out.octets);
    number(child->replay_dropped);
    number(child->auth_failed);
    out->push_back(child->in.last.load(std::memory_order_relaxed));
    out->push_back(child->out.last.load(std::memory_order_relaxed));
  });
}

}  // namespace mhtun
