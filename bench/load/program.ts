/**
 * Many callers in one process, in a namespace of the lab. Its one argument says who they are; an order is a line on standard input, and
 * answered by one on standard output, both of JSON.
 */
import { createInterface } from 'node:readline';
import type { CommandResult } from '../../lib/endpoint/io.js';
import { Caller } from './caller.js';
import { crowdShape, orderShape, type Answer, type Order } from './orders.js';

const crowd = crowdShape.parse(JSON.parse(process.argv[2] ?? ''));
const callers: Caller[] = [];
/** So far: each has a name and an address that nobody had before. */
let called = 0;
const timeoutMs = 30_000;
const nothing: CommandResult = { ok: true, detail: '' };

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await follow(orderShape.parse(JSON.parse(line))))}\n`);
}
process.exit(0);

async function follow(order: Order): Promise<Answer> {
  switch (order.do) {
    case 'call':
      called += order.count;
      return each(range(called - order.count, order.count), order.concurrency, 0, async (index) => {
        const caller = await Caller.start(optionsOf(index));
        callers.push(caller);
        const result = await caller.command({ kind: 'initiate', peer: crowd.peer, child: null, timeoutMs });
        if (result.ok) caller.settled();
        return result;
      });
    case 'rekey': {
      const { peer } = crowd;
      const command = order.what === 'ike' ? ({ kind: 'rekey-ike', peer, timeoutMs } as const) : ({ kind: 'rekey-child', peer, child: null, timeoutMs } as const);
      return each(callers, callers.length, order.overMs, (caller) => caller.command(command));
    }
    case 'hang-up':
      return each(callers.splice(0), 64, 0, async (caller) => {
        const result = await caller.command({ kind: 'shutdown' });
        caller.close();
        return result;
      });
  }
}

/** Does it for each, at most so many at once, evenly spread over a time. */
async function each<T>(items: readonly T[], concurrency: number, overMs: number, act: (item: T) => Promise<CommandResult>): Promise<Answer> {
  const began = performance.now();
  const failed: string[] = [];
  let longestMs = 0;
  let next = 0;
  const work = async (): Promise<void> => {
    for (let index = next++; index < items.length; index = next++) {
      const item = items[index];
      const waitMs = (index / items.length) * overMs - (performance.now() - began);
      if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
      const since = performance.now();
      const result = item === undefined ? nothing : await act(item);
      longestMs = Math.max(longestMs, performance.now() - since);
      if (!result.ok) failed.push(result.error);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, work));
  return { done: items.length - failed.length, failed, tookMs: performance.now() - began, longestMs };
}

function range(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => first + index);
}

function optionsOf(index: number): Parameters<typeof Caller.start>[0] {
  const address = `${crowd.network}.${1 + Math.floor(index / 250)}.${1 + (index % 250)}`;
  const name = `caller${index}.load.example`;
  return { address, config: crowd.config.replaceAll('{{name}}', name).replaceAll('{{address}}', address), files: crowd.files };
}
