#include "udp_socket.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>

namespace mhtun {
namespace {

// How long a full send buffer may hold us up: a link's queue drains in less, and one that does not must not stop the others.
constexpr int kSendPatienceMs = 1;

union SockAddr {
  sockaddr any;
  sockaddr_in v4;
  sockaddr_in6 v6;
};

// 0 where the octets are no peer.
socklen_t Decode(const uint8_t* peer, unsigned device_index, SockAddr* out) {
  std::memset(out, 0, sizeof(*out));
  if (peer[0] == 4) {
    out->v4.sin_family = AF_INET;
    std::memcpy(&out->v4.sin_port, peer + 2, 2);
    std::memcpy(&out->v4.sin_addr, peer + 4, 4);
    return sizeof(out->v4);
  }
  if (peer[0] != 6) return 0;
  out->v6.sin6_family = AF_INET6;
  std::memcpy(&out->v6.sin6_port, peer + 2, 2);
  std::memcpy(&out->v6.sin6_addr, peer + 4, 16);
  if (IN6_IS_ADDR_LINKLOCAL(&out->v6.sin6_addr)) out->v6.sin6_scope_id = device_index;
  return sizeof(out->v6);
}

union Control {
  cmsghdr align;
  char octets[CMSG_SPACE(sizeof(int))];
};

// The header that carries `tos`; none where it is 0, the socket's default.
void SetTos(msghdr* message, Control* control, int family, int tos) {
  message->msg_control = nullptr;
  message->msg_controllen = 0;
  if (tos == 0) return;
  message->msg_control = control->octets;
  message->msg_controllen = sizeof(control->octets);
  cmsghdr* header = CMSG_FIRSTHDR(message);
  header->cmsg_level = family == AF_INET ? IPPROTO_IP : IPPROTO_IPV6;
  header->cmsg_type = family == AF_INET ? IP_TOS : IPV6_TCLASS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  std::memcpy(CMSG_DATA(header), &tos, sizeof(int));
}

int TosOf(msghdr* message) {
  for (cmsghdr* header = CMSG_FIRSTHDR(message); header != nullptr; header = CMSG_NXTHDR(message, header)) {
    if (header->cmsg_level == IPPROTO_IP && header->cmsg_type == IP_TOS) return *CMSG_DATA(header);
    if (header->cmsg_level == IPPROTO_IPV6 && header->cmsg_type == IPV6_TCLASS) {
      int tos;
      std::memcpy(&tos, CMSG_DATA(header), sizeof(tos));
      return tos & 0xff;
    }
  }
  return 0;
}

int Set(int fd, int level, int option, int value) { return setsockopt(fd, level, option, &value, sizeof(value)) < 0 ? -errno : 0; }

// What can't be had with force is asked for; the kernel then gives what net.core allows.
void SetBuffer(int fd, int forced, int asked, int value) {
  if (Set(fd, SOL_SOCKET, forced, value) != 0) Set(fd, SOL_SOCKET, asked, value);
}

// 0 or an errno, negated.
int Configure(int fd, int family, const std::string& device, int mark, int buffer_bytes) {
  if (family == AF_INET6) {
    if (int error = Set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1); error != 0) return error;
    Set(fd, IPPROTO_IPV6, IPV6_RECVTCLASS, 1);
    Set(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_DONT);
  } else {
    Set(fd, IPPROTO_IP, IP_RECVTOS, 1);
    // DONT: no DF, so a router may fragment what is too big for it, and so may we by the path MTU that the host has learnt.
    // PROBE would set DF and lose every full-sized packet on a narrower path, whose ICMP we could not map to an inner packet.
    Set(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DONT);
  }
  if (mark != 0) {
    if (int error = Set(fd, SOL_SOCKET, SO_MARK, mark); error != 0) return error;
  }
  if (!device.empty() && setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, device.c_str(), device.size()) < 0) return -errno;
  SetBuffer(fd, SO_RCVBUFFORCE, SO_RCVBUF, buffer_bytes);
  SetBuffer(fd, SO_SNDBUFFORCE, SO_SNDBUF, buffer_bytes);
  return 0;
}

