/** A machine that sends back what it gets over TCP and UDP, and others that ask it: for what a ping cannot show. */
import { join } from 'node:path';
import { eventually, type Running } from './exec.js';
import type { Namespace } from './lab.js';

/** Echoes on a TCP port and a UDP port until it is stopped; returns when it listens. */
export async function startEcho(space: Namespace, tcpPort: number, udpPort: number): Promise<Running> {
  const source = `
    require('node:net').createServer((socket) => { socket.on('error', () => {}); socket.pipe(socket); }).listen(${tcpPort});
    const udp = require('node:dgram').createSocket('udp4');
    udp.on('message', (bytes, from) => udp.send(bytes, from.port, from.address)).bind(${udpPort});`;
  const running = space.start([process.execPath, '-e', source], join(space.folder, 'echo.log'));
  await eventually('the echo listens', async () => ((await space.run(['ss', '-Hltn', `sport = :${tcpPort}`])).stdout === '' ? null : true));
  return running;
}

/** Whether one short message comes back within two seconds. */
export async function talks(from: Namespace, protocol: 'tcp' | 'udp', to: string, port: number): Promise<boolean> {
  const tcp = `const s = require('node:net').connect(${port}, '${to}', () => s.write('hello')); s.on('error', () => process.exit(1)); s.on('data', () => process.exit(0));`;
  const udp = `const s = require('node:dgram').createSocket('udp4'); s.on('message', () => process.exit(0)); s.on('error', () => process.exit(1)); s.send('hello', ${port}, '${to}');`;
  const source = `${protocol === 'tcp' ? tcp : udp} setTimeout(() => process.exit(1), 2000);`;
  return (await from.run([process.execPath, '-e', source])).code === 0;
}

/** Whether so many random octets come back over TCP as they were sent. */
export async function transfers(from: Namespace, to: string, port: number, octets: number): Promise<boolean> {
  const source = `
    const sent = require('node:crypto').randomBytes(${octets});
    const got = [];
    let length = 0;
    const socket = require('node:net').connect(${port}, '${to}', () => socket.write(sent));
    socket.on('error', () => process.exit(1));
    socket.on('data', (bytes) => {
      got.push(bytes);
      length += bytes.length;
      if (length >= sent.length) process.exit(Buffer.concat(got).equals(sent) ? 0 : 1);
    });
    setTimeout(() => process.exit(2), 20000);`;
  return (await from.run([process.execPath, '-e', source])).code === 0;
}
