/**
 * Does a gateway bear ten thousand callers? What they take of its memory, and a rekey of every Child SA within ten minutes while a tunnel
 * beside them carries traffic. bench/README.md has the method.
 */
import { parseArgs } from 'node:util';
import { sleep } from '../interop/lab/exec.js';
import { Lab } from '../interop/lab/lab.js';
import { parsePartyKind, type PartyKind } from '../interop/lab/party.js';
import { longestGapMs, lostBothWays, type Stream } from '../interop/lab/stream.js';
import { Gateway } from './load/gateway.js';
import { residentMb } from './tunnels/tunnel.js';

interface Measured {
  readonly responder: PartyKind;
  readonly callers: number;
  readonly setUpS: number;
  /** Resident, before there was anybody, and with all of them. */
  readonly emptyMb: number;
  readonly fullMb: number;
  readonly failedRekeys: number;
  readonly rekeyCpuMs: number;
  /** From the order to the new SA: no stall was longer. */
  readonly longestRekeyMs: number;
  /** Of the tunnel beside them, over the whole wave; null: there was none. */
  readonly lost: number | null;
  readonly longestGapMs: number | null;
}

export async function manyPeers(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: { callers: { type: 'string', default: '10000' }, minutes: { type: 'string', default: '10' }, responders: { type: 'string', default: 'mhtun,strongswan-6.0' } },
  });
  const results: Measured[] = [];
  for (const responder of values.responders.split(',').map(parsePartyKind)) {
    const result = await measure(responder, Number(values.callers), Number(values.minutes) * 60_000);
    results.push(result);
    tell(result);
  }
  const own = results.find(({ responder }) => responder === 'mhtun');
  const targets = own === undefined ? [] : judge(own);
  for (const { what, found, bound, met } of targets) process.stdout.write(`${met ? 'met    ' : 'MISSED '} ${what}: ${found.toFixed(1)}, wanted ${bound}\n`);
  process.stdout.write(`${JSON.stringify({ bench: 'many-peers', node: process.version, results, targets })}\n`);
  if (targets.some(({ met }) => !met)) process.exitCode = 1;
}

async function measure(responder: PartyKind, callers: number, waveMs: number): Promise<Measured> {
  const lab = new Lab(`bench-many-peers-${responder}`);
  try {
    const gateway = await Gateway.open(lab, responder, 'psk');
    const { crowd, stage } = gateway;
    let stream: Stream | null = null;
    if (responder === 'mhtun') {
      await stage.moon.start();
      await stage.connect();
      stream = await stage.stream();
    }
    const emptyMb = residentMb(gateway.pid).now;
    const { tookMs: setUpMs } = await crowd.all({ do: 'call', count: callers, concurrency: 16 });
    await sleep(settleMs);
    const fullMb = residentMb(gateway.pid).now;
    const before = gateway.cpuMs;
    const from = await stream?.now();
    const rekeys = await crowd.give({ do: 'rekey', what: 'child', overMs: waveMs });
    const report = stream === null || from === undefined ? null : await stream.report(from, await stream.now());
    const rekeyCpuMs = (gateway.cpuMs - before) / callers;
    await crowd.end();
    return {
      responder, callers, setUpS: setUpMs / 1000, emptyMb, fullMb, failedRekeys: rekeys.failed.length, rekeyCpuMs, longestRekeyMs: rekeys.longestMs,
      lost: report === null ? null : lostBothWays(report), longestGapMs: report === null ? null : longestGapMs(report),
    };
  } finally {
    await lab.close();
  }
}

function tell({ responder, callers, setUpS, emptyMb, fullMb, failedRekeys, rekeyCpuMs, longestRekeyMs, lost, longestGapMs: gap }: Measured): void {
  const beside = lost === null || gap === null ? '' : `; the tunnel beside them: ${lost} packets lost, silent for ${gap.toFixed(1)} ms at most`;
  process.stdout.write(`${responder}: ${callers} callers in ${setUpS.toFixed(0)} s, ${emptyMb.toFixed(0)} → ${fullMb.toFixed(0)} MB; ${failedRekeys} rekeys failed, ${rekeyCpuMs.toFixed(2)} ms of processor each, the longest took ${longestRekeyMs.toFixed(0)} ms${beside}\n`);
}

interface Judgement {
  readonly what: string;
  readonly found: number;
  readonly bound: string;
  readonly met: boolean;
}

function judge({ callers, fullMb, failedRekeys, longestRekeyMs, lost }: Measured): Judgement[] {
  return [
    { what: `memory with ${callers} callers, MB`, found: fullMb, bound: 'at most 500', met: fullMb <= 500 },
    { what: 'rekeys that failed', found: failedRekeys, bound: 'none', met: failedRekeys === 0 },
    { what: 'the longest rekey, order to new SA, ms', found: longestRekeyMs, bound: 'at most 50', met: longestRekeyMs <= 50 },
    { what: 'packets lost beside them', found: lost ?? 0, bound: 'none', met: lost === 0 },
  ];
}

const settleMs = 5_000;
