#include "fair_queue.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "limits.h"

namespace mhtun {
namespace {

constexpr size_t kFlows = 256;
// RFC 8290 §5.2.2: one packet of usual size at a time. A segmented packet takes as many turns as it has segments.
constexpr int64_t kQuantumOctets = 1514;
// RFC 8289 §4.2, §4.3: a standing queue of this length is too long, if it stands for so long.
constexpr double kTargetMs = 5;
constexpr double kIntervalMs = 100;
// A queue below one packet is never too long.
constexpr size_t kShortOctets = 1514;
// All queues of one worker together: what CoDel has not yet got hold of.
constexpr size_t kMaxQueuedOctets = 8 << 20;

}  // namespace

FairQueue::FairQueue(size_t* held) : flows_(kFlows), held_(held) {}

FairQueue::~FairQueue() {
  for (const Flow& flow : flows_) {
    for (const QueuedPacket& packet : flow.packets) *held_ -= packet.octets.size();
  }
}

// Of a fragment its addresses alone, so that all of a packet stay together.
size_t FairQueue::FlowOf(const PacketView& view) {
  constexpr uint32_t kOddMultiplier = 0x9e3779b1;
  auto hash = static_cast<uint32_t>(view.next.protocol);
  for (const AddressWords* words : {&view.source, &view.destination}) {
    for (uint32_t word : words->word) hash = (hash ^ word) * kOddMultiplier, hash ^= hash >> 15;
  }
  if (view.fragment == Fragment::kNone) {
    hash ^= static_cast<uint32_t>(view.next.source_port) << 16 ^ static_cast<uint32_t>(view.next.destination_port);
  }
  hash *= kOddMultiplier;
  return (hash ^ hash >> 16) % kFlows;
}

size_t FairQueue::Add(double now, const PacketView& view, const VnetHeader& header, const uint8_t* packet, size_t length) {
  size_t dropped = 0;
  while (packets_ > 0 && *held_ + length > kMaxQueuedOctets) dropped += DropFromFattest();
  // Other queues of this worker have it all.
  if (*held_ + length > kMaxQueuedOctets) return dropped + 1;
  size_t index = FlowOf(view);
  Flow& flow = flows_[index];
  flow.packets.push_back({header, std::vector<uint8_t>(packet, packet + length), now, 0});
  flow.octets += length;
  *held_ += length;
  packets_++;
  if (flow.place == Flow::Place::kNone) {
    flow.place = Flow::Place::kNew;
    flow.deficit = kQuantumOctets;
    new_.push_back(index);
  }
  return dropped;
}

QueuedPacket* FairQueue::Head(double now, size_t* dropped) {
  for (;;) {
    std::list<size_t>& list = new_.empty() ? old_ : new_;
    if (list.empty()) return nullptr;
    size_t index = list.front();
    Flow& flow = flows_[index];
    if (flow.deficit <= 0) {
      flow.deficit += kQuantumOctets;
      flow.place = Flow::Place::kOld;
      old_.splice(old_.end(), list, list.begin());
      continue;
    }
    Control(now, &flow, dropped);
    if (flow.packets.empty()) {
      // RFC 8290 §4.2: a new flow that ran empty goes behind the old ones once, lest it stay new for ever.
      if (flow.place == Flow::Place::kNew && !old_.empty()) {
        flow.place = Flow::Place::kOld;
        old_.splice(old_.end(), list, list.begin());
      } else {
        flow.place = Flow::Place::kNone;
        list.pop_front();
      }
      continue;
    }
    current_ = &flow;
    return &flow.packets.front();
  }
}

void FairQueue::Sent(size_t octets, bool done) {
  current_->deficit -= static_cast<int64_t>(octets);
  if (done) Pop(current_);
}

std::vector<QueuedPacket> FairQueue::TakeAll() {
  std::vector<QueuedPacket> all;
  for (Flow& flow : flows_) {
    while (!flow.packets.empty()) {
      all.push_back(std::move(flow.packets.front()));
      *held_ -= all.back().octets.size();
      flow.packets.pop_front();
    }
    flow = {};
  }
  new_.clear();
  old_.clear();
  packets_ = 0;
  return all;
}

void FairQueue::Pop(Flow* flow) {
  size_t octets = flow->packets.front().octets.size();
  flow->octets -= octets;
  *held_ -= octets;
  packets_--;
  flow->packets.pop_front();
}

bool FairQueue::ShouldDrop(double now, Flow* flow) {
  // What has begun to leave goes on.
  if (flow->packets.empty() || flow->packets.front().sent > 0) return false;
  if (now - flow->packets.front().since < kTargetMs || flow->octets <= kShortOctets) {
    flow->first_above = 0;
    return false;
  }
  if (flow->first_above == 0) {
    flow->first_above = now + kIntervalMs;
    return false;
  }
  return now >= flow->first_above;
}

void FairQueue::Control(double now, Flow* flow, size_t* dropped) {
  auto next = [&](double from) { return from + kIntervalMs / std::sqrt(static_cast<double>(flow->count)); };
  auto drop = [&] {
    Pop(flow);
    ++*dropped;
  };
  bool too_long = ShouldDrop(now, flow);
  if (flow->dropping) {
    if (!too_long) flow->dropping = false;
    while (flow->dropping && now >= flow->drop_next) {
      drop();
      flow->count++;
      if (!ShouldDrop(now, flow)) {
        flow->dropping = false;
      } else {
        flow->drop_next = next(flow->drop_next);
      }
    }
    return;
  }
  if (!too_long) return;
  drop();
  flow->dropping = true;
  // RFC 8289 §5.5: where it dropped a moment ago, it goes on at the rate it had found.
  uint32_t since_last = flow->count - flow->last_count;
  flow->count = since_last > 1 && now - flow->drop_next < 16 * kIntervalMs ? since_last : 1;
  flow->drop_next = next(now);
  flow->last_count = flow->count;
}

// RFC 8290 §4.1: the flow that takes most gives way, from its head, where the sender hears of it soonest.
size_t FairQueue::DropFromFattest() {
  auto fattest = std::max_element(flows_.begin(), flows_.end(), [](const Flow& a, const Flow& b) { return a.octets < b.octets; });
  size_t half = fattest->octets / 2;
  size_t dropped = 0;
  while (!fattest->packets.empty() && (fattest->octets > half || dropped == 0)) {
    Pop(&*fattest);
    dropped++;
  }
  return dropped;
}

}  // namespace mhtun
