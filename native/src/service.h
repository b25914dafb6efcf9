// What a service needs besides packets: to tell its manager how it is, and memory that a new image of it inherits.
#ifndef MHTUN_SERVICE_H_
#define MHTUN_SERVICE_H_

#include <napi.h>

namespace mhtun {

// notify(socketPath, text): one datagram to a unix socket; a leading @ names the abstract namespace. 0 or an errno, negated.
Napi::Value Notify(const Napi::CallbackInfo& info);
// memoryFile(octets): a sealed anonymous file with them, or an errno, negated. The descriptor closes on execve unless kept.
Napi::Value MemoryFile(const Napi::CallbackInfo& info);
// listenUnix(path, uid, gid): the descriptor of a listening unix socket of mode 0600 that belongs to that user, or an errno,
// negated.
Napi::Value ListenUnix(const Napi::CallbackInfo& info);

}  // namespace mhtun

#endif  // MHTUN_SERVICE_H_
