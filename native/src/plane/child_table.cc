#include "child_table.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace mhtun {
namespace {

// RFC 4303 §2.1: SPIs from 1 to 255 are reserved, 0 is never sent.
constexpr uint32_t kFirstUsableSpi = 256;

bool AskedBefore(const Sender& a, const Sender& b) {
  return a.priority != b.priority ? a.priority < b.priority : a.child->installed_as > b.child->installed_as;
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
  return !child.expired.load() && !child.has_inbound && spi >= kFirstUsableSpi && by_spi_[SpiPartOf(spi)].count(spi) == 0;
}

bool ChildTable::MayHaveOutbound(const Child& child, uint32_t spi) const {
  return !child.expired.load() && !child.has_outbound && spi >= kFirstUsableSpi;
}

void ChildTable::SetInbound(Child* child, std::unique_ptr<InboundSa> sa) {
  child->spi_in = sa->spi;
  child->has_inbound = true;
  size_t part = SpiPartOf(sa->spi);
  by_spi_[part][sa->spi] = child;
  child->inbound.store(sa.release(), std::memory_order_release);
  Renew(part);
}

void ChildTable::SetOutbound(Child* child, std::unique_ptr<OutboundSa> sa, double priority) {
  child->installed_as = ++installs_;
  child->has_outbound = true;
  if (sa->selectors.selective()) selective_senders_++;
  Sender sender{child, sa.get(), priority};
  child->outbound.store(sa.release(), std::memory_order_release);
  senders_.insert(std::lower_bound(senders_.begin(), senders_.end(), sender, AskedBefore), sender);
}

void ChildTable::RemoveInbound(double id) {
  Child* child = Get(id);
  if (child == nullptr) return;
  if (child->has_inbound) {
    DropInbound(child);
    size_t part = SpiPartOf(child->spi_in);
    by_spi_[part].erase(child->spi_in);
    Renew(part);
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
  if (sa->selectors.selective()) selective_senders_--;
  senders_.erase(std::find_if(senders_.begin(), senders_.end(), [child](const Sender& one) { return one.child == child; }));
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
  for (Sender& sender : senders_) {
    const OutboundSa* sa = sender.sa;
    double lent = sa->policy.empty() ? std::nan("") : priority_of(sa->policy);
    sender.priority = std::isnan(lent) ? sa->own_priority : lent;
  }
  std::sort(senders_.begin(), senders_.end(), AskedBefore);
}

void ChildTable::Fill(Tables* tables) const {
  tables->senders = senders_;
  tables->selective = selective_senders_ > 0;
  tables->by_spi = parts_;
}

void ChildTable::Renew(size_t part) {
  const auto& known = by_spi_[part];
  std::vector<std::pair<uint32_t, Child*>> children(known.begin(), known.end());
  parts_[part] = children.empty() ? nullptr : std::make_shared<const SpiPart>(children);
}

}  // namespace mhtun
