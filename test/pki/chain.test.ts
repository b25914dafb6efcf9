/** Chains as a table: what is shown, whom one believes, and what is said of it (RFC 5280 §6, RFC 4945 §5). */
import { expect } from 'chai';
import { testCalendarMs } from '../support/ike-end.js';
import { anyPolicy, extensionOid, keyUsageBit } from '../../lib/pki/extensions.js';
import { findChain, maxChainLength } from '../../lib/pki/chain.js';
import { extension, integer, objectIdentifier, sequence, usageBits, writeGeneralName } from '../../lib/pki/issue.js';
import type { Trust } from '../../lib/pki/trust.js';
import { writeDer } from '../../lib/wire/der.js';
import { authority, crlOf, generalName, issue, testKey, trustOf, type Issued, type IssueOptions } from '../support/test-pki.js';

const dayMs = 86_400_000;
const root = authority('O=Lab, CN=Root');
const branch = authority('O=Lab, CN=Branch', root);
const stranger = authority('O=Other, CN=Root');
const host = (options: IssueOptions = {}, by: Issued = root): Issued => issue('O=Lab, CN=moon', by, { names: ['dns:moon.lab.example'], ...options });

/** Name constraints with those subtrees. */
function constraints(permitted: readonly string[], excluded: readonly string[]): Uint8Array {
  const list = (tag: number, names: readonly string[]): Uint8Array[] =>
    names.length === 0 ? [] : [writeDer(tag, ...names.map((name) => sequence(writeGeneralName(subtree(name)))))];
  return extension(extensionOid.nameConstraints, true, sequence(...list(0xa0, permitted), ...list(0xa1, excluded)));
}

/** `net:10.1.0.0/255.255.0.0` is a network. */
function subtree(text: string): ReturnType<typeof generalName> {
  const match = /^net:([\d.]+)\/([\d.]+)$/.exec(text);
  if (match === null) return generalName(text);
  return { kind: 'ip', octets: Uint8Array.from(`${match[1] ?? ''}.${match[2] ?? ''}`.split('.'), Number) };
}

const policies = (...oids: readonly string[]): Uint8Array =>
  extension(extensionOid.policies, false, sequence(...oids.map((oid) => sequence(objectIdentifier(oid)))));
const usages = (...oids: readonly string[]): Uint8Array => extension(extensionOid.extendedKeyUsage, false, sequence(...oids.map(objectIdentifier)));
const usage = (bits: number): Uint8Array => extension(extensionOid.keyUsage, true, usageBits(bits));
const ipsecIke = '1.3.6.1.5.5.7.3.17';

interface Row {
  readonly title: string;
  /** The leaf first, then what is shown with it. */
  readonly shown: readonly Issued[];
  readonly trust?: Partial<Trust>;
  readonly anchors?: readonly Issued[];
  /** Null: it is believed. */
  readonly problem: RegExp | null;
}

const under = (options: IssueOptions, hostOptions: IssueOptions = {}): readonly Issued[] => {
  const ca = authority('O=Lab, CN=Branch', root, options);
  return [host(hostOptions, ca), ca];
};

const leaf = host();
const leafOfBranch = host({}, branch);
const revokedBranch = trustOf([root], { crls: [crlOf(root, [branch.certificate])] });

