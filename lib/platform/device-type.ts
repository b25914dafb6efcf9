/** What a driver says its device is, in sysfs: `wlan` and `wwan` are the two that matter. */
import { existsSync, readFileSync } from 'node:fs';

const folder = '/sys/class/net';

export class DeviceTypes {
  /** By index and name: what a device is does not change while it is called so. */
  #known: ReadonlyMap<string, string> = new Map();
  #next = new Map<string, string>();

  /** Empty: it says nothing, or this process sees the sysfs of another network namespace. */
  typeOf(index: number, name: string): string {
    const key = `${index} ${name}`;
    const type = this.#known.get(key) ?? readType(index, name);
    this.#next.set(key, type);
    return type;
  }

  /** All links have been asked for: those that are gone are forgotten. */
  sweep(): void {
    this.#known = this.#next;
    this.#next = new Map();
  }
}

function readType(index: number, name: string): string {
  // A name with a slash would be a path; the kernel allows none.
  const uevent = name === '' || name.includes('/') ? '' : read(`${folder}/${name}/uevent`);
  if (!new RegExp(`^IFINDEX=${index}$`, 'm').test(uevent)) return '';
  const type = /^DEVTYPE=(\w+)$/m.exec(uevent)?.[1];
  // Wi-Fi drivers of old say it by a folder.
  return type ?? (['wireless', 'phy80211'].some((entry) => existsSync(`${folder}/${name}/${entry}`)) ? 'wlan' : '');
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    // No sysfs, or the device is gone.
    return '';
  }
}
