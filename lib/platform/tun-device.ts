/** The TUN interface. It vanishes with this process, however that ends. */
import { addon, type NativeTun } from './addon.js';
import { errnoName, systemError } from './errno.js';
import type { SystemTun } from './interfaces.js';
import { packetSlotBytes, receiveArea } from './packet-area.js';

/**
 * @param queues for a native data plane, one a worker; 0: packets come and go here
 * @throws PlatformError with what to do: no /dev/net/tun, no right to, a name that is taken
 */
export function openTunDevice(name: string, queues = 0): SystemTun {
  const native = new (addon().TunDevice)();
  const index = native.open(name, queues);
  if (index < 0) throw tunError(name, errnoName(index));
  return new NativeTunDevice(native, name, index);
}

class NativeTunDevice implements SystemTun {
  readonly name: string;
  readonly index: number;
  readonly #native: NativeTun;
  #errorListener: (errno: string) => void = () => undefined;
  #closed = false;

  constructor(native: NativeTun, name: string, index: number) {
    this.#native = native;
    this.name = name;
    this.index = index;
  }

  onPackets(listener: (packet: Uint8Array) => void, batchDone: () => void): void {
    const area = receiveArea();
    const started = this.#native.start(area.slots, area.slotBytes, area.numbers, (count, error) => {
      for (let i = 0; i < count && !this.#closed; i++) {
        const from = i * packetSlotBytes;
        listener(area.slots.subarray(from, from + (area.numbers[i] ?? 0)));
      }
      if (count > 0) batchDone();
      if (error !== 0 && !this.#closed) this.#errorListener(errnoName(error));
    });
    if (started < 0) throw systemError(`can't read from ${this.name}`, errnoName(started));
  }

  descriptor(): number {
    return this.#native.descriptor();
  }

  fail(errno: string): void {
    if (!this.#closed) this.#errorListener(errno);
  }

  onError(listener: (errno: string) => void): void {
    this.#errorListener = listener;
  }

  write(packet: Uint8Array): boolean {
    return this.#native.write(packet) > 0;
  }

  close(): void {
    this.#closed = true;
    this.#native.close();
  }
}

function tunError(name: string, errno: string): Error {
  const doing = `can't make the interface ${name}`;
  switch (errno) {
    case 'ENOENT':
    case 'ENODEV':
    case 'ENXIO':
      return systemError(`${doing}: /dev/net/tun`, errno, 'Load the module with "modprobe tun"; give a container the device with "--device /dev/net/tun".');
    case 'EACCES':
      // Without the capability it would be EPERM: this is the mode of the device.
      return systemError(`${doing}: /dev/net/tun`, errno, 'Only root can open the device here: "chmod 666 /dev/net/tun", as udev does where it runs.');
    case 'EBUSY':
    case 'EEXIST':
      return systemError(doing, errno, `An interface of that name is there already: choose another "interface" in [endpoint], or see "ip link show ${name}".`);
    case 'EINVAL':
      return systemError(doing, errno, `"${name}" is no name for an interface: at most 15 characters, no "/" and no space.`);
    default:
      return systemError(doing, errno);
  }
}
