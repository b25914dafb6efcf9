// narrow PROGRAM [ARGUMENT...]: runs a program that is told of a traced process's floating-point registers the old way only, those of
// SSE (PTRACE_GETFPREGS). A user-mode kernel has room for so much extended state and no more: where a processor has larger registers
// (AMX), it fails as soon as it sets them.
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <elf.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace {

// The low half of an argument: requests and kinds of register sets are small.
constexpr unsigned ArgumentAt(unsigned index) { return offsetof(seccomp_data, args) + 8 * index; }

bool RefuseExtendedState() {
  sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ptrace, 0, 6),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, ArgumentAt(0)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PTRACE_GETREGSET, 1, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PTRACE_SETREGSET, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, ArgumentAt(2)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NT_X86_XSTATE, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENODEV),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  sock_fprog program{sizeof filter / sizeof filter[0], filter};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "which program?\n");
    return 2;
  }
  if (!RefuseExtendedState()) {
    std::perror("seccomp");
    return 1;
  }
  execv(argv[1], argv + 1);
  std::perror(argv[1]);
  return 1;
}
