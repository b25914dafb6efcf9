#include "reports.h"

#include <algorithm>
#include <cmath>

#include "limits.h"

namespace mhtun {

ActivityReports::Told ActivityReports::Seen(double now, const Path& path) {
  Entry& entry = !entries_.empty() && entries_.back().path == path ? entries_.back() : EntryOf(path);
  if (now < entry.told_at + kActivityIntervalMs) {
    if (entry.pending) return Told::kKnown;
    entry.pending = true;
    return Told::kLater;
  }
  entry.told_at = now;
  entry.pending = false;
  return Told::kNow;
}

std::vector<Path> ActivityReports::Due(double now, bool all) {
  std::vector<Path> due;
  for (Entry& entry : entries_) {
    if (!entry.pending || (!all && now < entry.told_at + kActivityIntervalMs)) continue;
    entry.told_at = now;
    entry.pending = false;
    due.push_back(entry.path);
  }
  return due;
}

double ActivityReports::NextDue() const {
  double at = kNever;
  for (const Entry& entry : entries_) {
    if (entry.pending) at = std::min(at, entry.told_at + kActivityIntervalMs);
  }
  return at;
}

ActivityReports::Entry& ActivityReports::EntryOf(const Path& path) {
  auto known = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& entry) { return entry.path == path; });
  if (known != entries_.end()) {
    std::rotate(known, known + 1, entries_.end());
  } else {
    if (entries_.size() == kMaxActivityPaths) entries_.erase(entries_.begin());
    entries_.push_back({path});
  }
  return entries_.back();
}

bool NewSourceReports::Seen(double now, const Path& path, const Path& current) {
  if (path.remote == current.remote) {
    pending_.reset();
    return false;
  }
  if (now < told_at_ + kNewSourceIntervalMs) {
    pending_ = path;
    return false;
  }
  told_at_ = now;
  return true;
}

std::optional<Path> NewSourceReports::Due(double now) {
  if (!pending_.has_value() || now < told_at_ + kNewSourceIntervalMs) return std::nullopt;
  std::optional<Path> path = pending_;
  pending_.reset();
  told_at_ = now;
  return path;
}

double NewSourceReports::NextDue() const { return pending_.has_value() ? told_at_ + kNewSourceIntervalMs : kNever; }

void Watch::Set(double silent_ms) {
  watched_ = true;
  silent_ms_ = std::isnan(silent_ms) ? kNever : silent_ms;
  heard_at_ = kNever;
}

bool Watch::Received(double now, const Path& path, bool advanced) {
  if (!watched_) return false;
  heard_at_ = now;
  if (!advanced) return false;
  if (path_.has_value() && path == *path_) {
    path_pending_.reset();
    return false;
  }
  if (now < path_told_at_ + kInboundPathIntervalMs) {
    path_pending_ = path;
    return false;
  }
  Tell(now, path);
  return true;
}

bool Watch::Sent(double now) {
  if (!watched_) return false;
  if (now < outbound_told_at_ + kOutboundActivityIntervalMs) {
    outbound_pending_ = true;
    return false;
  }
  outbound_told_at_ = now;
  outbound_pending_ = false;
  return true;
}

std::optional<Path> Watch::DuePath(double now) {
  if (!path_pending_.has_value() || now < path_told_at_ + kInboundPathIntervalMs) return std::nullopt;
  Path path = *path_pending_;
  Tell(now, path);
  return path;
}

bool Watch::DueSilence(double now) {
  if (heard_at_ == kNever || now < heard_at_ + silent_ms_) return false;
  heard_at_ = kNever;
  return true;
}

double Watch::NextDue() const {
  double path = path_pending_.has_value() ? path_told_at_ + kInboundPathIntervalMs : kNever;
  double outbound = outbound_pending_ ? outbound_told_at_ + kOutboundActivityIntervalMs : kNever;
  return std::min({path, outbound, heard_at_ + silent_ms_});
}

void Watch::Tell(double now, const Path& path) {
  path_ = path;
  path_pending_.reset();
  path_told_at_ = now;
}

}  // namespace mhtun
