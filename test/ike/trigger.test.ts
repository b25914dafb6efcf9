/** A Child SA for a packet: the packet's own selectors stand first in the request (RFC 7296 §2.9). */
import { expect } from 'chai';
import { IkeSa } from '../../lib/ike/ike-sa.js';
import type { AgreedSelectors } from '../../lib/ike/traffic-selection.js';
import { findPayload, type Payload } from '../../lib/wire/payload.js';
import { formatSelector, parseSelector, type TrafficSelector } from '../../lib/wire/traffic-selector.js';
import { IkeDouble, type Heard } from '../support/ike-double.js';
import { Clock, IkeEnd, template } from '../support/ike-end.js';
import { IkePair } from '../support/ike-pair.js';

const selector = (text: string): TrafficSelector => {
  const parsed = parseSelector(text);
  if (!parsed.ok) throw new Error(parsed.problem);
  return parsed.selector;
};
const packet: AgreedSelectors = { local: [selector('192.168.1.7[tcp/40000]')], remote: [selector('192.168.2.8[tcp/80]')] };

function asked(payloads: readonly Payload[]): string[] {
  return (['ts-i', 'ts-r'] as const).map((kind) => findPayload(payloads, kind)?.selectors.map((one) => (one.kind === 'selector' ? formatSelector(one.selector) : one.kind)).join(' ') ?? 'none');
}

/** A request of moon's to a double, with its TS payloads. */
function request(command: Parameters<IkeEnd['command']>[0]): { heard: Heard; double: IkeDouble } {
  const double = IkeDouble.calledUp(new IkeEnd({ name: 'moon', clock: new Clock(), peer: { children: [template('net', '192.168.1.0/24', '192.168.2.0/24')] } }));
  double.end.command(command);
  return { heard: double.hear(), double };
}

describe('A Child SA for a packet', () => {
  it('is asked for with the packet first, and then what is configured', () => {
    const { heard } = request({ kind: 'create-child', name: 'net', packet });
    expect(asked(heard.payloads)).to.deep.equal(['192.168.1.7/32[tcp/40000] 192.168.1.0/24', '192.168.2.8/32[tcp/80] 192.168.2.0/24']);
  });

  it('is asked for as configured without a packet, or with one that it is not for', () => {
    const plain = ['192.168.1.0/24', '192.168.2.0/24'];
    expect(asked(request({ kind: 'create-child', name: 'net' }).heard.payloads)).to.deep.equal(plain);
    const stray = { local: [selector('10.0.0.1')], remote: packet.remote };
    expect(asked(request({ kind: 'create-child', name: 'net', packet: stray }).heard.payloads)).to.deep.equal(plain);
  });

  it('comes up between two ends with what is configured, in IKE_AUTH and later, and a rekey says nothing of the packet', () => {
    const pair = new IkePair();
    const names: string[] = [];
    const { moon } = pair;
    const sa = moon.initiate(['net'], false, { child: 'net', packet });
    expect(sa).to.be.instanceOf(IkeSa);
    pair.settle();
    pair.expectOne();
    for (const end of [moon, pair.sun]) names.push(...end.children.flatMap(({ localTs, remoteTs }) => [...localTs, ...remoteTs].map(formatSelector)));
    expect(names).to.deep.equal(['192.168.1.0/24', '192.168.2.0/24', '192.168.2.0/24', '192.168.1.0/24']);
    expect(pair.ask(moon, { kind: 'rekey-child', name: 'net' })).to.match(/^ok/);
    pair.advance(5_000);
    pair.expectOne();
  });

  it('is the first that is asked for, in IKE_AUTH, wherever it stands in the configuration', () => {
    const children = [template('other', '10.8.0.0/16', '10.9.0.0/16'), template('net', '192.168.1.0/24', '192.168.2.0/24')];
    const end = new IkeEnd({ name: 'moon', clock: new Clock(), peer: { children } });
    const double = new IkeDouble(end);
    double.initiator = false;
    end.initiate(['other', 'net'], false, { child: 'net', packet });
    double.hearInit();
    double.answerInit(double.initPayloads());
    expect(asked(double.hear().payloads)[0]).to.equal('192.168.1.7/32[tcp/40000] 192.168.1.0/24');
  });
});
