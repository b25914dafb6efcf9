/** How keys are read out of charon's log. */
import { expect } from 'chai';
import { readCharonKeys } from '../../interop/lab/charon-keys.js';
import { LabError } from '../../interop/lab/exec.js';

const start = '09:04:26.350 00[DMN] Starting IKE charon daemon (strongSwan 6.0.1, Linux 6.1, x86_64)';

/** Lines as charon writes them, of one thread. */
function said(thread: string, group: string, ...texts: readonly string[]): string[] {
  return texts.map((text) => `09:04:26.393 ${thread}[${group}] ${text}`);
}

function dump(label: string, ...rows: readonly string[]): string[] {
  return [`${label} => ${rows.length} bytes @ 0x7f5858000b90`, ...rows.map((row, i) => `${String(i * 16).padStart(4)}: ${row}  ..+d.3.G........`)];
}

const ikeKeys = ['SKEYSEED', 'Sk_d secret', 'Sk_ei secret', 'Sk_er secret', 'Sk_pi secret', 'Sk_pr secret'];

describe('The log of charon', () => {
  it('gives the keys of an IKE SA, whoever else speaks in between', () => {
    const mine = said('11', 'IKE', ...dump('shared Diffie Hellman secret', `${'AA '.repeat(15)}AB`, 'CD'), ...ikeKeys.flatMap((label, i) => dump(label, `0${i}`)));
    const others = said('12', 'IKE', ...dump('natd_hash', 'FF'));
    const log = [start, ...mine.flatMap((line, i) => [line, others[i % others.length] ?? ''])].join('\n');
    const { version, ikeSas } = readCharonKeys(log);
    expect(version).to.equal('6.0.1');
    expect(ikeSas).to.deep.equal([{
      secret: `${'aa'.repeat(15)}abcd`, skeyseed: '00', sk_d: '01', sk_ai: '', sk_ar: '', sk_ei: '02', sk_er: '03', sk_pi: '04', sk_pr: '05',
    }]);
  });

  it('gives the keys of a Child SA with both SPIs, though the outbound one is put in place later', () => {
    const rekeyed = said('03', 'CHD', '  using AES_CBC for encryption', '  using HMAC_SHA2_256_128 for integrity',
      ...dump('DH secret', '01'), ...dump('seed', '02'), ...dump('encryption initiator key', '03'), ...dump('encryption responder key', '04'),
      ...dump('integrity initiator key', '05'), ...dump('integrity responder key', '06'), 'adding inbound ESP SA', '  SPI 0x6cde3ddc, src 10.1.1.2 dst 10.1.2.2',
      'registering outbound ESP SA', '  SPI 0x8584520f, src 10.1.2.2 dst 10.1.1.2', 'adding outbound ESP SA', '  SPI 0x8584520f, src 10.1.2.2 dst 10.1.1.2');
    expect(readCharonKeys([start, ...rekeyed].join('\n')).childSas).to.deep.equal([{
      spiIn: '6cde3ddc', spiOut: '8584520f', secret: '01', seed: '02', encrInitiator: '03', encrResponder: '04', integInitiator: '05', integResponder: '06',
    }]);
  });

  it('is refused when it is not of the level that has keys', () => {
    const lines = said('11', 'IKE', ...dump('key exchange secret', '01'), ...dump('Sk_pr secret', '02'));
    expect(() => readCharonKeys([start, ...lines].join('\n'))).to.throw(LabError, /SKEYSEED/);
    expect(() => readCharonKeys('')).to.throw(LabError, /version/);
  });
});
