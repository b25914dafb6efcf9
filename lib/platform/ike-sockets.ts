/** The sockets of the IKE port (500): one for each own address and its device, opened and closed as addresses come and go. */
import type { DatagramPath } from '../util/address.js';
import { systemError } from './errno.js';
import type { LocalUse, PlatformLog, UdpSocket } from './interfaces.js';
import { openUdpSocket, type DatagramGate } from './udp-socket.js';

export interface IkeSocketsOptions {
  readonly port: number;
  /** Firewall mark of all that leaves. */
  readonly mark: number;
  /** Octets belong to the listener. */
  readonly listener: (path: DatagramPath, bytes: Uint8Array) => void;
  readonly log: PlatformLog;
  readonly gate: DatagramGate;
}

export class IkeSockets {
  readonly #options: IkeSocketsOptions;
  readonly #sockets = new Map<string, UdpSocket>();

  constructor(options: IkeSocketsOptions) {
    this.#options = options;
  }

  /** Sockets for exactly these; what can't be opened is logged and tried again at the next call. */
  follow(addresses: readonly LocalUse[]): void {
    const wanted = new Map(addresses.map((use) => [key(use.address, use.device), use]));
    for (const [name, socket] of this.#sockets) {
      if (wanted.has(name)) continue;
      this.#sockets.delete(name);
      socket.close();
    }
    for (const [name, use] of wanted) {
      if (!this.#sockets.has(name)) this.#open(name, use);
    }
  }

  /** Null when sent, else the errno. */
  send(path: DatagramPath, bytes: Uint8Array): string | null {
    const socket = this.#sockets.get(key(path.local.address, path.device ?? '')) ?? this.#byAddress(path);
    return socket === null ? 'EADDRNOTAVAIL' : socket.send(bytes, path.remote, 0);
  }

  close(): void {
    for (const socket of this.#sockets.values()) socket.close();
    this.#sockets.clear();
  }

  #open(name: string, { address, device }: LocalUse): void {
    const { port, mark, listener, log, gate } = this.#options;
    const opened = openUdpSocket({ local: { address, port }, device, mark, gate });
    if (!opened.ok) {
      log('warn', `can't receive IKE on ${address} port ${port}`, { errno: opened.errno, device });
      return;
    }
    const { socket } = opened;
    this.#sockets.set(name, socket);
    socket.onError((errno) => log('warn', `the socket on ${address} port ${port} failed`, { errno, device }));
    socket.onDatagrams(
      (bytes, path) => listener(path, bytes.slice()),
      () => undefined,
    );
  }

  #byAddress(path: DatagramPath): UdpSocket | null {
    if (path.device !== null) return null;
    for (const socket of this.#sockets.values()) if (socket.local.address === path.local.address) return socket;
    return null;
  }
}

/** Opens and closes a socket for each, to say at the start what would fail later. @throws PlatformError */
export function checkPort(addresses: readonly LocalUse[], port: number): void {
  for (const { address, device } of addresses) {
    const opened = openUdpSocket({ local: { address, port }, device, mark: 0 });
    if (opened.ok) opened.socket.close();
    // An address that went away meanwhile is the monitor's business.
    else if (opened.errno === 'EADDRINUSE') throw systemError(`UDP port ${port} on ${address}`, 'EADDRINUSE', takenAdvice(port));
    else if (opened.errno === 'EPERM' || opened.errno === 'EACCES') throw systemError(`can't bind UDP port ${port} on ${address}`, opened.errno);
  }
}

function takenAdvice(port: number): string {
  return `Another IKE daemon may run here (see "ss -ulpn sport = :${port}"): stop it, or set "port" and "nat_port" in [endpoint].`;
}

function key(address: string, device: string): string {
  return `${address}%${device}`;
}
