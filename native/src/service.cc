#include "service.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <string>

#include "arena.h"

namespace mhtun {
namespace {

constexpr int kBacklog = 64;

}  // namespace

Napi::Value Notify(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  if (info.Length() < 2 || !info[0].IsString() || !info[1].IsString()) return Answer(env, -EINVAL);
  std::string path = info[0].As<Napi::String>().Utf8Value();
  std::string text = info[1].As<Napi::String>().Utf8Value();
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof(name.sun_path)) return Answer(env, -EINVAL);
  std::memcpy(name.sun_path, path.data(), path.size());
  if (path[0] == '@') name.sun_path[0] = '\0';
  auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
  int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return Answer(env, -errno);
  ssize_t n = sendto(fd, text.data(), text.size(), MSG_NOSIGNAL, reinterpret_cast<sockaddr*>(&name), length);
  int error = n < 0 ? -errno : 0;
  close(fd);
  return Answer(env, error);
}

Napi::Value MemoryFile(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Octets octets = info.Length() < 1 ? Octets{} : OctetsOf(info[0]);
  if (!octets.given) return Answer(env, -EINVAL);
  int fd = memfd_create("mhtun", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (fd < 0) return Answer(env, -errno);
  size_t done = 0;
  while (done < octets.length) {
    ssize_t n = write(fd, octets.data + done, octets.length - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      int error = errno;
      close(fd);
      return Answer(env, -error);
    }
    done += static_cast<size_t>(n);
  }
  lseek(fd, 0, SEEK_SET);
  fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL);
  return Answer(env, fd);
}

Napi::Value ListenUnix(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  if (info.Length() < 3 || !info[0].IsString() || !info[1].IsNumber() || !info[2].IsNumber()) return Answer(env, -EINVAL);
  std::string path = info[0].As<Napi::String>().Utf8Value();
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof(name.sun_path)) return Answer(env, -ENAMETOOLONG);
  std::memcpy(name.sun_path, path.data(), path.size());
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return Answer(env, -errno);
  // The mask makes it 0600 from its first moment.
  mode_t mask = umask(0177);
  bool bound = bind(fd, reinterpret_cast<sockaddr*>(&name), sizeof(name)) == 0;
  int error = bound ? 0 : errno;
  umask(mask);
  uid_t uid = info[1].As<Napi::Number>().Uint32Value();
  gid_t gid = info[2].As<Napi::Number>().Uint32Value();
  if (error == 0 && (lchown(path.c_str(), uid, gid) < 0 || listen(fd, kBacklog) < 0)) error = errno;
  if (error == 0) return Answer(env, fd);
  close(fd);
  if (bound) unlink(path.c_str());
  return Answer(env, -error);
}

}  // namespace mhtun
