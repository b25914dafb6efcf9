/** The class gate. */
import { expect } from 'chai';
import { pastGate } from '../../lib/path/gate.js';
import { contender } from '../support/contender.js';

const gate = { rttMs: 400, loss: 0.05, jitterMs: 100 };

describe('the class gate', () => {
  it('lets through what is within every limit, and what is not known', () => {
    expect(pastGate(gate, contender())).to.equal(null);
    expect(pastGate(gate, contender({ rttMs: 400, jitterMs: 100 }))).to.equal(null);
    expect(pastGate(gate, contender({ rttMs: null, loss: null, jitterMs: null }))).to.equal(null);
    expect(pastGate({ rttMs: null, loss: null, jitterMs: null }, contender({ rttMs: 9_000, loss: 1, jitterMs: 9_000 }))).to.equal(null);
  });

  it('names the limit that is passed, with the numbers', () => {
    expect(pastGate(gate, contender({ rttMs: 412.4 }))).to.equal('RTT 412 ms, over 400 ms');
    expect(pastGate(gate, contender({ loss: 0.12 }))).to.equal('loss 12 %, over 5 %');
    expect(pastGate(gate, contender({ jitterMs: 120 }))).to.equal('jitter 120 ms, over 100 ms');
  });

  it('takes off what chance may have done to the loss', () => {
    expect(pastGate(gate, contender({ loss: 0.08, lossError: 0.04 }))).to.equal(null);
  });
});
