#include "threaded_host.h"

#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "../udp_open.h"
#include "running_hosts.h"

namespace mhtun {
namespace {

// Four megabytes: a tenth of a second at 300 Mbit/s, while the thread waits for a processor.
constexpr int kReceiveBufferOctets = 4 << 20;
// The kernel doubles it and counts its own needs: some ten milliseconds at 100 Mbit/s. What is more waits in our own queues,
// which are fair and held short.
constexpr int kSendBufferOctets = 64 << 10;

}  // namespace

ThreadedHost::ThreadedHost(const HostOptions& options) : options_(options), clock_(options.now) {}

ThreadedHost::~ThreadedHost() {
  RunningHosts::OfProcess().Remove(this);
  Stop();
  plane_.reset();
  receivers_.clear();
  senders_.clear();
  for (int fd : tun_fds_) close(fd);
}

int ThreadedHost::OpenQueues() {
  int first = fcntl(options_.tun_fd, F_DUPFD_CLOEXEC, 0);
  if (first < 0) return errno;
  tun_fds_.push_back(first);
  ifreq request{};
  vnet_ = ioctl(first, TUNGETIFF, &request) == 0 && (request.ifr_flags & IFF_VNET_HDR) != 0;
  for (size_t i = 1; i < options_.workers; i++) {
    std::string name = options_.tun_name;
    TunOptions more;
    more.vnet = vnet_;
    more.multi_queue = true;
    more.attach = true;
    int fd = OpenTun(&name, more);
    if (fd < 0) return -fd;
    tun_fds_.push_back(fd);
  }
  if (!vnet_) return 0;
  TunOffloads wanted{true, (options_.without & kWithoutTso) == 0, (options_.without & kWithoutUso) == 0};
  for (int fd : tun_fds_) offloads_ = SetTunOffloads(fd, wanted);
  return 0;
}

int ThreadedHost::Start(int wake_fd) {
  if (int error = OpenQueues(); error != 0) return error;
  state_ = std::make_unique<PlaneState>(this, wake_fd, vnet_);
  MergeOptions merge{offloads_.tcp, offloads_.tcp, offloads_.udp};
  Outbound::Options outbound;
  outbound.segment = (options_.without & kWithoutSegment) == 0;
  for (size_t i = 0; i < options_.workers; i++) {
    senders_.push_back(std::make_unique<SendWorker>(state_.get(), &clock_, i, tun_fds_[i], outbound));
    receivers_.push_back(std::make_unique<ReceiveWorker>(state_.get(), &clock_, i, merge));
  }
  PlaneOptions plane;
  plane.send_workers = plane.receive_workers = options_.workers;
  plane_ = std::make_unique<Plane>(plane, state_.get(), this);
  RunningHosts::OfProcess().Add(this);
  for (size_t i = 0; i < options_.workers; i++) {
    Epochs& epochs = plane_->epochs();
    if (int error = senders_[i]->Start(&epochs, &epochs.reader(i)); error != 0) return error;
    if (int error = receivers_[i]->Start(&epochs, &epochs.reader(options_.workers + i)); error != 0) return error;
  }
  return 0;
}

void ThreadedHost::Stop() {
  for (auto& sender : senders_) sender->Stop();
  for (auto& receiver : receivers_) receiver->Stop();
}

int ThreadedHost::Open(Socket* socket) {
  UdpOptions options;
  // An address on loopback is reached over whatever link leads here: its socket is bound to none.
  if (std::strcmp(socket->device.text, "lo") != 0) options.device = socket->device.text;
  options.mark = options_.mark;
  options.receive_octets = kReceiveBufferOctets;
  options.send_octets = kSendBufferOctets;
  options.gro = (options_.without & kWithoutGro) == 0;
  options.shared = options_.workers > 1;
  // The kernel spreads peers over the workers; one peer's datagrams keep their order.
  for (size_t i = 0; i < options_.workers; i++) {
    UdpOpened opened = OpenUdp(socket->local.octets, options);
    if (opened.fd < 0) return -opened.fd;
    socket->fds.push_back(opened.fd);
    socket->device_index = opened.device_index;
  }
  for (auto& receiver : receivers_) {
    if (int error = receiver->Add(*socket); error != 0) return error;
  }
  return 0;
}

void ThreadedHost::Shut(Socket* socket) {
  for (auto& receiver : receivers_) receiver->Remove(*socket);
}

int ThreadedHost::Send(Socket* socket, mmsghdr* messages, unsigned count) {
  for (;;) {
    int sent = sendmmsg(socket->fds[0], messages, count, MSG_DONTWAIT);
    if (sent >= 0) return sent;
    if (errno != EINTR) return -errno;
  }
}

int ThreadedHost::SendWhole(Socket* socket, mmsghdr* message) {
  Unfragmented whole(socket->fds[0], socket->family == 6 ? AF_INET6 : AF_INET);
  return Send(socket, message, 1);
}

bool ThreadedHost::WriteTun(size_t worker, const iovec* parts, int count) {
  for (;;) {
    if (writev(tun_fds_[worker], parts, count) >= 0) return true;
    if (errno != EINTR) return false;
  }
}

}  // namespace mhtun
