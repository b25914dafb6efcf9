#include "privileges.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <vector>

#include "arena.h"

namespace mhtun {
namespace {

// Capability numbers beyond those that exist answer EINVAL, which ends the loop.
constexpr int kHighestCapability = 63;

std::vector<std::string> Strings(const Napi::Value& value) {
  std::vector<std::string> out;
  auto array = value.As<Napi::Array>();
  for (uint32_t i = 0; i < array.Length(); i++) out.push_back(array.Get(i).ToString().Utf8Value());
  return out;
}

std::vector<int> Numbers(const Napi::Value& value) {
  std::vector<int> out;
  auto array = value.As<Napi::Array>();
  for (uint32_t i = 0; i < array.Length(); i++) out.push_back(array.Get(i).ToNumber().Int32Value());
  return out;
}

std::vector<char*> Pointers(std::vector<std::string>& strings) {
  std::vector<char*> out;
  for (auto& text : strings) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

bool Contains(const std::vector<int>& list, int value) {
  for (int item : list) {
    if (item == value) return true;
  }
  return false;
}

// Permitted, effective and inheritable become exactly `keep`.
int SetCapabilities(const std::vector<int>& keep) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2]{};
  for (int capability : keep) {
    uint32_t bit = 1u << (capability & 31);
    auto& word = data[capability >> 5];
    word.permitted |= bit;
    word.effective |= bit;
    word.inheritable |= bit;
  }
  return syscall(SYS_capset, &header, data) < 0 ? -errno : 0;
}

struct Failure {
  const char* step;
  int error;
};

// Raw system calls where glibc would change every thread: the others end with execve, and this one counts.
Failure Become(uid_t uid, gid_t gid, const std::vector<int>& keep) {
  if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0) return {"keep capabilities", -errno};
  for (int capability = 0; capability <= kHighestCapability; capability++) {
    if (Contains(keep, capability)) continue;
    // Without CAP_SETPCAP (a container may lack it) the bounding set stays; the ambient set still decides what execve gives.
    if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) < 0 && errno == EINVAL) break;
  }
  if (uid == 0) {
    // User 0 without the powers of root: execve gives nothing but the ambient set.
    if (prctl(PR_SET_SECUREBITS, SECBIT_NOROOT | SECBIT_NOROOT_LOCKED, 0, 0, 0) < 0) return {"set the secure bits", -errno};
  }
  if (syscall(SYS_setgroups, 0, nullptr) < 0) return {"clear the supplementary groups", -errno};
  if (syscall(SYS_setresgid, gid, gid, gid) < 0) return {"change the group", -errno};
  if (syscall(SYS_setresuid, uid, uid, uid) < 0) return {"change the user", -errno};
  if (int error = SetCapabilities(keep); error != 0) return {"set the capabilities", error};
  prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  for (int capability : keep) {
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0) < 0) return {"raise an ambient capability", -errno};
  }
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) return {"forbid new privileges", -errno};
  return {nullptr, 0};
}

}  // namespace

Napi::Value Reexec(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  auto answer = Napi::Array::New(env, 2);
  auto fail = [&](const char* step, int error) {
    answer.Set(0u, Napi::String::New(env, step));
    answer.Set(1u, Napi::Number::New(env, error));
    return answer;
  };
  if (info.Length() < 7 || !info[0].IsNumber() || !info[1].IsNumber() || !info[2].IsArray() || !info[3].IsString() ||
      !info[4].IsArray() || !info[5].IsArray() || !info[6].IsArray()) {
    return fail("read the arguments", -EINVAL);
  }
  std::vector<int> keep = Numbers(info[2]);
  for (int capability : keep) {
    if (capability < 0 || capability > kHighestCapability) return fail("read the arguments", -EINVAL);
  }
  std::string file = info[3].As<Napi::String>().Utf8Value();
  std::vector<std::string> arguments = Strings(info[4]);
  std::vector<std::string> environment = Strings(info[5]);
  std::vector<char*> argv = Pointers(arguments);
  std::vector<char*> envp = Pointers(environment);
  // Node marks the standard streams close-on-exec like all others.
  for (int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    int flags = fcntl(fd, F_GETFD);
    if (flags >= 0) fcntl(fd, F_SETFD, flags & ~FD_CLOEXEC);
  }
  for (int fd : Numbers(info[6])) {
    int flags = fcntl(fd, F_GETFD);
    if (flags < 0 || fcntl(fd, F_SETFD, flags & ~FD_CLOEXEC) < 0) return fail("hand over a descriptor", -errno);
  }
  Failure failure = Become(info[0].As<Napi::Number>().Uint32Value(), info[1].As<Napi::Number>().Uint32Value(), keep);
  if (failure.step != nullptr) return fail(failure.step, failure.error);
  execve(file.c_str(), argv.data(), envp.data());
  return fail("execute the program again", -errno);
}

Napi::Value HardenProcess(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0) return Answer(env, -errno);
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) return Answer(env, -errno);
  return Answer(env, 0);
}

}  // namespace mhtun
