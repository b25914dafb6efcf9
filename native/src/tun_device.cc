#include "tun_device.h"

#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>

#include "tun_open.h"

namespace mhtun {
namespace {

int IndexOf(const char* name) {
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return -errno;
  ifreq request{};
  std::memcpy(request.ifr_name, name, strnlen(name, IFNAMSIZ - 1));
  int result = ioctl(fd, SIOCGIFINDEX, &request) < 0 ? -errno : request.ifr_ifindex;
  close(fd);
  return result;
}

}  // namespace

Napi::Function TunDevice::Define(Napi::Env env) {
  return DefineClass(env, "TunDevice",
                     {InstanceMethod<&TunDevice::Open>("open"), InstanceMethod<&TunDevice::Start>("start"),
                      InstanceMethod<&TunDevice::Write>("write"), InstanceMethod<&TunDevice::Descriptor>("descriptor"), InstanceMethod<&TunDevice::Close>("close")});
}

TunDevice::TunDevice(const Napi::CallbackInfo& info) : Napi::ObjectWrap<TunDevice>(info) {}

TunDevice::~TunDevice() {
  poller_.Stop();
  if (fd_ >= 0) close(fd_);
}

Napi::Value TunDevice::Open(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  if (info.Length() < 1 || !info[0].IsString() || fd_ >= 0) return Answer(env, -EINVAL);
  std::string name = info[0].As<Napi::String>().Utf8Value();
  if (name.empty() || name.size() >= IFNAMSIZ) return Answer(env, -EINVAL);
  auto queues = info.Length() < 2 || !info[1].IsNumber() ? 0 : info[1].As<Napi::Number>().Int32Value();
  TunOptions options;
  options.vnet = queues > 0;
  options.multi_queue = queues > 1;
  int fd = OpenTun(&name, options);
  if (fd < 0) return Answer(env, fd);
  int index = IndexOf(name.c_str());
  if (index < 0) {
    close(fd);
    return Answer(env, index);
  }
  fd_ = fd;
  return Answer(env, index);
}

Napi::Value TunDevice::Start(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  if (fd_ < 0) return Answer(env, -EBADF);
  if (poller_.active()) return Answer(env, 0);
  if (info.Length() < 4 || !OctetsOf(info[0]).given || !info[1].IsNumber() || !IsInt32Array(info[2]) ||
      !info[3].IsFunction()) {
    return Answer(env, -EINVAL);
  }
  slots_.Hold(info[0].As<Napi::Uint8Array>());
  slot_bytes_ = info[1].As<Napi::Number>().Uint32Value();
  lengths_.Hold(info[2].As<Napi::Int32Array>());
  if (slot_bytes_ == 0 || slots_.length() / slot_bytes_ < kBatchPackets || lengths_.length() < kBatchPackets) {
    return Answer(env, -EINVAL);
  }
  listener_ = Napi::Persistent(info[3].As<Napi::Function>());
  int error = poller_.Start(env, fd_, &TunDevice::OnReadable, this);
  // While it delivers packets the object stays, even if JavaScript has forgotten it: only close() ends it.
  if (error == 0) {
    Ref();
    held_ = true;
  }
  return Answer(env, error);
}

void TunDevice::OnReadable(void* owner) {
  auto* self = static_cast<TunDevice*>(owner);
  int32_t count = 0;
  int error = 0;
  while (static_cast<size_t>(count) < kBatchPackets) {
    ssize_t n = read(self->fd_, self->slots_.data() + static_cast<size_t>(count) * self->slot_bytes_, self->slot_bytes_);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {
      if (n < 0 && errno != EAGAIN) error = errno;
      break;
    }
    self->lengths_.data()[count++] = static_cast<int32_t>(n);
  }
  if (count == 0 && error == 0) return;
  Napi::Env env = self->Env();
  Napi::HandleScope scope(env);
  Napi::Object alive = self->Value();
  // An interface that was deleted would wake us for ever.
  if (error != 0) self->poller_.Stop();
  CallListener(env, self->listener_, alive, count, -error);
}

Napi::Value TunDevice::Write(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  if (fd_ < 0) return Answer(env, -EBADF);
  Octets packet = info.Length() < 1 ? Octets{} : OctetsOf(info[0]);
  if (packet.length == 0) return Answer(env, -EINVAL);
  ssize_t n = write(fd_, packet.data, packet.length);
  return Answer(env, n < 0 ? -errno : n);
}

Napi::Value TunDevice::Descriptor(const Napi::CallbackInfo& info) { return Answer(info.Env(), fd_ < 0 ? -EBADF : fd_); }

Napi::Value TunDevice::Close(const Napi::CallbackInfo& info) {
  if (fd_ >= 0) {
    poller_.Stop();
    close(fd_);
    fd_ = -1;
    Shut();
    if (held_) Unref();
    held_ = false;
  }
  return Answer(info.Env(), 0);
}

void TunDevice::Shut() {
  listener_.Reset();
  slots_.Release();
  lengths_.Release();
}

}  // namespace mhtun
