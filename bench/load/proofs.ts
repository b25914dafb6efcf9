/** How callers and sun prove who they are, as either program writes it. */
import { certify, knownFiles, ownFiles, type Files } from '../../interop/lab/certificates.js';
import { LabError } from '../../interop/lab/exec.js';
import type { Variables } from '../../interop/lab/template.js';

export type ProofName = 'psk' | 'ecdsa';

export interface Proof {
  /** Lines of the peer in mhtun.toml; `id`: of the caller, where `{{name}}` is one of many. */
  readonly caller: { readonly id: string; readonly config: string; readonly files: Files };
  readonly sun: { readonly values: Variables; readonly files: Files };
}

const secret = 'a secret of all who call, 0123456789';

/** A secret that all share: nobody can prove which of them he is. */
function psk(): Proof {
  return {
    caller: { id: '{{name}}', config: `psk = "${secret}"`, files: {} },
    sun: {
      values: {
        proof: `psk = "${secret}"`,
        swanctl_proof: 'local {\n      auth = psk\n      id = sun\n    }\n    remote {\n      auth = psk\n      id = *.load.example\n    }',
        swanctl_secrets: `secrets {\n  ike-callers {\n    secret = "${secret}"\n  }\n}`,
      },
      files: {},
    },
  };
}

/** ECDSA on P-256 at both ends, by one authority. */
function ecdsa(): Proof {
  const authority = certify('O=Load, CN=Load CA', { by: null, authority: true });
  const sun = certify('O=Load, CN=sun', { by: authority, names: ['sun'] });
  const name = 'callers.load.example';
  const caller = certify('O=Load, CN=callers', { by: authority, names: [name] });
  const proof = 'auth = "pubkey"\ncert = "own.pem"\nkey = "own.key"\nca = ["ca.pem"]';
  return {
    caller: { id: name, config: proof, files: absolute({ ...ownFiles(caller, []), ...knownFiles(authority, sun, null) }) },
    sun: {
      values: {
        proof,
        swanctl_proof: 'local {\n      auth = pubkey\n      certs = own.pem\n      id = sun\n    }\n    remote {\n      auth = pubkey\n      cacerts = ca.pem\n      id = *.load.example\n    }',
        swanctl_secrets: '',
      },
      files: { ...ownFiles(sun, []), ...knownFiles(authority, caller, null) },
    },
  };
}

/** As a configuration in the root folder names them. */
function absolute(files: Files): Files {
  return Object.fromEntries(Object.entries(files).map(([path, text]) => [`/${path}`, text]));
}

/** @throws LabError for a name that is none */
export function parseProof(text: string): ProofName {
  if (text === 'psk' || text === 'ecdsa') return text;
  throw new LabError(`a proof is psk or ecdsa, not ${text}`);
}

export const proofs: Readonly<Record<ProofName, () => Proof>> = { psk, ecdsa };
