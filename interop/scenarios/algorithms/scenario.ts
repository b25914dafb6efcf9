/** See README.md. */
import { ensure } from '../../lab/exec.js';
import { succeeded } from '../../lab/stage.js';
import { alternating, type Scenario } from '../../scenario.js';

/** IKE proposal, ESP proposal, and what strongSwan calls the ESP cipher and group after a rekey. */
const suites: readonly (readonly [string, string, RegExp])[] = [
  ['aes128gcm16-prfsha256-x25519', 'aes128gcm16-x25519', /^AES_GCM_16\/128\/CURVE_25519/],
  ['aes192gcm16-prfsha384-ecp384', 'aes192gcm16-ecp384', /^AES_GCM_16\/192\/ECP_384/],
  ['aes256gcm16-prfsha512-x448', 'aes256gcm16-x448', /^AES_GCM_16\/256\/CURVE_448/],
  ['chacha20poly1305-prfsha256-ecp256', 'chacha20poly1305-ecp256', /^CHACHA20_POLY1305\/ECP_256/],
  ['aes128-sha256-modp2048', 'aes128-sha256-modp2048', /^AES_CBC\/128\/HMAC_SHA2_256_128\/MODP_2048/],
  ['aes192-sha384-modp3072', 'aes192-sha384-modp3072', /^AES_CBC\/192\/HMAC_SHA2_384_192\/MODP_3072/],
  ['aes256-sha512-modp4096', 'aes256-sha512-modp4096', /^AES_CBC\/256\/HMAC_SHA2_512_256\/MODP_4096/],
  ['aes256-sha256-ecp521', 'aes256-sha256-ecp521', /^AES_CBC\/256\/HMAC_SHA2_256_128\/ECP_521/],
];

export const scenario: Scenario = {
  variants: suites.map(([ike, esp], index) => ({ name: ike, pairs: alternating(index), values: { ike: [ike], esp: [esp] } })),
  async play(stage) {
    await stage.connect();
    succeeded(await stage.moon.rekeyChild(), 'rekey of the Child SA');
    succeeded(await stage.moon.rekeyIke(), 'rekey of the IKE SA');
    await stage.settled(1, 1);
    await stage.reaches();
    const wanted = suites.find(([ike]) => ike === stage.variant.name)?.[2];
    const { suite } = await stage.child(stage.strongSwan);
    ensure(wanted?.test(suite) === true, `the Child SA has ${suite}, not ${String(wanted)}`);
  },
};
