#include "plane_rig.h"

#include <cerrno>
#include <cstring>
#include <vector>

#include "../arena.h"
#include "plane_values.h"

namespace mhtun {

Napi::Function PlaneRig::Define(Napi::Env env) {
  return DefineClass(env, "PlaneRig",
                     {InstanceMethod<&PlaneRig::Apply>("apply"), InstanceMethod<&PlaneRig::SendIke>("sendIke"),
                      InstanceMethod<&PlaneRig::Datagrams>("datagrams"), InstanceMethod<&PlaneRig::TunPacket>("tunPacket"),
                      InstanceMethod<&PlaneRig::Advance>("advance"), InstanceMethod<&PlaneRig::SetRoom>("setRoom"),
                      InstanceMethod<&PlaneRig::Outputs>("outputs"), InstanceMethod<&PlaneRig::Events>("events"),
                      InstanceMethod<&PlaneRig::Counters>("counters"), InstanceMethod<&PlaneRig::SetInner6>("setInner6"),
                      InstanceMethod<&PlaneRig::Close>("close")});
}

PlaneRig::PlaneRig(const Napi::CallbackInfo& info) : Napi::ObjectWrap<PlaneRig>(info) {
  RigHost::Options options;
  if (info.Length() < 4 || !info[0].IsNumber() || !info[1].IsNumber()) return;
  options.last_sequence = static_cast<uint64_t>(info[1].As<Napi::Number>().DoubleValue());
  options.merge = info[2].ToBoolean();
  options.segment = info[3].ToBoolean();
  host_ = std::make_unique<RigHost>(options, info[0].As<Napi::Number>().DoubleValue());
}

Napi::Value PlaneRig::Apply(const Napi::CallbackInfo& info) {
  Octets octets = info.Length() < 1 ? Octets{} : OctetsOf(info[0]);
  if (host_ == nullptr || !octets.given) return Answer(info.Env(), -EINVAL);
  host_->Apply(Writable(octets), octets.length);
  return Answer(info.Env(), 0);
}

Napi::Value PlaneRig::SendIke(const Napi::CallbackInfo& info) {
  if (host_ == nullptr || info.Length() < 3 || !info[2].IsBoolean()) return Answer(info.Env(), -EINVAL);
  Octets octets = OctetsOf(info[1]);
  host_->SendIke(PathOf(OctetsOf(info[0])), octets.data, octets.length, info[2].As<Napi::Boolean>());
  return Answer(info.Env(), 0);
}

Napi::Value PlaneRig::Datagrams(const Napi::CallbackInfo& info) {
  if (host_ == nullptr || info.Length() < 4 || !info[2].IsNumber() || !info[3].IsNumber()) return Answer(info.Env(), -EINVAL);
  Octets octets = OctetsOf(info[1]);
  // A copy of its very size, so that a tool that watches memory sees each octet read beyond it.
  std::vector<uint8_t> copy(octets.data, octets.data + octets.length);
  host_->Datagrams(PathOf(OctetsOf(info[0])), static_cast<uint8_t>(info[2].As<Napi::Number>().Uint32Value()), copy.data(), copy.size(),
                   info[3].As<Napi::Number>().Uint32Value());
  return Answer(info.Env(), 0);
}

Napi::Value PlaneRig::TunPacket(const Napi::CallbackInfo& info) {
  if (host_ == nullptr || info.Length() < 2) return Answer(info.Env(), -EINVAL);
  Octets head = OctetsOf(info[0]);
  Octets octets = OctetsOf(info[1]);
  VnetHeader header;
  if (head.length == sizeof(header)) std::memcpy(&header, head.data, sizeof(header));
  std::vector<uint8_t> copy(octets.data, octets.data + octets.length);
  host_->TunPacket(header, copy.data(), copy.size());
  return Answer(info.Env(), 0);
}

Napi::Value PlaneRig::Advance(const Napi::CallbackInfo& info) {
  if (host_ == nullptr || info.Length() < 1 || !info[0].IsNumber()) return Answer(info.Env(), -EINVAL);
  host_->Advance(info[0].As<Napi::Number>().DoubleValue());
  return Answer(info.Env(), 0);
}

Napi::Value PlaneRig::SetRoom(const Napi::CallbackInfo& info) {
  if (host_ == nullptr || info.Length() < 1 || !info[0].IsNumber()) return Answer(info.Env(), -EINVAL);
  host_->SetRoom(info[0].As<Napi::Number>().DoubleValue());
  return Answer(info.Env(), 0);
}

Napi::Value PlaneRig::Outputs(const Napi::CallbackInfo& info) {
  return BytesValue(info.Env(), host_ == nullptr ? std::vector<uint8_t>() : host_->TakeOutputs());
}

Napi::Value PlaneRig::Events(const Napi::CallbackInfo& info) {
  return BytesValue(info.Env(), host_ == nullptr ? std::vector<uint8_t>() : host_->state().events.Take());
}

Napi::Value PlaneRig::Counters(const Napi::CallbackInfo& info) {
  std::vector<double> numbers;
  if (host_ != nullptr) host_->plane().Read(&numbers);
  return NumbersValue(info.Env(), numbers);
}

Napi::Value PlaneRig::SetInner6(const Napi::CallbackInfo& info) {
  Octets octets = info.Length() < 1 ? Octets{} : OctetsOf(info[0]);
  if (host_ == nullptr || (octets.given && octets.length != 16)) return Answer(info.Env(), -EINVAL);
  host_->plane().SetInner6(octets.given ? octets.data : nullptr);
  return Answer(info.Env(), 0);
}

Napi::Value PlaneRig::Close(const Napi::CallbackInfo& info) {
  host_.reset();
  return Answer(info.Env(), 0);
}

}  // namespace mhtun
