/** What a gateway says of Windows that was not told to use a better group. */
import { expect } from 'chai';
import { proposalMisfit } from '../../lib/ike/proposal-difference.js';
import { keId, transformType } from '../../lib/wire/iana.js';
import type { Proposal } from '../../lib/wire/payloads/sa.js';
import { proposals, usualPeer } from '../support/ike-end.js';

const peer = { ...usualPeer('sun'), ike: proposals('ike', 'aes256-sha256-modp2048') };
const offer = (group: number): Proposal[] => proposals('ike', 'aes256-sha256-modp2048').map((one) => (
  { ...one, transforms: one.transforms.map((t) => (t.type === transformType.KE ? { ...t, id: group } : t)) }));

describe('An offer of MODP-1024 alone', () => {
  it('is answered for people with the line for PowerShell that mends it', () => {
    expect(proposalMisfit('ike', [peer], offer(keId.MODP_1024)).remedy).to.match(/add "aes256-.*modp2048" to ike at the other end.*Set-VpnConnectionIPsecConfiguration .*-DHGroup Group14/);
  });

  it('among better ones, or of another group, is not', () => {
    expect(proposalMisfit('ike', [peer], offer(keId.MODP_1536)).remedy).not.to.contain('Set-Vpn');
    expect(proposalMisfit('ike', [peer], [...offer(keId.MODP_1024), ...offer(keId.MODP_1536)]).remedy).not.to.contain('Set-Vpn');
  });
});
