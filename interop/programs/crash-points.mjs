/**
 * Loaded before the program (`node --import`): knows each of its steps in the outside world by a label, from the calls into the addon, and kills the
 * process in the middle of one. So the product has no such door.
 *   MHTUN_CRASH_LOG=FILE     every label as it is passed, a line each
 *   MHTUN_CRASH_AT='LABEL'   there the process kills itself (SIGKILL)
 * A label is `before|after STEP #N`, N counted for each step; steps of the process that is still root begin with `root`.
 */
import { appendFileSync } from 'node:fs';
import net from 'node:net';

const log = process.env.MHTUN_CRASH_LOG;
const at = process.env.MHTUN_CRASH_AT;
const where = process.env.MHTUN_HANDED_OVER === undefined && process.geteuid() === 0 ? 'root: ' : '';
const counts = new Map();

const netlinkMessages = new Map([
  [16, 'change a link'], [17, 'delete a link'], [20, 'add an address'], [21, 'delete an address'], [24, 'add a route'], [25, 'delete a route'],
  [32, 'add a rule'], [33, 'delete a rule'], [19, 'change a link'],
]);
/** NFNL_MSG_BATCH_BEGIN. */
const nftBatch = 16;
const netfilter = 12;
const exchanges = new Map([[34, 'IKE_SA_INIT'], [35, 'IKE_AUTH'], [36, 'CREATE_CHILD_SA'], [37, 'INFORMATIONAL']]);
/** In the order of `commandKinds` in lib/platform/native-messages.ts. */
const commands = [
  'install inbound', 'install outbound', 'remove inbound', 'remove outbound', 'switch the path', 'watch', 'send a dummy', 'set policies',
  'open a socket', 'close a socket', 'send a keepalive', 'set the MTU',
];

function pass(label) {
  if (log !== undefined) appendFileSync(log, `${label}\n`, { mode: 0o666 });
  if (label === at) process.kill(process.pid, 'SIGKILL');
}

function step(name, act) {
  if (name === null) return act();
  const full = `${where}${name}`;
  const count = (counts.get(full) ?? 0) + 1;
  counts.set(full, count);
  pass(`before ${full} #${count}`);
  const result = act();
  pass(`after ${full} #${count}`);
  return result;
}

function netlinkStep(protocol, request) {
  const type = request[4] | (request[5] << 8);
  if (protocol === netfilter) return type === nftBatch ? 'change the filter' : null;
  return netlinkMessages.get(type) ?? null;
}

function ikeStep(bytes) {
  const exchange = exchanges.get(bytes[18]);
  return exchange === undefined ? null : `send an ${exchange} ${(bytes[19] & 0x20) === 0 ? 'request' : 'response'}`;
}

function watched(addon) {
  const wrapped = { ...addon };
  wrapped.TunDevice = class extends addon.TunDevice {
    open(...args) { return step('open the TUN device', () => super.open(...args)); }
    close() { return step('close the TUN device', () => super.close()); }
  };
  wrapped.UdpSocket = class extends addon.UdpSocket {
    open(...args) { return step('open a socket of port 500', () => super.open(...args)); }
    send(bytes, ...rest) { return step(ikeStep(bytes), () => super.send(bytes, ...rest)); }
    close() { return step('close a socket of port 500', () => super.close()); }
  };
  wrapped.NetlinkSocket = class extends addon.NetlinkSocket {
    open(protocol, groups) {
      this.protocol = protocol;
      return super.open(protocol, groups);
    }
    transact(request) { return step(netlinkStep(this.protocol, request), () => super.transact(request)); }
  };
  wrapped.DataPlane = class extends addon.DataPlane {
    start(...args) { return step('start the data plane', () => super.start(...args)); }
    apply(octets) { return step(`data plane: ${commands[octets[0]]}`, () => super.apply(octets)); }
    sendIke(path, bytes, whole) { return step(ikeStep(bytes), () => super.sendIke(path, bytes, whole)); }
    close() { return step('close the data plane', () => super.close()); }
  };
  for (const name of ['reexec', 'hardenProcess', 'memoryFile', 'listenUnix']) wrapped[name] = (...args) => step(`call ${name}`, () => addon[name](...args));
  return wrapped;
}

const { dlopen } = process;
process.dlopen = function open(module, ...rest) {
  dlopen.call(process, module, ...rest);
  if (module.exports?.TunDevice !== undefined) module.exports = watched(module.exports);
};

const { listen } = net.Server.prototype;
net.Server.prototype.listen = function start(...args) {
  return step('listen on the control socket', () => listen.apply(this, args));
};
