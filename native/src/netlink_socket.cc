#include "netlink_socket.h"

#include <linux/netlink.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <vector>

namespace mhtun {
namespace {

// The kernel fills at most 32 KiB of a dump at a time.
constexpr size_t kReceiveBytes = 65536;
// Messages of the groups handed over in one call at most, whoever sends them.
constexpr int kMaxMessages = 256;
// Enough for the addresses and links of a host that changes a lot; what is lost is noticed (ENOBUFS).
constexpr int kBufferBytes = 1 << 20;
// A dump larger than this is refused rather than kept in memory.
constexpr size_t kMaxAnswerBytes = 64u << 20;

void Set(int fd, int option, int value) { setsockopt(fd, SOL_NETLINK, option, &value, sizeof(value)); }

}  // namespace

Napi::Function NetlinkSocket::Define(Napi::Env env) {
  return DefineClass(env, "NetlinkSocket",
                     {InstanceMethod<&NetlinkSocket::Open>("open"), InstanceMethod<&NetlinkSocket::Transact>("transact"),
                      InstanceMethod<&NetlinkSocket::Start>("start"), InstanceMethod<&NetlinkSocket::Close>("close")});
}

NetlinkSocket::NetlinkSocket(const Napi::CallbackInfo& info) : Napi::ObjectWrap<NetlinkSocket>(info) {}

NetlinkSocket::~NetlinkSocket() {
  poller_.Stop();
  if (fd_ >= 0) close(fd_);
}

Napi::Value NetlinkSocket::Open(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  if (fd_ >= 0 || info.Length() < 2 || !info[0].IsNumber() || !info[1].IsArray()) return Answer(env, -EINVAL);
  int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, info[0].As<Napi::Number>().Int32Value());
  if (fd < 0) return Answer(env, -errno);
  // Each is a help on kernels that know it, and no loss on others.
  Set(fd, NETLINK_EXT_ACK, 1);
  Set(fd, NETLINK_CAP_ACK, 1);
  // Dumps are then of what is asked for, not of everything (Linux 4.20).
  Set(fd, NETLINK_GET_STRICT_CHK, 1);
  if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &kBufferBytes, sizeof(kBufferBytes)) < 0) {
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &kBufferBytes, sizeof(kBufferBytes));
  }
  sockaddr_nl name{};
  name.nl_family = AF_NETLINK;
  int error = bind(fd, reinterpret_cast<sockaddr*>(&name), sizeof(name)) < 0 ? errno : 0;
  auto groups = info[1].As<Napi::Array>();
  for (uint32_t i = 0; error == 0 && i < groups.Length(); i++) {
    Napi::Value item = groups.Get(i);
    int group = item.IsNumber() ? item.As<Napi::Number>().Int32Value() : 0;
    if (setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) < 0) error = errno;
  }
  if (error != 0) {
    close(fd);
    return Answer(env, -error);
  }
  fd_ = fd;
  return Answer(env, 0);
}

Napi::Value NetlinkSocket::Transact(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  if (fd_ < 0) return Answer(env, -EBADF);
  Octets request = info.Length() < 1 ? Octets{} : OctetsOf(info[0]);
  if (request.length == 0) return Answer(env, -EINVAL);
  sockaddr_nl kernel{};
  kernel.nl_family = AF_NETLINK;
  if (sendto(fd_, request.data, request.length, 0, reinterpret_cast<sockaddr*>(&kernel), sizeof(kernel)) < 0) {
    return Answer(env, -errno);
  }
  std::vector<uint8_t> answer;
  size_t used = 0;
  while (true) {
    answer.resize(used + kReceiveBytes);
    sockaddr_nl from{};
    socklen_t length = sizeof(from);
    ssize_t n = recvfrom(fd_, answer.data() + used, kReceiveBytes, 0, reinterpret_cast<sockaddr*>(&from), &length);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) break;
    if (n < 0) return Answer(env, -errno);
    // Another process may send to us; only the kernel answers.
    if (from.nl_pid != 0) continue;
    used += static_cast<size_t>(n);
    if (used > kMaxAnswerBytes) return Answer(env, -EMSGSIZE);
  }
  auto out = Napi::Uint8Array::New(env, used);
  std::memcpy(out.Data(), answer.data(), used);
  return out;
}

Napi::Value NetlinkSocket::Start(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  if (fd_ < 0) return Answer(env, -EBADF);
  if (poller_.active()) return Answer(env, 0);
  if (info.Length() < 2 || OctetsOf(info[0]).length < kReceiveBytes || !info[1].IsFunction()) return Answer(env, -EINVAL);
  buffer_.Hold(info[0].As<Napi::Uint8Array>());
  listener_ = Napi::Persistent(info[1].As<Napi::Function>());
  int error = poller_.Start(env, fd_, &NetlinkSocket::OnReadable, this);
  if (error == 0) {
    Ref();
    held_ = true;
  }
  return Answer(env, error);
}

void NetlinkSocket::OnReadable(void* owner) {
  auto* self = static_cast<NetlinkSocket*>(owner);
  // A routing daemon that starts makes ten thousands of messages: one call to JavaScript for each would stop all else.
  size_t used = 0;
  int error = 0;
  for (int i = 0; i < kMaxMessages && error == 0 && used + kReceiveBytes <= self->buffer_.length(); i++) {
    sockaddr_nl from{};
    socklen_t length = sizeof(from);
    ssize_t n = recvfrom(self->fd_, self->buffer_.data() + used, self->buffer_.length() - used, 0, reinterpret_cast<sockaddr*>(&from), &length);
    if (n < 0) error = errno;
    else if (from.nl_pid == 0) used += NLMSG_ALIGN(static_cast<size_t>(n));
  }
  if (error == EAGAIN || error == EINTR) error = 0;
  if (used == 0 && error == 0) return;
  Napi::Env env = self->Env();
  Napi::HandleScope scope(env);
  Napi::Object alive = self->Value();
  CallListener(env, self->listener_, alive, static_cast<int32_t>(used), -error);
}

Napi::Value NetlinkSocket::Close(const Napi::CallbackInfo& info) {
  if (fd_ >= 0) {
    poller_.Stop();
    close(fd_);
    fd_ = -1;
    listener_.Reset();
    buffer_.Release();
    if (held_) Unref();
    held_ = false;
  }
  return Answer(info.Env(), 0);
}

}  // namespace mhtun
