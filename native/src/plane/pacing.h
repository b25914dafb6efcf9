// How often something may happen: once in an interval, or a bucket that fills with time. Times are milliseconds.
#ifndef MHTUN_PLANE_PACING_H_
#define MHTUN_PLANE_PACING_H_

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <list>
#include <string>
#include <utility>

namespace mhtun {

// Never.
inline constexpr double kNever = std::numeric_limits<double>::infinity();

class Pacer {
 public:
  explicit Pacer(double interval_ms) : interval_ms_(interval_ms) {}

  bool Allows(double now) {
    if (now < last_ + interval_ms_) return false;
    last_ = now;
    return true;
  }

 private:
  double interval_ms_;
  double last_ = -kNever;
};

// Once in an interval for each of a bounded number of names.
class PacerByName {
 public:
  PacerByName(double interval_ms, size_t limit) : interval_ms_(interval_ms), limit_(limit) {}

  bool Allows(double now, const std::string& name) {
    auto known = std::find_if(last_.begin(), last_.end(), [&](const auto& one) { return one.first == name; });
    if (known != last_.end()) {
      if (now < known->second + interval_ms_) return false;
      last_.erase(known);
    }
    if (last_.size() >= limit_) last_.pop_front();
    last_.emplace_back(name, now);
    return true;
  }

 private:
  double interval_ms_;
  size_t limit_;
  // The name told longest ago comes first.
  std::list<std::pair<std::string, double>> last_;
};

class TokenBucket {
 public:
  TokenBucket(double burst, double per_second) : burst_(burst), per_ms_(per_second / 1000), tokens_(burst) {}

  bool Allows(double now) {
    if (!std::isnan(at_)) tokens_ = std::min(burst_, tokens_ + (now - at_) * per_ms_);
    at_ = now;
    if (tokens_ < 1) return false;
    tokens_--;
    return true;
  }

 private:
  double burst_;
  double per_ms_;
  double tokens_;
  double at_ = std::numeric_limits<double>::quiet_NaN();
};

}  // namespace mhtun

#endif  // MHTUN_PLANE_PACING_H_
