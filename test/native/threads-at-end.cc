// Preloaded into a process: fails it where threads of a data plane still run when its last destructors do.
#include <dirent.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>

namespace {

bool IsOfPlane(const char* task) {
  char path[64];
  char name[16] = {};
  std::snprintf(path, sizeof(path), "/proc/self/task/%.20s/comm", task);
  FILE* file = std::fopen(path, "r");
  if (file == nullptr) return false;
  bool read = std::fgets(name, sizeof(name), file) != nullptr;
  std::fclose(file);
  return read && (std::strncmp(name, "mhtun-send", 10) == 0 || std::strncmp(name, "mhtun-receive", 13) == 0);
}

[[gnu::destructor]] void LookForThreads() {
  DIR* tasks = opendir("/proc/self/task");
  int found = 0;
  while (dirent* task = tasks == nullptr ? nullptr : readdir(tasks)) found += IsOfPlane(task->d_name) ? 1 : 0;
  if (found == 0) return;
  std::fprintf(stderr, "%d threads of a data plane outlive exit()\n", found);
  _exit(70);
}

}  // namespace
