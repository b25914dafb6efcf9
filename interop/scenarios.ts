/** Every scenario by its name, in the order in which they are played. */
import type { Scenario } from './scenario.js';
import { scenario as addressRemoved } from './scenarios/address-removed/scenario.js';
import { scenario as addressRenewed } from './scenarios/address-renewed/scenario.js';
import { scenario as algorithms } from './scenarios/algorithms/scenario.js';
import { scenario as bigPackets } from './scenarios/big-packets/scenario.js';
import { scenario as bothLost } from './scenarios/both-lost/scenario.js';
import { scenario as certificates } from './scenarios/certificates/scenario.js';
import { scenario as certificatesRefused } from './scenarios/certificates-refused/scenario.js';
import { scenario as childless } from './scenarios/childless/scenario.js';
import { scenario as configPayload } from './scenarios/config-payload/scenario.js';
import { scenario as cookie } from './scenarios/cookie/scenario.js';
import { scenario as crossedInitiation } from './scenarios/crossed-initiation/scenario.js';
import { scenario as deletion } from './scenarios/delete/scenario.js';
import { scenario as esn } from './scenarios/esn/scenario.js';
import { scenario as failClosed } from './scenarios/fail-closed/scenario.js';
import { scenario as families } from './scenarios/families/scenario.js';
import { scenario as fragmentation } from './scenarios/fragmentation/scenario.js';
import { scenario as fullTunnel } from './scenarios/full-tunnel/scenario.js';
import { scenario as identities } from './scenarios/identities/scenario.js';
import { scenario as invalidKe } from './scenarios/invalid-ke/scenario.js';
import { scenario as ipv4Ipv6 } from './scenarios/ipv4-ipv6/scenario.js';
import { scenario as ipPool } from './scenarios/ip-pool/scenario.js';
import { scenario as ipTwoPools } from './scenarios/ip-two-pools/scenario.js';
import { scenario as leavesNothing } from './scenarios/leaves-nothing/scenario.js';
import { scenario as lid } from './scenarios/lid/scenario.js';
import { scenario as linkDown } from './scenarios/link-down/scenario.js';
import { scenario as liveness } from './scenarios/liveness/scenario.js';
import { scenario as mobike } from './scenarios/mobike/scenario.js';
import { scenario as mobikeNatMappings } from './scenarios/mobike-nat-mappings/scenario.js';
import { scenario as mobikeOneSided } from './scenarios/mobike-one-sided/scenario.js';
import { scenario as move } from './scenarios/move/scenario.js';
import { scenario as narrowing } from './scenarios/narrowing/scenario.js';
import { scenario as nat } from './scenarios/nat/scenario.js';
import { scenario as natAppears } from './scenarios/nat-appears/scenario.js';
import { scenario as natExpiry } from './scenarios/nat-expiry/scenario.js';
import { scenario as natRebinding } from './scenarios/nat-rebinding/scenario.js';
import { scenario as natVirtualIp } from './scenarios/nat-virtual-ip/scenario.js';
import { scenario as noProposal } from './scenarios/no-proposal/scenario.js';
import { scenario as protoportTrap } from './scenarios/protoport-trap/scenario.js';
import { scenario as psk } from './scenarios/psk/scenario.js';
import { scenario as readme } from './scenarios/readme/scenario.js';
import { scenario as reauthEarly } from './scenarios/reauth-early/scenario.js';
import { scenario as reauthMbb } from './scenarios/reauth-mbb/scenario.js';
import { scenario as reauthMbbRevoked } from './scenarios/reauth-mbb-revoked/scenario.js';
import { scenario as reconnect } from './scenarios/reconnect/scenario.js';
import { scenario as rekeyChild } from './scenarios/rekey-child/scenario.js';
import { scenario as rekeyCollision } from './scenarios/rekey-collision/scenario.js';
import { scenario as rekeyIke } from './scenarios/rekey-ike/scenario.js';
import { scenario as restart } from './scenarios/restart/scenario.js';
import { scenario as rwEapDevices } from './scenarios/rw-eap-devices/scenario.js';
import { scenario as rwEapDynamic } from './scenarios/rw-eap-dynamic/scenario.js';
import { scenario as rwEapMd5IdRsaPpk } from './scenarios/rw-eap-md5-id-rsa-ppk/scenario.js';
import { scenario as rwEapMd5Rsa } from './scenarios/rw-eap-md5-rsa/scenario.js';
import { scenario as rwEapMschapv2IdRsa } from './scenarios/rw-eap-mschapv2-id-rsa/scenario.js';
import { scenario as rwPskPpk } from './scenarios/rw-psk-ppk/scenario.js';
import { scenario as silentCut } from './scenarios/silent-cut/scenario.js';
import { scenario as startOnTraffic } from './scenarios/start-on-traffic/scenario.js';
import { scenario as tsUnacceptable } from './scenarios/ts-unacceptable/scenario.js';
import { scenario as twoChildren } from './scenarios/two-children/scenario.js';
import { scenario as wrongPsk } from './scenarios/wrong-psk/scenario.js';

export const scenarios: ReadonlyMap<string, Scenario> = new Map([
  ['psk', psk],
  ['readme', readme],
  ['identities', identities],
  ['certificates', certificates],
  ['certificates-refused', certificatesRefused],
  ['rw-psk-ppk', rwPskPpk],
  ['rw-eap-mschapv2-id-rsa', rwEapMschapv2IdRsa],
  ['rw-eap-md5-rsa', rwEapMd5Rsa],
  ['rw-eap-md5-id-rsa-ppk', rwEapMd5IdRsaPpk],
  ['rw-eap-dynamic', rwEapDynamic],
  ['rw-eap-devices', rwEapDevices],
  ['algorithms', algorithms],
  ['rekey-child', rekeyChild],
  ['rekey-ike', rekeyIke],
  ['rekey-collision', rekeyCollision],
  ['reauth-mbb', reauthMbb],
  ['reauth-early', reauthEarly],
  ['reauth-mbb-revoked', reauthMbbRevoked],
  ['delete', deletion],
  ['restart', restart],
  ['reconnect', reconnect],
  ['crossed-initiation', crossedInitiation],
  ['liveness', liveness],
  ['wrong-psk', wrongPsk],
  ['no-proposal', noProposal],
  ['ts-unacceptable', tsUnacceptable],
  ['narrowing', narrowing],
  ['two-children', twoChildren],
  ['invalid-ke', invalidKe],
  ['cookie', cookie],
  ['fragmentation', fragmentation],
  ['childless', childless],
  ['families', families],
  ['config-payload', configPayload],
  ['ip-pool', ipPool],
  ['ip-two-pools', ipTwoPools],
  ['nat-virtual-ip', natVirtualIp],
  ['nat', nat],
  ['nat-rebinding', natRebinding],
  ['move', move],
  ['mobike', mobike],
  ['mobike-nat-mappings', mobikeNatMappings],
  ['mobike-one-sided', mobikeOneSided],
  ['link-down', linkDown],
  ['address-removed', addressRemoved],
  ['address-renewed', addressRenewed],
  ['lid', lid],
  ['silent-cut', silentCut],
  ['ipv4-ipv6', ipv4Ipv6],
  ['nat-appears', natAppears],
  ['nat-expiry', natExpiry],
  ['both-lost', bothLost],
  ['big-packets', bigPackets],
  ['fail-closed', failClosed],
  ['start-on-traffic', startOnTraffic],
  ['protoport-trap', protoportTrap],
  ['full-tunnel', fullTunnel],
  ['leaves-nothing', leavesNothing],
  ['esn', esn],
]);
