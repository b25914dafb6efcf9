import { expect } from 'chai';
import { lapsedCertificates } from '../../lib/config/certificate-times.js';
import { testCalendarMs } from '../support/ike-end.js';
import { authority, issue, keyPemOf, pemOf } from '../support/test-pki.js';
import { load, mainPath, source } from './sources.js';

const dayMs = 86_400_000;

describe('The certificates of a configuration', () => {
  const lab = authority('CN=Lab', null, { notAfter: testCalendarMs + 60 * dayMs });
  const moon = issue('CN=moon', lab, { names: ['dns:moon'], notAfter: testCalendarMs + 30 * dayMs });
  const text = source({ endpoint: 'cert = "moon.pem"\nkey = "moon.key"\nca = "ca.pem"', peer: 'auth = "pubkey"' }).replace('psk = "correct horse battery staple"\n', '');
  const { config } = load({ [mainPath]: text, '/etc/mhtun/moon.pem': pemOf(moon), '/etc/mhtun/moon.key': keyPemOf(moon), '/etc/mhtun/ca.pem': pemOf(lab) });

  for (const [days, said] of [
    [0, []], [17, [/"CN=moon" expires soon \(.* in 13 days\)/]], [31, [/"CN=moon" expired \(.* 1 day ago\): peers refuse it/]],
    [61, [/"CN=moon" expired/, /"CN=Lab" expired/]], [-20, [/"CN=moon" is not valid before .*: is the clock right\?/, /"CN=Lab" is not valid before/]],
  ] as const) {
    it(`are told of ${days} days on, each once: ${said.length}`, () => {
      const found = lapsedCertificates(config, testCalendarMs + days * dayMs);
      expect(found).to.have.length(said.length);
      said.forEach((words, i) => expect(found[i]).to.match(words));
    });
  }
});
