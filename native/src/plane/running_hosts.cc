#include "running_hosts.h"

#include "threaded_host.h"

namespace mhtun {

RunningHosts::~RunningHosts() {
  std::lock_guard<std::mutex> lock(mutex_);
  for (ThreadedHost* host : hosts_) host->Stop();
}

RunningHosts& RunningHosts::OfProcess() {
  static RunningHosts hosts;
  return hosts;
}

void RunningHosts::Add(ThreadedHost* host) {
  std::lock_guard<std::mutex> lock(mutex_);
  hosts_.insert(host);
}

void RunningHosts::Remove(ThreadedHost* host) {
  std::lock_guard<std::mutex> lock(mutex_);
  hosts_.erase(host);
}

}  // namespace mhtun
