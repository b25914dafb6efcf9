/**
 * Loaded before the program (`node --import`) at the end that is not searched: writes every key that the program gives to OpenSSL through Node, and
 * every secret that two ends agreed on, into the file MHTUN_KEY_TAP, as lines `kind hex`. So the product needs no door to its keys.
 */
import crypto from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const file = process.env.MHTUN_KEY_TAP;
const told = new Set();

function tell(kind, octets) {
  if (!(octets instanceof Uint8Array)) return;
  const line = `${kind} ${Buffer.from(octets).toString('hex')}\n`;
  if (told.has(line)) return;
  told.add(line);
  appendFileSync(file, line, { mode: 0o666 });
}

const { createHmac, createCipheriv, createDecipheriv, diffieHellman } = crypto;
crypto.createHmac = (name, key, ...rest) => {
  tell('hmac', key);
  return createHmac(name, key, ...rest);
};
crypto.createCipheriv = (name, key, ...rest) => {
  tell('cipher', key);
  return createCipheriv(name, key, ...rest);
};
crypto.createDecipheriv = (name, key, ...rest) => {
  tell('cipher', key);
  return createDecipheriv(name, key, ...rest);
};
crypto.diffieHellman = (...args) => {
  const secret = diffieHellman(...args);
  tell('agreed', secret);
  return secret;
};
syncBuiltinESMExports();
