#include "udp_socket.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <string>

#include "datagram.h"
#include "outgoing.h"
#include "udp_open.h"

namespace mhtun {
namespace {

// Messages read at a time. Each may be as many datagrams as one IP packet holds, and whatever else there is to do, the other
// direction above all, waits until JavaScript has worked through them.
constexpr size_t kReceivedMessages = 16;
// After a refusal (a path narrower than the datagrams, a device that can't): then it is tried again.
constexpr int kPlainBatches = 1000;

}  // namespace

Napi::Function UdpSocket::Define(Napi::Env env) {
  return DefineClass(env, "UdpSocket",
                     {InstanceMethod<&UdpSocket::Open>("open"), InstanceMethod<&UdpSocket::Start>("start"),
                      InstanceMethod<&UdpSocket::Send>("send"), InstanceMethod<&UdpSocket::SendBatch>("sendBatch"),
                      InstanceMethod<&UdpSocket::Close>("close")});
}

UdpSocket::UdpSocket(const Napi::CallbackInfo& info) : Napi::ObjectWrap<UdpSocket>(info) {}

UdpSocket::~UdpSocket() {
  poller_.Stop();
  if (fd_ >= 0) close(fd_);
}

Napi::Value UdpSocket::Open(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Octets local = info.Length() < 4 ? Octets{} : OctetsOf(info[0]);
  if (fd_ >= 0 || local.length != kPeerOctets || !info[1].IsString() || !info[2].IsNumber() || !info[3].IsNumber()) {
    return Answer(env, -EINVAL);
  }
  UdpOptions options;
  options.device = info[1].As<Napi::String>().Utf8Value();
  options.mark = info[2].As<Napi::Number>().Int32Value();
  options.receive_octets = options.send_octets = info[3].As<Napi::Number>().Int32Value();
  UdpOpened opened = OpenUdp(local.data, options);
  if (opened.fd < 0) return Answer(env, opened.fd);
  fd_ = opened.fd;
  family_ = opened.family;
  device_index_ = opened.device_index;
  return Answer(env, opened.port);
}

Napi::Value UdpSocket::Start(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  if (fd_ < 0) return Answer(env, -EBADF);
  if (poller_.active()) return Answer(env, 0);
  if (info.Length() < 4 || !OctetsOf(info[0]).given || !info[1].IsNumber() || !IsInt32Array(info[2]) ||
      !info[3].IsFunction()) {
    return Answer(env, -EINVAL);
  }
  slots_.Hold(info[0].As<Napi::Uint8Array>());
  slot_bytes_ = info[1].As<Napi::Number>().Uint32Value();
  numbers_.Hold(info[2].As<Napi::Int32Array>());
  if (slot_bytes_ == 0 || slots_.length() / slot_bytes_ < kBatchPackets ||
      numbers_.length() < kBatchPackets * kReceivedWords) {
    return Answer(env, -EINVAL);
  }
  listener_ = Napi::Persistent(info[3].As<Napi::Function>());
  int error = poller_.Start(env, fd_, &UdpSocket::OnReadable, this);
  // While it delivers datagrams the object stays, even if JavaScript has forgotten it: only close() ends it.
  if (error == 0) {
    Ref();
    held_ = true;
  }
  return Answer(env, error);
}

void UdpSocket::OnReadable(void* owner) {
  auto* self = static_cast<UdpSocket*>(owner);
  mmsghdr messages[kReceivedMessages];
  iovec vectors[kReceivedMessages];
  SockAddr names[kReceivedMessages];
  Control controls[kReceivedMessages];
  for (size_t i = 0; i < kReceivedMessages; i++) {
    vectors[i] = {self->slots_.data() + i * self->slot_bytes_, self->slot_bytes_};
    msghdr& message = messages[i].msg_hdr;
    message = {};
    message.msg_name = &names[i];
    message.msg_namelen = sizeof(names[i]);
    message.msg_iov = &vectors[i];
    message.msg_iovlen = 1;
    message.msg_control = controls[i].octets;
    message.msg_controllen = sizeof(controls[i].octets);
  }
  int count = recvmmsg(self->fd_, messages, kReceivedMessages, MSG_DONTWAIT, nullptr);
  int error = count < 0 ? errno : 0;
  if (error == EAGAIN || error == EINTR) return;
  for (int i = 0; i < count; i++) {
    int32_t* number = self->numbers_.data() + static_cast<size_t>(i) * kReceivedWords;
    const SockAddr& name = names[i];
    number[0] = static_cast<int32_t>(messages[i].msg_len);
    Received received = ControlsOf(&messages[i].msg_hdr);
    number[1] = received.tos;
    number[8] = received.segment;
    std::memset(number + 4, 0, 16);
    if (self->family_ == AF_INET) {
      number[2] = 4;
      number[3] = ntohs(name.v4.sin_port);
      std::memcpy(number + 4, &name.v4.sin_addr, 4);
    } else {
      number[2] = 6;
      number[3] = ntohs(name.v6.sin6_port);
      std::memcpy(number + 4, &name.v6.sin6_addr, 16);
    }
  }
  Napi::Env env = self->Env();
  Napi::HandleScope scope(env);
  Napi::Object alive = self->Value();
  CallListener(env, self->listener_, alive, std::max(count, 0), -error);
}

Napi::Value UdpSocket::Send(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  if (fd_ < 0) return Answer(env, -EBADF);
  Octets octets = info.Length() < 4 ? Octets{} : OctetsOf(info[0]);
  Octets peer = info.Length() < 4 ? Octets{} : OctetsOf(info[1]);
  if (peer.length != kPeerOctets || !octets.given || !info[2].IsNumber() || !info[3].IsBoolean()) return Answer(env, -EINVAL);
  SockAddr name;
  Control control;
  iovec vector{const_cast<uint8_t*>(octets.data), octets.length};
  msghdr message{};
  message.msg_namelen = Decode(peer.data, device_index_, &name);
  if (message.msg_namelen == 0) return Answer(env, -EINVAL);
  message.msg_name = &name;
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  SetControls(&message, &control, family_, info[2].As<Napi::Number>().Int32Value() & 0xff, 0);
  std::optional<Unfragmented> whole;
  if (info[3].As<Napi::Boolean>()) whole.emplace(fd_, family_);
  return Answer(env, sendmsg(fd_, &message, MSG_DONTWAIT) < 0 ? -errno : 0);
}

Napi::Value UdpSocket::SendBatch(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  if (fd_ < 0) return Answer(env, -EBADF);
  if (info.Length() < 5 || !info[1].IsNumber() || !IsInt32Array(info[2]) || !info[4].IsNumber()) return Answer(env, -EINVAL);
  Octets slots = OctetsOf(info[0]);
  Octets peers = OctetsOf(info[3]);
  auto numbers = info[2].As<Napi::Int32Array>();
  size_t slot_bytes = info[1].As<Napi::Number>().Uint32Value();
  size_t count = info[4].As<Napi::Number>().Uint32Value();
  if (slot_bytes == 0 || count > kBatchPackets || slots.length / slot_bytes < count || peers.length < count * kPeerOctets ||
      numbers.ElementLength() < count * kSendWords) {
    return Answer(env, -EINVAL);
  }
  bool may_segment = plain_batches_ == 0;
  if (plain_batches_ > 0) plain_batches_--;
  bool refused = false;
  Outgoing outgoing(slots.data, slot_bytes, numbers.Data(), peers.data, count, family_, device_index_);
  int64_t left = outgoing.Send(fd_, may_segment, &refused);
  if (refused) plain_batches_ = kPlainBatches;
  return Answer(env, left);
}

Napi::Value UdpSocket::Close(const Napi::CallbackInfo& info) {
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

void UdpSocket::Shut() {
  listener_.Reset();
  slots_.Release();
  numbers_.Release();
}

}  // namespace mhtun
