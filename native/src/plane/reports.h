// What the control plane hears of a Child SA's packets, at the pace that `lib/esp/data-plane.ts` promises: activity on a path,
// a source other than the one we send to, and for a watched SA the path its peer uses, that packets leave, and silence. What
// the pace holds back is told when its time comes. One mutex guards all of it; the owner holds it.
#ifndef MHTUN_PLANE_REPORTS_H_
#define MHTUN_PLANE_REPORTS_H_

#include <optional>
#include <vector>

#include "pacing.h"
#include "path.h"

namespace mhtun {

// `inbound-activity`.
class ActivityReports {
 public:
  enum class Told { kNow, kLater, kKnown };

  // kNow: tell it; kLater: when NextDue() says; kKnown: that was said before.
  Told Seen(double now, const Path& path);
  // The paths whose time has come; `all`: it is time for every one that waits.
  std::vector<Path> Due(double now, bool all);
  double NextDue() const;

 private:
  struct Entry {
    Path path;
    double told_at = -kNever;
    bool pending = false;
  };

  Entry& EntryOf(const Path& path);

  // The path heard last comes last.
  std::vector<Entry> entries_;
};

// `new-source`.
class NewSourceReports {
 public:
  // A packet that advanced the right edge came in on `path`; we send to `current`. True where it is to be told now.
  bool Seen(double now, const Path& path, const Path& current);
  std::optional<Path> Due(double now);
  double NextDue() const;
  // The path was switched: what was held back is past.
  void Forget() { pending_.reset(); }

 private:
  double told_at_ = -kNever;
  std::optional<Path> pending_;
};

// Of a watched SA.
class Watch {
 public:
  // NaN: silence is not told.
  void Set(double silent_ms);
  // An authenticated packet came in. True where its path is to be told now.
  bool Received(double now, const Path& path, bool advanced);
  // A packet left. True where that is to be told now.
  bool Sent(double now);
  std::optional<Path> DuePath(double now);
  bool DueOutbound(double now) { return outbound_pending_ && Sent(now); }
  bool DueSilence(double now);
  double NextDue() const;

 private:
  void Tell(double now, const Path& path);

  bool watched_ = false;
  double silent_ms_ = kNever;
  std::optional<Path> path_;
  double path_told_at_ = -kNever;
  std::optional<Path> path_pending_;
  double outbound_told_at_ = -kNever;
  bool outbound_pending_ = false;
  // Something came in last; infinite: nothing since silence was told.
  double heard_at_ = kNever;
};

}  // namespace mhtun

#endif  // MHTUN_PLANE_REPORTS_H_
