/** Certificates, private keys, authorities and revocation lists that a table names, read from their files (PEM). */
import { privateKeyFromPem, publicKeyFrom, type PrivateKey } from '../crypto/asymmetric-key.js';
import { readCertificate, describeCertificate, type Certificate } from '../pki/certificate.js';
import { readCrl, type Crl } from '../pki/crl.js';
import type { Credential, Trust } from '../pki/trust.js';
import { bytesEqual } from '../util/bytes.js';
import { DecodeError } from '../util/errors.js';
import { readPem, type PemBlock } from '../util/pem.js';
import { isPath, resolvePath, tooOpen, type ConfigFiles } from './files.js';
import { readSecretText } from './secret-text.js';
import type { TableReader } from './table-reader.js';
import { listKind, textKind, wordKind, type ValueKind } from './value.js';

/** What `[endpoint]` says for all peers, or a `[[peer]]` for itself. Null: it does not say. */
export interface KeyMaterial {
  readonly credentials: readonly Credential[] | null;
  readonly anchors: readonly Certificate[] | null;
  readonly crls: readonly Crl[] | null;
  readonly revocation: Trust['revocation'] | null;
  readonly policies: readonly string[] | null;
}

/** Every mistake is reported; what is wrong is as if it were not there. */
export function readKeyMaterial(table: TableReader, files: ConfigFiles): KeyMaterial {
  return {
    credentials: readCredentials(table, files),
    anchors: table.has('ca') ? readCertificates(table, 'ca', files) : null,
    crls: table.has('crl') ? blocksOf(table, 'crl', files).flatMap((block) => readBlock(table, 'crl', block, 'X509 CRL', readCrl)) : null,
    revocation: table.optional('revocation', wordKind(['strict', 'relaxed', 'off']), null),
    policies: table.optional('cert_policies', listKind(oidKind, { min: 1 }), null),
  };
}

/** All certificates in the files that the key names. */
export function readCertificates(table: TableReader, name: string, files: ConfigFiles): Certificate[] {
  const blocks = blocksOf(table, name, files);
  return blocks.flatMap((block) => readBlock(table, name, block, 'CERTIFICATE', readCertificate));
}

/** Raw public keys, as SubjectPublicKeyInfo, in the files that the key names. */
export function readPublicKeys(table: TableReader, name: string, files: ConfigFiles): Uint8Array[] {
  return blocksOf(table, name, files).flatMap((block) => readBlock(table, name, block, 'PUBLIC KEY', (der) => {
    const key = publicKeyFrom(der);
    if (!key.ok) throw new DecodeError(key.problem, 0);
    return der;
  }));
}

interface FileBlock extends PemBlock {
  readonly path: string;
}

const pathKind: ValueKind<string> = textKind('the path of a file', (text) => (isPath(text) ? text : null));

const oidKind: ValueKind<string> = textKind('an object identifier, as "1.3.6.1.4.1.99999.1"', (text) => (/^[0-2](\.(0|[1-9]\d*))+$/.test(text) ? text : null));

/** One path, or a list of them. */
const pathsKind: ValueKind<readonly string[]> = {
  expected: 'the path of a file, or a list of them',
  parse(value) {
    if (value.node.kind === 'array') return listKind(pathKind, { min: 1 }).parse(value);
    const path = pathKind.parse(value);
    return path === null ? null : [path];
  },
};

function blocksOf(table: TableReader, name: string, files: ConfigFiles): FileBlock[] {
  return table.optional(name, pathsKind, []).flatMap((shown) => {
    const path = resolvePath(table.findings.file, shown);
    const read = files.read(path);
    if (!read.ok) {
      table.problem(name, `can't read ${path}: ${read.error}`);
      return [];
    }
    const blocks = readPem(read.text);
    if (blocks === null || blocks.length === 0) {
      table.problem(name, `${path}: ${blocks === null ? 'there is too much in it' : 'expected PEM ("-----BEGIN …-----"); openssl converts what is in DER'}`);
      return [];
    }
    const open = blocks.some(({ label }) => label.endsWith('PRIVATE KEY')) ? tooOpen(path, read.mode) : null;
    if (open !== null) table.problem(name, open);
    return blocks.map((block) => ({ ...block, path }));
  });
}

/** Nothing for a block of another kind, which is for somebody else. */
function readBlock<T>(table: TableReader, name: string, { label, der, path }: FileBlock, wanted: string, read: (der: Uint8Array) => T): T[] {
  if (label !== wanted) return [];
  try {
    if (der === null) throw new DecodeError('no base64', 0);
    return [read(der)];
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    table.problem(name, `${path}: ${error.message}`);
    return [];
  }
}

function readCredentials(table: TableReader, files: ConfigFiles): Credential[] | null {
  const passphrase = readSecretText(table, 'key_passphrase', files);
  if (!table.has('cert') && !table.has('key')) return null;
  const certBlocks = blocksOf(table, 'cert', files);
  const keyBlocks = blocksOf(table, 'key', files);
  const hasKey = [...certBlocks, ...keyBlocks].some(({ label }) => label.endsWith('PRIVATE KEY'));
  const keys = [...certBlocks.map((block) => ({ name: 'cert', block })), ...keyBlocks.map((block) => ({ name: 'key', block }))]
    .filter(({ block }) => block.label.endsWith('PRIVATE KEY')).flatMap(({ name, block }) => readKey(table, name, block, passphrase));
  if (keyBlocks.length > 0 && !hasKey) table.problem('key', 'expected a private key in PEM');
  if (!table.has('cert')) return keys.map((key) => ({ key, chain: [] }));
  const chains = chainsOf(table, certBlocks);
  return chains.flatMap((chain) => {
    const [leaf] = chain;
    const key = keys.find(({ publicKey }) => leaf !== undefined && bytesEqual(publicKey.spki, leaf.spki));
    if (key !== undefined) return [{ key, chain }];
    const what = leaf === undefined ? 'a certificate' : describeCertificate(leaf);
    table.problem('cert', keys.length === 0 ? `expected a private key for ${what} beside it: key = "moon.key"` : `no private key of key belongs to ${what}`);
    return [];
  });
}

function readKey(table: TableReader, name: string, block: FileBlock, passphrase: string | null): PrivateKey[] {
  const read = privateKeyFromPem(block.text, passphrase);
  if (read.ok) return [read.key];
  table.problem(name, `${block.path}: ${read.problem}${read.problem.includes('no passphrase') ? ' (key_passphrase or key_passphrase_file)' : ''}`);
  return [];
}

/** Each file is one chain, its own certificate first. */
function chainsOf(table: TableReader, blocks: readonly FileBlock[]): Certificate[][] {
  const paths = [...new Set(blocks.map(({ path }) => path))];
  return paths.map((path) => blocks.filter((block) => block.path === path).flatMap((block) => readBlock(table, 'cert', block, 'CERTIFICATE', readCertificate)))
    .filter((chain) => chain.length > 0);
}
