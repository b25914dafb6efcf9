/** A message in one line, as the RFCs draw it: `CREATE_CHILD_SA request 3 { SA, Ni, KEi, N(REKEY_SA), TSi, TSr }`. Nothing secret is in it. */
import { exchangeName, notifyName, payloadName, protocolId } from '../wire/iana.js';
import { payloadTypeOf, type Payload } from '../wire/payload.js';
import { toHex } from '../util/bytes.js';

export function drawMessage(exchangeType: number, response: boolean, messageId: number, payloads: readonly Payload[]): string {
  return `${exchangeName(exchangeType)} ${response ? 'response' : 'request'} ${messageId} { ${payloads.map(draw).join(', ')} }`;
}

function draw(payload: Payload): string {
  if (payload.kind === 'notify') {
    const spi = payload.spi.length === 0 ? '' : ` ${toHex(payload.spi)}`;
    return `N(${notifyName(payload.notifyType)}${spi})`;
  }
  if (payload.kind === 'delete') return payload.protocol === protocolId.IKE ? 'D(IKE)' : `D(${payload.spis.map(toHex).join(' ')})`;
  return payloadName(payloadTypeOf(payload));
}
