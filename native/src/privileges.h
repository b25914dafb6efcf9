// Becoming somebody else: the program executes itself again as the service's user with a few ambient capabilities.
// A drop inside Node would leave its other threads privileged; after execve there is one thread, and all later ones copy it.
#ifndef MHTUN_PRIVILEGES_H_
#define MHTUN_PRIVILEGES_H_

#include <napi.h>

namespace mhtun {

// reexec(uid, gid, capabilities, file, arguments, environment, descriptorsToKeep): returns only when it failed, with
// [step, -errno]. User 0 is possible too: it keeps its files, and its capabilities shrink to the given ones.
Napi::Value Reexec(const Napi::CallbackInfo& info);
// hardenProcess(): no core dump, no ptrace by the same user, no new privileges. 0 or an errno, negated.
Napi::Value HardenProcess(const Napi::CallbackInfo& info);

}  // namespace mhtun

#endif  // MHTUN_PRIVILEGES_H_
