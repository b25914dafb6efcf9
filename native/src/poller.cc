#include "poller.h"

#include <cerrno>

namespace mhtun {
namespace {

void TellUncaught(Napi::Env env) {
  if (!env.IsExceptionPending()) return;
  Napi::Error thrown = env.GetAndClearPendingException();
  napi_fatal_exception(env, thrown.Value());
}

}  // namespace

// Lives until libuv has closed the handle, which may be after the Poller.
struct Poller::State {
  uv_poll_t handle;
  Poller* poller = nullptr;
  Handler handler = nullptr;
  void* owner = nullptr;
  napi_async_cleanup_hook_handle hook = nullptr;
  bool closing = false;
};

int Poller::Start(napi_env env, int fd, Handler handler, void* owner) {
  if (state_ != nullptr) return 0;
  uv_loop_t* loop = nullptr;
  if (napi_get_uv_event_loop(env, &loop) != napi_ok) return -EINVAL;
  auto* state = new State();
  state->poller = this;
  state->handler = handler;
  state->owner = owner;
  state->handle.data = state;
  // libuv's errors are negated errnos on Unix.
  if (int error = uv_poll_init(loop, &state->handle, fd); error != 0) {
    delete state;
    return error;
  }
  // The hook is asynchronous: Node then keeps the loop running until the handle is closed, as a worker's end requires.
  if (napi_add_async_cleanup_hook(env, &Poller::OnTeardown, state, &state->hook) != napi_ok) state->hook = nullptr;
  state_ = state;
  if (int error = uv_poll_start(&state->handle, UV_READABLE, &Poller::OnPoll); error != 0) {
    Stop();
    return error;
  }
  return 0;
}

void Poller::Stop() {
  if (state_ == nullptr) return;
  State* state = state_;
  state_ = nullptr;
  state->poller = nullptr;
  BeginClose(state);
}

void Poller::BeginClose(State* state) {
  if (state->closing) return;
  state->closing = true;
  uv_poll_stop(&state->handle);
  uv_close(reinterpret_cast<uv_handle_t*>(&state->handle), &Poller::OnClosed);
}

void Poller::OnPoll(uv_poll_t* handle, int /*status*/, int /*events*/) {
  auto* state = static_cast<State*>(handle->data);
  if (state->closing) return;
  state->handler(state->owner);
}

void Poller::OnClosed(uv_handle_t* handle) {
  auto* state = static_cast<State*>(handle->data);
  if (state->poller != nullptr) state->poller->state_ = nullptr;
  if (state->hook != nullptr) napi_remove_async_cleanup_hook(state->hook);
  delete state;
}

void Poller::OnTeardown(napi_async_cleanup_hook_handle /*hook*/, void* data) { BeginClose(static_cast<State*>(data)); }

void CallListener(Napi::Env env, const Napi::FunctionReference& listener, Napi::Value receiver, int32_t count, int32_t error) {
  if (listener.IsEmpty()) return;
  napi_value arguments[] = {Napi::Number::New(env, count), Napi::Number::New(env, error)};
  // The result is looked at only for an exception, which belongs to nobody here.
  listener.MakeCallback(receiver, 2, arguments);
  TellUncaught(env);
}

void CallListener(Napi::Env env, const Napi::FunctionReference& listener, Napi::Value receiver, Napi::Value argument) {
  if (listener.IsEmpty()) return;
  napi_value arguments[] = {argument};
  listener.MakeCallback(receiver, 1, arguments);
  TellUncaught(env);
}

}  // namespace mhtun
