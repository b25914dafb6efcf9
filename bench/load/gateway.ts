/** sun as a gateway for many callers, and the callers: the stage of what is measured with them. moon has a tunnel of its own to it where mhtun plays sun. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LabError } from '../../interop/lab/exec.js';
import { projectRoot, type Lab } from '../../interop/lab/lab.js';
import { Mhtun } from '../../interop/lab/mhtun.js';
import { preparePeers } from '../../interop/lab/peers.js';
import type { PartyKind } from '../../interop/lab/party.js';
import { Stage } from '../../interop/lab/stage.js';
import { fill } from '../../interop/lab/template.js';
import { pidsIn, processorMs } from '../tunnels/tunnel.js';
import { Crowd } from './crowd.js';
import { proofs, type Proof, type ProofName } from './proofs.js';

const ike = ['aes128gcm16-prfsha256-x25519'];
const esp = ['aes128gcm16'];
const templates = join(projectRoot, 'bench', 'load');

export class Gateway {
  readonly stage: Stage;
  readonly crowd: Crowd;
  readonly #pids: readonly number[];

  private constructor(stage: Stage, crowd: Crowd, pids: readonly number[]) {
    this.stage = stage;
    this.crowd = crowd;
    this.#pids = pids;
  }

  static async open(lab: Lab, responder: PartyKind, proofName: ProofName): Promise<Gateway> {
    const pair = { moon: 'mhtun', sun: responder } as const;
    const { engine, images } = await preparePeers([pair]);
    const { caller, sun } = proofs[proofName]();
    const stage = await Stage.open(lab, {
      scenario: {
        topology: { uplinks: 1 },
        values: (site) => ({ ike, esp, data_plane: 'native', ...sun.values, peers: site === 'sun' ? callersBlock(sun) : '' }),
        files: (site) => (site === 'sun' ? sun.files : {}),
      },
      templates,
      variant: { name: '', pairs: [] },
      pair, engine, images, keys: false, quiet: true, idle: true,
    });
    await stage.sun.start();
    const pids = stage.sun instanceof Mhtun ? [stage.sun.pid] : await pidsIn(stage.sun.site.host, 'charon');
    if (pids.length === 0) throw new LabError('sun has a process');
    const [uplink] = stage.topology.sun.uplinks;
    const crowd = await Crowd.start(lab, stage.topology, { peer: 'sun', config: callerConfig(uplink?.address4 ?? '', caller), files: caller.files });
    return new Gateway(stage, crowd, pids);
  }

  get pid(): number {
    return this.#pids[0] ?? 0;
  }

  /** Milliseconds of processor that sun has taken so far, all threads together. */
  get cpuMs(): number {
    return this.#pids.reduce((sum, pid) => sum + processorMs(pid), 0);
  }
}

function callersBlock({ values }: Proof['sun']): string {
  return fill(readFileSync(join(templates, 'callers.toml'), 'utf8'), 'toml', { ...values, ike, esp, local_ts: ['192.168.2.0/24'] });
}

function callerConfig(sun: string, { id, config }: Proof['caller']): string {
  return `[endpoint]
id = "${id}"
[[peer]]
name = "sun"
id = "sun"
addresses = ["${sun}"]
start = "never"
virtual = true
ike = ${JSON.stringify(ike)}
esp = ${JSON.stringify(esp)}
${config}
[[peer.child]]
name = "net"
local = ["dynamic"]
remote = ["192.168.2.0/24"]
`;
}