const rows: readonly Row[] = [
  { title: 'one of the authority itself', shown: [leaf], problem: null },
  { title: 'one of an authority below, which is shown', shown: [leafOfBranch, branch], problem: null },
  { title: 'one among others that have nothing to do with it', shown: [leafOfBranch, stranger, leaf, branch], problem: null },
  { title: 'one whose authority is not shown', shown: [leafOfBranch], problem: /issued by "O=Lab, CN=Branch", which is none of the authorities in ca \(O=Lab, CN=Root\)/ },
  { title: 'one of another authority', shown: [host({}, stranger)], problem: /issued by "O=Other, CN=Root", which is none/ },
  { title: 'a self-signed one', shown: [issue('CN=moon', null)], problem: /it is self-signed: name it as peer_cert/ },
  { title: 'one of an authority of the same name with another key', shown: [host({}, authority('O=Lab, CN=Root', null, { key: testKey('p256', 'forger') }))], problem: /which is none of|not signed by/ },
  { title: 'one whose authority below is trusted by itself', shown: [leafOfBranch], anchors: [branch], problem: null },
  // Times.
  { title: 'an expired one', shown: [host({ notAfter: testCalendarMs - dayMs })], problem: /its certificate expired \(.* UTC, 1 day ago\): issue a new one/ },
  { title: 'one of tomorrow', shown: [host({ notBefore: testCalendarMs + 2 * dayMs })], problem: /not valid before .*: is the clock of this host right\?/ },
  { title: 'one under an authority that expired', shown: under({ notAfter: testCalendarMs - 1 }), problem: /the authority "O=Lab, CN=Branch" expired/ },
  { title: 'one under a root that expired', shown: [host()], anchors: [authority('O=Lab, CN=Root', null, { notAfter: testCalendarMs - 1 })], problem: /the authority "O=Lab, CN=Root" expired/ },
  // Uses.
  { title: 'one for key agreement alone', shown: [host({ more: [usage(16)] })], problem: /keyUsage of its certificate allows no signatures/ },
  { title: 'one for nonRepudiation', shown: [host({ more: [usage(keyUsageBit.nonRepudiation)] })], problem: null },
  { title: 'one for servers of the web', shown: [host({ more: [usages('1.3.6.1.5.5.7.3.1')] })], problem: /extendedKeyUsage of its certificate \(serverAuth\) does not include IKE/ },
  { title: 'one for servers of the web and IKE', shown: [host({ more: [usages('1.3.6.1.5.5.7.3.1', ipsecIke)] })], problem: null },
  { title: 'one for any use', shown: [host({ more: [usages('2.5.29.37.0')] })], problem: null },
  // Authorities.
  { title: 'one issued by a host', shown: [issue('O=Lab, CN=mars', leaf), leaf], problem: /issued a certificate, and is no authority/ },
  { title: 'one issued by an authority that may not', shown: under({ more: [usage(keyUsageBit.crlSign)] }), problem: /allows no certificates \(keyCertSign is missing\)/ },
  { title: 'one below a pathLen of 0', shown: under({ authority: { pathLength: 0 } }), problem: null },
  { title: 'one two below a pathLen of 0', problem: /allows 0 authorities below itself \(pathLen\), and the chain has 1/, shown: ((): Issued[] => {
    const short = authority('CN=Short', root, { authority: { pathLength: 0 } });
    const lower = authority('CN=Lower', short);
    return [host({}, lower), lower, short];
  })() },
  // Critical extensions.
  { title: 'one with an unknown critical extension', shown: [host({ more: [extension('1.3.6.1.4.1.99999.1', true, sequence())] })], problem: /critical extension that is not known here \(1\.3\.6\.1\.4\.1\.99999\.1\)/ },
  { title: 'one with an unknown extension that is not critical', shown: [host({ more: [extension('1.3.6.1.4.1.99999.1', false, sequence())] })], problem: null },
  { title: 'one under an authority with critical mappings of policies', shown: under({ more: [extension('2.5.29.33', true, sequence())] }), problem: /critical extension that is not known/ },
  // Names.
  { title: 'a name that is permitted', shown: under({ more: [constraints(['dns:lab.example'], [])] }), problem: null },
  { title: 'a name that is not permitted', shown: under({ more: [constraints(['dns:lab.example'], [])] }, { names: ['dns:moon.lab.example.org'] }), problem: /may name lab\.example only, and not moon\.lab\.example\.org/ },
  { title: 'a name that ends like a permitted one', shown: under({ more: [constraints(['dns:lab.example'], [])] }, { names: ['dns:evillab.example'] }), problem: /may name lab\.example only/ },
  { title: 'an excluded name in other letters', shown: under({ more: [constraints([], ['dns:lab.example'])] }, { names: ['dns:Moon.LAB.Example'] }), problem: /must not name Moon\.LAB\.Example: it excludes lab\.example/ },
  { title: 'an excluded name with the dot of the root', shown: under({ more: [constraints([], ['dns:lab.example'])] }, { names: ['dns:moon.lab.example.'] }), problem: /must not name/ },
  { title: 'an email address of a host that is permitted', shown: under({ more: [constraints(['email:lab.example'], [])] }, { names: ['email:carol@lab.example'] }), problem: null },
  { title: 'an email address of another host', shown: under({ more: [constraints(['email:lab.example'], [])] }, { names: ['email:carol@mail.lab.example'] }), problem: /may name lab\.example only/ },
  { title: 'an address in a permitted network', shown: under({ more: [constraints(['net:10.1.0.0/255.255.0.0'], [])] }, { names: ['ip:10.1.2.3'] }), problem: null },
  { title: 'an address outside of it', shown: under({ more: [constraints(['net:10.1.0.0/255.255.0.0'], [])] }, { names: ['ip:10.2.2.3'] }), problem: /may name/ },
  { title: 'a subject in a permitted subtree', shown: under({ more: [constraints(['dn:O=Lab'], [])] }), problem: null },
  { title: 'a subject outside of it', shown: under({ more: [constraints(['dn:O=Other'], [])] }), problem: /may name O=Other only/ },
  { title: 'a constraint that can’t be enforced', shown: under({ more: [constraints([], ['uri:.example'])] }), problem: /can’t be enforced here/ },
  { title: 'constraints of the root', shown: [host()], anchors: [authority('O=Lab, CN=Root', null, { more: [constraints([], ['dns:example'])] })], problem: /must not name/ },
  // Policies.
  { title: 'no policy where one is wanted', shown: [leaf], trust: { policies: ['1.2.3'] }, problem: /none of the certificate policies 1\.2\.3 holds/ },
  { title: 'the policy that is wanted', shown: under({ more: [policies('1.2.3', '1.2.4')] }, { more: [policies('1.2.3')] }), trust: { policies: ['1.2.3'] }, problem: null },
  { title: 'the policy in the end entity alone', shown: under({ more: [policies('1.2.4')] }, { more: [policies('1.2.3')] }), trust: { policies: ['1.2.3'] }, problem: /none of the certificate policies/ },
  { title: 'any policy above it', shown: under({ more: [policies(anyPolicy)] }, { more: [policies('1.2.3')] }), trust: { policies: ['1.2.3'] }, problem: null },
  { title: 'any policy where an authority inhibits that', shown: under({ more: [policies('1.2.3'), extension(extensionOid.inhibitAnyPolicy, true, integer(Uint8Array.of(0)))] }, { more: [policies(anyPolicy)] }),
    trust: { policies: ['1.2.3'] }, problem: /none of the certificate policies/ },
  { title: 'no policy where an authority asks for one', shown: under({ more: [extension(extensionOid.policyConstraints, true, sequence(writeDer(0x80, Uint8Array.of(0))))] }), problem: /asks for a certificate policy/ },
  // Revocation.
  { title: 'one that is revoked', shown: [leaf], trust: { crls: [crlOf(root, [leaf.certificate])] }, problem: /"O=Lab, CN=moon" was revoked \(.* 1 day ago\)/ },
  { title: 'one that is revoked on a list that is out of date', shown: [leaf], trust: { crls: [crlOf(root, [leaf.certificate], testCalendarMs - 1)] }, problem: /was revoked/ },
  { title: 'one under an authority that is revoked', shown: [leafOfBranch, branch], trust: { crls: revokedBranch.crls }, problem: /"O=Lab, CN=Branch" was revoked/ },
  { title: 'a revoked one where lists are not looked at', shown: [leaf], trust: { crls: [crlOf(root, [leaf.certificate])], revocation: 'off' }, problem: null },
  { title: 'one on a list that somebody else signed', shown: [leaf], trust: { crls: [crlOf({ ...root, key: stranger.key }, [leaf.certificate])] }, problem: null },
  { title: 'one without a list, strictly', shown: [leaf], trust: { revocation: 'strict' }, problem: /crl has no list of "O=Lab, CN=Root"/ },
  { title: 'one with a list that is out of date, strictly', shown: [leaf], trust: { crls: [crlOf(root, [], testCalendarMs - 1)], revocation: 'strict' }, problem: /was good until/ },
  { title: 'one with a list, strictly', shown: [leaf], trust: { crls: [crlOf(root, [])], revocation: 'strict' }, problem: null },
  { title: 'a chain with a list for one of its authorities alone, strictly', shown: [leafOfBranch, branch], trust: { crls: [crlOf(root, [])], revocation: 'strict' }, problem: /no list of "O=Lab, CN=Branch"/ },
];

