/** Tells systemd how the service is (sd_notify(3)); the variable is there only when it asks to be told. */
import process from 'node:process';
import { addon } from './addon.js';
import type { ServiceNotifier } from './interfaces.js';

/** @param socketPath usually `$NOTIFY_SOCKET`; empty: nobody wants to know */
export function serviceNotifier(socketPath: string): ServiceNotifier {
  const tell = (lines: readonly string[]): void => {
    // It is a courtesy: a manager that does not listen must not stop the tunnel.
    if (socketPath !== '') addon().notify(socketPath, lines.join('\n'));
  };
  return {
    ready: (status) => tell(['READY=1', `STATUS=${oneLine(status)}`, `MAINPID=${process.pid}`]),
    reloading: () => tell(['RELOADING=1', `MONOTONIC_USEC=${monotonicUsec()}`]),
    stopping: () => tell(['STOPPING=1']),
    status: (text) => tell([`STATUS=${oneLine(text)}`]),
  };
}

/** CLOCK_MONOTONIC, which systemd compares with its own (Type=notify-reload). */
function monotonicUsec(): string {
  return (process.hrtime.bigint() / 1000n).toString();
}

function oneLine(text: string): string {
  return text.replaceAll('\n', ' ');
}
