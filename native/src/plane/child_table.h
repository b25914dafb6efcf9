// The Child SAs of a plane as the control thread keeps them: by id, by inbound SPI, and in the order in which senders are asked.
// What it takes out of workers' reach it hands to `retire`, which frees it later.
#ifndef MHTUN_PLANE_CHILD_TABLE_H_
#define MHTUN_PLANE_CHILD_TABLE_H_

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "child_sa.h"
#include "tables.h"

namespace mhtun {

class ChildTable {
 public:
  using Retire = std::function<void(std::function<void()>)>;

  explicit ChildTable(Retire retire) : retire_(std::move(retire)) {}
  ~ChildTable();

  // The child of that id, made if it is new; null where there is no room.
  Child* Room(double id);
  Child* Get(double id);
  // Whether a half of that SPI may be put in. The peer chooses the outbound one, so a bad one is no mistake of ours.
  bool MayHaveInbound(const Child& child, uint32_t spi) const;
  bool MayHaveOutbound(const Child& child, uint32_t spi) const;
  void SetInbound(Child* child, std::unique_ptr<InboundSa> sa);
  void SetOutbound(Child* child, std::unique_ptr<OutboundSa> sa, double priority);
  void RemoveInbound(double id);
  void RemoveOutbound(double id);
  // Of children that have expired the keys go; they keep their place, without them, until they are removed.
  void WipeExpired();
  // Policies have changed: `priority_of` a name, or NaN.
  void Reorder(const std::function<double(const std::string&)>& priority_of);
  void Fill(Tables* tables) const;

  template <typename Visit>
  void Each(Visit visit) {
    for (auto& [id, child] : children_) visit(child.get());
  }
  size_t size() const { return children_.size(); }

 private:
  void DropInbound(Child* child);
  void DropOutbound(Child* child);
  void ForgetIfEmpty(Child* child);
  // Some SPI of that part has come or gone.
  void Renew(size_t part);

  Retire retire_;
  std::map<double, std::unique_ptr<Child>> children_;
  std::array<std::unordered_map<uint32_t, Child*>, std::tuple_size<SpiParts>::value> by_spi_;
  // The same for workers.
  SpiParts parts_;
  // Lowest priority first, among equals the one installed last.
  std::vector<Sender> senders_;
  size_t selective_senders_ = 0;
  uint64_t installs_ = 0;
};

}  // namespace mhtun

#endif  // MHTUN_PLANE_CHILD_TABLE_H_
