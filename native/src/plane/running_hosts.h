// Ends the threads of all planes when the process ends. process.exit() runs no hook of the environment, so that they would still
// seal and open while the C library, OpenSSL and Node take down what they stand on.
#ifndef MHTUN_PLANE_RUNNING_HOSTS_H_
#define MHTUN_PLANE_RUNNING_HOSTS_H_

#include <mutex>
#include <set>

namespace mhtun {

class ThreadedHost;

class RunningHosts {
 public:
  // At exit(), before all that was there when the first plane started: OpenSSL for one.
  ~RunningHosts();

  static RunningHosts& OfProcess();

  void Add(ThreadedHost* host);
  void Remove(ThreadedHost* host);

 private:
  // Node's workers have planes of their own.
  std::mutex mutex_;
  std::set<ThreadedHost*> hosts_;
};

}  // namespace mhtun

#endif  // MHTUN_PLANE_RUNNING_HOSTS_H_
