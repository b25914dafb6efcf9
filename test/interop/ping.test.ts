/** What the lab reads out of ping's output. */
import { expect } from 'chai';
import { measure } from '../../interop/lab/ping.js';

/** Lines as `ping -D` prints them, one each 10 ms but for what is left out. */
function output(sequences: readonly number[], transmitted: number): string {
  const lines = sequences.map((sequence) => `[${(1_700_000_000 + sequence / 100).toFixed(6)}] 64 bytes from 192.168.2.10: icmp_seq=${sequence % 65_536} ttl=62 time=0.50 ms`);
  return [...lines, '', '--- 192.168.2.10 ping statistics ---', `${transmitted} packets transmitted, ${sequences.length} received, 0% packet loss`].join('\n');
}

function upTo(last: number): number[] {
  return Array.from({ length: last }, (_, index) => index + 1);
}

describe('the measure of a ping', () => {
  it('finds nothing lost where every request was answered', () => {
    const { sent, lost, longestGapMs, medianRttMs } = measure(output(upTo(100), 100), 10);
    expect({ sent, lost, longestGapMs, medianRttMs }).to.deep.equal({ sent: 80, lost: 0, longestGapMs: 10, medianRttMs: 0.5 });
  });

  it('does not count requests that were still under way when it was stopped', () => {
    expect(measure(output(upTo(95), 100), 10).lost).to.equal(0);
  });

  it('counts holes, and takes the longest silence between two replies', () => {
    const { lost, longestGapMs } = measure(output(upTo(100).filter((sequence) => sequence < 40 || sequence > 44), 100), 10);
    expect({ lost, longestGapMs }).to.deep.equal({ lost: 5, longestGapMs: 60 });
  });

  it('counts a tunnel that died and stayed dead', () => {
    const { lost, longestGapMs } = measure(output(upTo(50), 100), 10);
    expect({ lost, longestGapMs }).to.deep.equal({ lost: 30, longestGapMs: 300 });
  });

  it('goes on counting when the sequence number starts again at zero', () => {
    const { sent, lost } = measure(output(upTo(70_000).filter((sequence) => sequence !== 66_000), 70_000), 10);
    expect({ sent, lost }).to.deep.equal({ sent: 69_980, lost: 1 });
  });

  it('takes the middle of the round trips, and the longest of 95 in a hundred', () => {
    const times = upTo(100).map((sequence) => output([sequence], 100).split('\n')[0]?.replace('time=0.50', `time=${sequence}.00`));
    const { medianRttMs, p95RttMs } = measure(times.join('\n'), 10);
    expect({ medianRttMs, p95RttMs }).to.deep.equal({ medianRttMs: 51, p95RttMs: 96 });
  });

  it('tells a duplicate from a reply', () => {
    const text = output([1, 2, 3], 30).replace('icmp_seq=3 ttl=62 time=0.50 ms', 'icmp_seq=2 ttl=62 time=0.60 ms (DUP!)');
    const { duplicates, lost } = measure(text, 10);
    expect({ duplicates, lost }).to.deep.equal({ duplicates: 1, lost: 8 });
  });
});
