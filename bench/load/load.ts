/** What a handshake costs the end that answers: many callers, some at once, and the processor time of all its threads. */
import { sleep } from '../../interop/lab/exec.js';
import { Lab } from '../../interop/lab/lab.js';
import type { PartyKind } from '../../interop/lab/party.js';
import { Gateway } from './gateway.js';
import type { ProofName } from './proofs.js';

export interface LoadRun {
  readonly responders: readonly PartyKind[];
  readonly proofs: readonly ProofName[];
  /** Handshakes in each round. */
  readonly calls: number;
  readonly rounds: number;
  /** Handshakes before it counts: what is compiled while it runs is compiled by then. */
  readonly warmUp: number;
  readonly tell: (result: LoadResult) => void;
}

export interface LoadResult {
  readonly responder: PartyKind;
  readonly proof: ProofName;
  /** Milliseconds of processor a handshake, of each round. */
  readonly cpuMs: readonly number[];
  /** Of each round. */
  readonly perSecond: readonly number[];
}

const concurrency = 8;

export async function measureLoad(run: LoadRun): Promise<LoadResult[]> {
  const results: LoadResult[] = [];
  for (const proof of run.proofs) {
    for (const responder of run.responders) {
      const result = await measure(responder, proof, run);
      run.tell(result);
      results.push(result);
    }
  }
  return results;
}

/** Those of a round hang up before the next: it is the handshake that is measured. */
async function measure(responder: PartyKind, proof: ProofName, { calls, rounds, warmUp }: LoadRun): Promise<LoadResult> {
  const lab = new Lab(`bench-load-${responder}-${proof}`);
  try {
    const gateway = await Gateway.open(lab, responder, proof);
    const { crowd } = gateway;
    for (let before = 0; before < warmUp; before += calls) {
      await crowd.all({ do: 'call', count: calls, concurrency });
      await crowd.give({ do: 'hang-up' });
    }
    const cpuMs: number[] = [];
    const perSecond: number[] = [];
    for (let round = 0; round < rounds; round++) {
      await sleep(1000);
      const before = gateway.cpuMs;
      const { tookMs } = await crowd.all({ do: 'call', count: calls, concurrency });
      cpuMs.push((gateway.cpuMs - before) / calls);
      perSecond.push((calls / tookMs) * 1000);
      await crowd.give({ do: 'hang-up' });
    }
    await crowd.end();
    return { responder, proof, cpuMs, perSecond };
  } finally {
    await lab.close();
  }
}
