/** See README.md. */
import { ensure } from '../../lab/exec.js';
import { everyPair, type Scenario } from '../../scenario.js';

/** Enough of them to fill more than one fragment. */
const proposals = ['aes128gcm16', 'aes192gcm16', 'aes256gcm16', 'chacha20poly1305', 'aes128-sha256', 'aes192-sha384', 'aes256-sha512', 'aes256-sha384', 'aes128-sha512'];

export const scenario: Scenario = {
  variants: [
    { name: 'ipv4', pairs: everyPair },
    { name: 'ipv6', pairs: everyPair },
  ],
  charon: { fragment_size: '400' },
  values: (site, variant) => ({
    esp: proposals.flatMap((proposal) => [proposal, `${proposal}-x25519`, `${proposal}-ecp256`]),
    id: long(site),
    peer_id: long(site === 'moon' ? 'sun' : 'moon'),
    ...(variant.name === 'ipv4' ? {} : addresses6(site)),
  }),
  async play(stage) {
    await stage.connect();
    await stage.settled(1, 1);
    for (const party of stage.parties) {
      if (party.kind === 'mhtun') continue;
      const log = party.log();
      ensure(log.includes('splitting IKE message'), `${party.site.name} split nothing`);
      ensure(log.includes('received fragment #1'), `${party.site.name} received no fragments`);
    }
  },
};

/** The responder's IKE_AUTH has one proposal only: its identity makes it long. */
function long(site: string): string {
  return `fqdn:${site}.${'long-name.'.repeat(20)}example.net`;
}

function addresses6(site: 'moon' | 'sun'): Readonly<Record<string, readonly string[]>> {
  const moon = ['fd01:1::2'];
  const sun = ['fd01:2::2'];
  return site === 'moon' ? { local_addresses: moon, peer_addresses: sun } : { local_addresses: sun, peer_addresses: moon };
}