describe('A chain of certificates', () => {
  for (const { title, shown, trust = {}, anchors = [root], problem } of rows) {
    it(`with ${title} is ${problem === null ? 'believed' : 'refused'}`, () => {
      const [first, ...rest] = shown.map(({ certificate }) => certificate);
      const result = findChain(first ?? leaf.certificate, rest, trustOf(anchors, trust), testCalendarMs);
      if (problem === null) expect(result).to.deep.include({ ok: true });
      else expect(result.ok ? 'believed' : result.reason).to.match(problem);
    });
  }

  it('ends at the authority, the peer’s certificate first', () => {
    const result = findChain(leafOfBranch.certificate, [branch.certificate], trustOf([root]), testCalendarMs);
    expect(result).to.deep.equal({ ok: true, chain: [leafOfBranch.certificate, branch.certificate, root.certificate] });
  });

  it(`is followed up to ${maxChainLength} certificates, and no further`, () => {
    const ladder: Issued[] = [root];
    for (let i = 1; i < 12; i++) ladder.push(authority(`CN=Step ${i}`, ladder[i - 1] ?? root));
    const of = (steps: number): ReturnType<typeof findChain> =>
      findChain(host({}, ladder[steps]).certificate, ladder.slice(1, steps + 1).map(({ certificate }) => certificate), trustOf([root]), testCalendarMs);
    expect(of(maxChainLength - 2)).to.deep.include({ ok: true });
    expect(of(maxChainLength - 1)).to.deep.equal({ ok: false, reason: `its chain of certificates is longer than ${maxChainLength}` });
    expect(of(11)).to.deep.include({ ok: false });
  });

  it('that goes in circles is left, as are more ways than anybody has', () => {
    const [a, b] = [testKey('p256', 'a'), testKey('p256', 'b')];
    const ends = { a: { certificate: root.certificate, key: a }, b: { certificate: root.certificate, key: b } };
    const named = (name: string, key: Issued['key'], by: Issued): Issued => authority(name, by, { key });
    const first = named('CN=A', a, { ...ends.b, certificate: authority('CN=B', null, { key: b }).certificate });
    const second = named('CN=B', b, { ...ends.a, certificate: authority('CN=A', null, { key: a }).certificate });
    const circle = findChain(host({}, first).certificate, [first.certificate, second.certificate], trustOf([root]), testCalendarMs);
    expect(circle).to.deep.include({ ok: false });
    // Each of twelve could have issued each other: without a limit, more ways than could be walked in a lifetime.
    const many = Array.from({ length: 12 }, (_, i) => authority('CN=Same', authority('CN=Same', null, { key: a }), { key: a, serial: Uint8Array.of(1, i) }));
    const began = process.hrtime.bigint();
    const maze = findChain(host({}, many[0]).certificate, many.map(({ certificate }) => certificate), trustOf([root]), testCalendarMs);
    expect(maze).to.deep.include({ ok: false });
    expect(Number(process.hrtime.bigint() - began) / 1e6).to.be.lessThan(500);
  });
});
