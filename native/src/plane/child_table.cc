#include "child_table.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace mhtun {
namespace {

// RFC 4303 §2.1: SPIs from 1 to 255 are reserved, 0 is never sent.
constexpr uint32_t kFirstUsableSpi = 256;

bool AskedBefore(const Child* a, const Child* b) {
  return a->priority != b->priority ? a->priority < b->priority : a->installed_as > b->installed_as;
}

}  // namespace

ChildTable::~ChildTable() {
  for (auto& [id, child] : children_) {
    delete child->inbound.load();
    OutboundSa* outbound = child->outbound.load();
    if (outbound != nullptr) delete outbound->route.load();
    delete outbound;
  }
}

Child* ChildTable::Get(double id) {
  auto known = children_.find(id);
  return known == children_.end() ? nullptr : known->second.get();
}

Child* ChildTable::Room(double id) {
  Child* known = Get(id);
  if (known != nullptr || children_.size() >= kMaxChildSas) return known;
  return children_.emplace(id, std::make_unique<Child>(id)).first->second.get();
}

bool ChildTable::MayHaveInbound(const Child& child, uint32_t spi) const {
  return !child.expired.load() && !child.has_inbound && spi >= kFirstUsableSpi && by_spi_.count(spi) == 0;
}

bool ChildTable::MayHaveOutbound(const Child& child, uint32_t spi) const {
  return !child.expired.load() && !child.has_outbound && spi >= kFirstUsableSpi;
}

void ChildTable::SetInbound(Child* child, std::unique_ptr<InboundSa> sa) {
  child->spi_in = sa->spi;
  child->has_inbound = true;
  by_spi_[sa->spi] = child;
  child->inbound.store(sa.release(), std::memory_order_release);
}

void ChildTable::SetOutbound(Child* child, std::unique_ptr<OutboundSa> sa, double priority) {
  child->priority = priority;
  child->installed_as = ++installs_;
  child->has_outbound = true;
  child->outbound.store(sa.release(), std::memory_order_release);
  senders_.insert(std::lower_bound(senders_.begin(), senders_.end(), child, AskedBefore), child);
}

void ChildTable::RemoveInbound(double id) {
  Child* child = Get(id);
  if (child == nullptr) return;
  if (child->has_inbound) {
    DropInbound(child);
    by_spi_.erase(child->spi_in);
    child->has_inbound = false;
  }
  ForgetIfEmpty(child);
}

void ChildTable::RemoveOutbound(double id) {
  Child* child = Get(id);
  if (child == nullptr) return;
  if (child->has_outbound) {
    DropOutbound(child);
    child->has_outbound = false;
  }
  ForgetIfEmpty(child);
}

void ChildTable::WipeExpired() {
  for (auto& [id, child] : children_) {
    if (child->keys_gone || !child->expired.load(std::memory_order_acquire)) continue;
    child->keys_gone = true;
    DropInbound(child.get());
    DropOutbound(child.get());
  }
}

void ChildTable::DropInbound(Child* child) {
  InboundSa* sa = child->inbound.exchange(nullptr, std::memory_order_acq_rel);
  if (sa != nullptr) retire_([sa] { delete sa; });
}

void ChildTable::DropOutbound(Child* child) {
  OutboundSa* sa = child->outbound.exchange(nullptr, std::memory_order_acq_rel);
  if (sa == nullptr) return;
  senders_.erase(std::remove(senders_.begin(), senders_.end(), child), senders_.end());
  retire_([sa] {
    delete sa->route.load();
    delete sa;
  });
}

void ChildTable::ForgetIfEmpty(Child* child) {
  if (child->has_inbound || child->has_outbound) return;
  auto node = children_.extract(child->id);
  Child* gone = node.mapped().release();
  retire_([gone] { delete gone; });
}

void ChildTable::Reorder(const std::function<double(const std::string&)>& priority_of) {
  for (Child* child : senders_) {
    const OutboundSa* sa = child->outbound.load();
    double lent = sa->policy.empty() ? std::nan("") : priority_of(sa->policy);
    child->priority = std::isnan(lent) ? sa->own_priority : lent;
  }
  std::sort(senders_.begin(), senders_.end(), AskedBefore);
}

void ChildTable::Fill(Tables* tables) const {
  tables->senders.reserve(senders_.size());
  for (Child* child : senders_) {
    OutboundSa* sa = child->outbound.load();
    tables->senders.push_back({child, sa, child->priority});
    tables->selective = tables->selective || sa->selectors.selective();
  }
  std::vector<std::pair<uint32_t, Child*>> inbound(by_spi_.begin(), by_spi_.end());
  tables->SetInbound(inbound);
}

}  // namespace mhtun
