#include "fragments.h"

#include <algorithm>
#include <utility>

#include "limits.h"
#include "pacing.h"

namespace mhtun {
namespace {

// In place of a protocol, for IPv6.
constexpr int kAnyProtocol = -2;

}  // namespace

FragmentTracker::Key FragmentTracker::KeyOf(const PacketView& view) {
  int protocol = view.family == 4 ? view.header_protocol : kAnyProtocol;
  return {protocol, view.Identification(), view.source, view.destination};
}

std::vector<HeldOctets> FragmentTracker::Learn(double now, const PacketView& view) {
  std::lock_guard<std::mutex> lock(mutex_);
  Key key = KeyOf(view);
  flows_.remove_if([&](const Flow& flow) { return flow.key == key; });
  if (flows_.size() >= kMaxFragmentFlows) flows_.pop_front();
  flows_.push_back({key, view.next, now + kFragmentFlowMs});
  std::vector<HeldOctets> released;
  for (auto one = held_.begin(); one != held_.end();) {
    if (!(one->key == key)) {
      ++one;
      continue;
    }
    held_octets_ -= one->packet.size();
    released.push_back(std::move(one->packet));
    one = held_.erase(one);
  }
  return released;
}

bool FragmentTracker::Recall(double now, PacketView* view) {
  std::lock_guard<std::mutex> lock(mutex_);
  Key key = KeyOf(*view);
  auto flow = std::find_if(flows_.begin(), flows_.end(), [&](const Flow& one) { return one.key == key; });
  if (flow == flows_.end() || now >= flow->until) return false;
  view->next = flow->next;
  return true;
}

bool FragmentTracker::Hold(double now, const PacketView& view) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (held_.size() >= kMaxHeldFragments || held_octets_ + view.length > kMaxHeldFragmentOctets) return false;
  held_.push_back({KeyOf(view), HeldOctets(view.data, view.data + view.length), now + kHeldFragmentMs});
  held_octets_ += view.length;
  return true;
}

size_t FragmentTracker::Expire(double now) {
  std::lock_guard<std::mutex> lock(mutex_);
  while (!flows_.empty() && now >= flows_.front().until) flows_.pop_front();
  size_t before = held_.size();
  held_.remove_if([&](const Held& one) {
    if (now < one.until) return false;
    held_octets_ -= one.packet.size();
    return true;
  });
  return before - held_.size();
}

double FragmentTracker::NextExpiry() {
  std::lock_guard<std::mutex> lock(mutex_);
  double flow = flows_.empty() ? kNever : flows_.front().until;
  double held = held_.empty() ? kNever : held_.front().until;
  return std::min(flow, held);
}

}  // namespace mhtun
