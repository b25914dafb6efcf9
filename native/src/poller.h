// Watches one file descriptor for input on the environment's event loop, and ends in order: at Stop, at the owner's
// destruction, or when the environment (the process or a worker) goes away first.
#ifndef MHTUN_POLLER_H_
#define MHTUN_POLLER_H_

#include <napi.h>
#include <uv.h>

namespace mhtun {

class Poller {
 public:
  using Handler = void (*)(void* owner);

  Poller() = default;
  ~Poller() { Stop(); }
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;

  // 0 or an errno, negated. `handler(owner)` runs whenever there is something to read, or an error to find by reading.
  int Start(napi_env env, int fd, Handler handler, void* owner);
  // Afterwards the handler does not run and the descriptor may be closed. Calling it again does nothing.
  void Stop();
  bool active() const { return state_ != nullptr; }

 private:
  struct State;
  static void OnPoll(uv_poll_t* handle, int status, int events);
  static void OnClosed(uv_handle_t* handle);
  static void OnTeardown(napi_async_cleanup_hook_handle hook, void* data);
  static void BeginClose(State* state);

  State* state_ = nullptr;
};

// Calls a listener from the event loop as Node calls its own: microtasks run afterwards, and what it throws is uncaught.
void CallListener(Napi::Env env, const Napi::FunctionReference& listener, Napi::Value receiver, int32_t count, int32_t error);
void CallListener(Napi::Env env, const Napi::FunctionReference& listener, Napi::Value receiver, Napi::Value argument);

}  // namespace mhtun

#endif  // MHTUN_POLLER_H_