// The headers of one batch. Each thread has its own; nothing in it outlives a call.
struct Batch {
  mmsghdr messages[kBatchPackets];
  iovec vectors[kBatchPackets];
  SockAddr names[kBatchPackets];
  Control controls[kBatchPackets];
};
thread_local Batch batch;

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
  std::string device = info[1].As<Napi::String>().Utf8Value();
  if (device.size() >= IFNAMSIZ) return Answer(env, -EINVAL);
  unsigned index = device.empty() ? 0 : if_nametoindex(device.c_str());
  if (!device.empty() && index == 0) return Answer(env, -errno);
  SockAddr name;
  socklen_t length = Decode(local.data, index, &name);
  if (length == 0) return Answer(env, -EINVAL);
  int family = name.any.sa_family;
  int fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_UDP);
  if (fd < 0) return Answer(env, -errno);
  int error = Configure(fd, family, device, info[2].As<Napi::Number>().Int32Value(), info[3].As<Napi::Number>().Int32Value());
  if (error == 0 && bind(fd, &name.any, length) < 0) error = -errno;
  if (error == 0 && getsockname(fd, &name.any, &length) < 0) error = -errno;
  if (error != 0) {
    close(fd);
    return Answer(env, error);
  }
  fd_ = fd;
  family_ = family;
  device_index_ = index;
  return Answer(env, ntohs(family == AF_INET ? name.v4.sin_port : name.v6.sin6_port));
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
  for (size_t i = 0; i < kBatchPackets; i++) {
    batch.vectors[i] = {self->slots_.data() + i * self->slot_bytes_, self->slot_bytes_};
    msghdr& message = batch.messages[i].msg_hdr;
    message = {};
    message.msg_name = &batch.names[i];
    message.msg_namelen = sizeof(batch.names[i]);
    message.msg_iov = &batch.vectors[i];
    message.msg_iovlen = 1;
    message.msg_control = batch.controls[i].octets;
    message.msg_controllen = sizeof(batch.controls[i].octets);
  }
  int count = recvmmsg(self->fd_, batch.messages, kBatchPackets, MSG_DONTWAIT, nullptr);
  int error = count < 0 ? errno : 0;
  if (error == EAGAIN || error == EINTR) return;
  for (int i = 0; i < count; i++) {
    int32_t* number = self->numbers_.data() + static_cast<size_t>(i) * kReceivedWords;
    const SockAddr& name = batch.names[i];
    number[0] = static_cast<int32_t>(batch.messages[i].msg_len);
    number[1] = TosOf(&batch.messages[i].msg_hdr);
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
  Octets octets = info.Length() < 3 ? Octets{} : OctetsOf(info[0]);
  Octets peer = info.Length() < 3 ? Octets{} : OctetsOf(info[1]);
  if (peer.length != kPeerOctets || !octets.given || !info[2].IsNumber()) return Answer(env, -EINVAL);
  SockAddr name;
  Control control;
  iovec vector{const_cast<uint8_t*>(octets.data), octets.length};
  msghdr message{};
  message.msg_namelen = Decode(peer.data, device_index_, &name);
  if (message.msg_namelen == 0) return Answer(env, -EINVAL);
  message.msg_name = &name;
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  SetTos(&message, &control, family_, info[2].As<Napi::Number>().Int32Value() & 0xff);
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
  int32_t* number = numbers.Data();
  for (size_t i = 0; i < count; i++) {
    size_t length = std::min<size_t>(static_cast<uint32_t>(number[i * kSendWords]), slot_bytes);
    batch.vectors[i] = {const_cast<uint8_t*>(slots.data) + i * slot_bytes, length};
    msghdr& message = batch.messages[i].msg_hdr;
    message = {};
    // A peer that is none gets a length of 0, and sendmmsg answers EDESTADDRREQ.
    message.msg_namelen = Decode(peers.data + i * kPeerOctets, device_index_, &batch.names[i]);
    message.msg_name = message.msg_namelen == 0 ? nullptr : &batch.names[i];
    message.msg_iov = &batch.vectors[i];
    message.msg_iovlen = 1;
    SetTos(&message, &batch.controls[i], family_, number[i * kSendWords + 1] & 0xff);
    number[i * kSendWords + 2] = 0;
  }
  size_t next = 0;
  size_t left = 0;
  bool waited = false;
  while (next < count) {
    int sent = sendmmsg(fd_, batch.messages + next, static_cast<unsigned>(count - next), MSG_DONTWAIT);
    if (sent > 0) {
      next += static_cast<size_t>(sent);
      left += static_cast<size_t>(sent);
      continue;
    }
    if (errno == EINTR) continue;
    if (errno == EAGAIN && !waited) {
      // A queue that is full for a moment is back-pressure, not loss: the sender inside the tunnel then sees it in time.
      waited = true;
      pollfd writable{fd_, POLLOUT, 0};
      poll(&writable, 1, kSendPatienceMs);
      continue;
    }
    number[next++ * kSendWords + 2] = -errno;
  }
  return Answer(env, static_cast<int64_t>(left));
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
