/** The sections `children` of swanctl.conf. */
import type { FoundChild, Start } from './found.js';
import type { Remarks, SettingValue } from './model.js';
import { reason, remarkOthers, type Reasons } from './reasons.js';
import type { View } from './section.js';
import { readCount, readDuration, readReplayWindow, readSelectors, remarkAction, settingOf } from './strongswan-peer.js';
import { readProposals, splitList } from './strongswan-values.js';

/** Null where there are some, and none can be taken over. */
export function readChildren(connection: string, view: View | null, remarks: Remarks): readonly FoundChild[] | null {
  const found = (view?.sectionsFrom('') ?? []).flatMap(([name, child]) => readChild(`${connection}.children.${name}`, name, child, remarks) ?? []);
  return found.length === 0 ? null : found;
}

function readChild(says: string, name: string, view: View, remarks: Remarks): FoundChild | null {
  const mode = view.value('mode');
  if (mode !== null && mode.text !== 'tunnel') {
    remarks.value('mode', mode, `child ${name} is left out: there are tunnels only`);
    return null;
  }
  const ah = view.value('ah_proposals');
  if (ah !== null) {
    remarks.value('ah_proposals', ah, `child ${name} is left out: AH is not there, as it encrypts nothing: use esp_proposals`);
    return null;
  }
  const local = selectors(view, 'local_ts', remarks);
  const remote = selectors(view, 'remote_ts', remarks);
  if (local.length === 0 || remote.length === 0) {
    remarks.add(view.place, says, 'left out: no selector of it is left');
    return null;
  }
  const start = startOf(view, remarks);
  for (const key of ['dpd_action', 'close_action']) remarkAction(settingOf(view, key), start, remarks);
  remarkOthers(view.values(), taken, childReasons, remarks);
  const esp = view.value('esp_proposals');
  const proposals = esp === null ? [] : readProposals('esp_proposals', esp, 'esp', remarks);
  return {
    place: view.place, says, name, local, remote,
    replayWindow: readReplayWindow(settingOf(view, 'replay_window'), remarks),
    esp: proposals.length === 0 ? null : proposals,
    rekeyMs: readDuration(settingOf(view, 'rekey_time'), 1000, remarks),
    rekeyBytes: readCount(settingOf(view, 'rekey_bytes'), remarks),
    rekeyPackets: readCount(settingOf(view, 'rekey_packets'), remarks),
    start,
  };
}

function selectors(view: View, key: string, remarks: Remarks): readonly string[] {
  const value: SettingValue = view.value(key) ?? { ...view.place, text: 'dynamic' };
  return readSelectors(key, value, splitList(value.text), remarks);
}

function startOf(view: View, remarks: Remarks): Start {
  const value = view.value('start_action');
  const start = starts.get(value?.text ?? 'none');
  if (start === undefined && value !== null) remarks.value('start_action', value, 'expected none, trap, start or trap|start');
  return start ?? 'never';
}

const starts: ReadonlyMap<string, Start> = new Map([['none', 'never'], ['trap', 'traffic'], ['route', 'traffic'], ['start', 'now'], ['trap|start', 'now']]);

const taken = [
  'mode', 'ah_proposals', 'local_ts', 'remote_ts', 'start_action', 'dpd_action', 'close_action', 'esp_proposals', 'replay_window', 'rekey_time', 'rekey_bytes', 'rekey_packets',
];

const childReasons: Reasons = {
  life_time: reason.hard, life_bytes: reason.hard, life_packets: reason.hard, rand_time: reason.random, rand_bytes: reason.random, rand_packets: reason.random,
  updown: reason.script, hostaccess: reason.firewall, policies: reason.policies, policies_fwd_out: reason.kernel,
  mark_in: reason.marks, mark_out: reason.marks, mark_in_sa: reason.marks, set_mark_in: reason.marks, set_mark_out: reason.marks,
  if_id_in: reason.marks, if_id_out: reason.marks,
  ipcomp: reason.compression, inactivity: reason.idle, reqid: reason.kernel, priority: reason.kernel, interface: reason.kernel, hw_offload: reason.kernel,
  per_cpu_sas: reason.kernel, label: reason.kernel, label_mode: { ...reason.kernel, unless: ['system'] }, tfc_padding: reason.padding,
  copy_df: { why: 'path MTU discovery works by itself', unless: ['yes'] }, copy_ecn: { why: 'ECN is always copied (RFC 6040)', unless: ['yes'] },
  copy_dscp: { why: 'the DSCP is of the host here: copy_dscp in [endpoint]' }, sha256_96: { why: 'this truncation comes from a withdrawn draft', unless: ['no'] },
};
