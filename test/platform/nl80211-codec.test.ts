import { expect } from 'chai';
import { decodeMessages, encodeMessage, type NetlinkMessage } from '../../lib/platform/netlink-codec.js';
import { decodeFamily, decodeSignal, familyRequest, interfaceRequest, isClient, stationsPayload } from '../../lib/platform/nl80211-codec.js';
import { present } from '../../lib/util/assert.js';
import { fromHex, toHex } from '../../lib/util/bytes.js';

// Drawn after linux/genetlink.h and linux/nl80211.h; family 0x1e stands for what the kernel gives out at its start.
const family = 0x1e;

function message(type: number, hex: string): NetlinkMessage {
  const encoded = encodeMessage({ type, flags: 2, sequence: 1, payload: fromHex(hex) });
  return present(decodeMessages(encoded)[0], 'one message');
}

/** NL80211_CMD_NEW_STATION { generation, ifindex 3, MAC, STA_INFO { … } }. */
function station(info: string): NetlinkMessage {
  const length = info.length / 2 + 4;
  return message(family, `13010000 08002e0001000000 0800030003000000 0a000600 020000000001 0000 ${length.toString(16).padStart(2, '0')}001580 ${info}`);
}

describe('nl80211', () => {
  it('asks for its number, for the type of a link, and for its stations', () => {
    const { type, payload } = familyRequest();
    expect([type, toHex(payload)]).to.deep.equal([16, '030100000c0002006e6c3830323131' + '00']);
    expect(toHex(interfaceRequest(family, 3).payload)).to.equal('050000000800030003000000');
    expect(toHex(stationsPayload(3))).to.equal('110000000800030003000000');
  });

  it('has a number where the kernel has it', () => {
    expect(decodeFamily(message(16, '01020000 0c0002006e6c383032313100 060001001e000000'))).to.equal(family);
    expect(decodeFamily(null)).to.equal(null);
    expect(decodeFamily(message(16, '01020000 0c0002006e6c383032313100'))).to.equal(null);
  });

  it('tells a client from an access point', () => {
    const link = (ifType: string): NetlinkMessage => message(family, `07010000 0800030003000000 080005000${ifType}000000`);
    expect([isClient(family, link('2')), isClient(family, link('8')), isClient(family, link('3')), isClient(family, null)]).to.deep.equal([true, true, false, false]);
  });

  it('reads the signal in dBm, the average where there is one', () => {
    // INACTIVE_TIME, SIGNAL -67, SIGNAL_AVG -70.
    expect(decodeSignal(family, station('0800010064000000 05000700bd000000 05000d00ba000000'.replace(/ /g, '')))).to.equal(-70);
    expect(decodeSignal(family, station('05000700bd000000'))).to.equal(-67);
    expect(decodeSignal(family, station('0500070000000000'))).to.equal(0);
  });

  it('has no signal where the driver says nothing, or the message is another', () => {
    expect(decodeSignal(family, station('0800010064000000'))).to.equal(null);
    expect(decodeSignal(family, message(family, '13010000'))).to.equal(null);
    expect(decodeSignal(family, message(family, '07010000 0800030003000000'))).to.equal(null);
    expect(decodeSignal(family, message(2, '13010000'))).to.equal(null);
    expect(decodeSignal(family, { type: family, flags: 0, sequence: 0, payload: new Uint8Array(2) })).to.equal(null);
  });
});
