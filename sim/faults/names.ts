/** The names of all faults, by whose they are. */

export type NetworkFaultName =
  | 'loss' | 'loss-in-bursts' | 'duplication' | 'reordering' | 'corruption' | 'truncation'
  | 'padding' | 'delay-spike' | 'slow-path' | 'slow-ike' | 'bandwidth' | 'small-mtu'
  | 'ike-fragments-lost' | 'ike-lost' | 'esp-lost' | 'silence-out' | 'silence-in' | 'silence'
  | 'partition' | 'one-pair-silent' | 'nat-rebinding' | 'nat-gone';

export type HostFaultName =
  | 'link-down' | 'links-flap' | 'all-links-down' | 'address-added' | 'address-swapped' | 'send-refused'
  | 'no-route' | 'clock-fast' | 'clock-slow' | 'timers-late' | 'slow-work' | 'sleep'
  | 'crash' | 'crash-forgets' | 'restart';

export type OperatorFaultName =
  | 'rekey-child' | 'rekey-ike' | 'rekey-child-at-both' | 'rekey-ike-at-both' | 'rekey-ike-and-child' | 'terminate-child'
  | 'terminate-ike' | 'terminate-at-both' | 'initiate' | 'initiate-at-both' | 'move' | 'move-at-both'
  | 'reload' | 'reload-changed';

export type AttackerFaultName =
  | 'replayed-esp' | 'replayed-ike' | 'replayed-late' | 'copied-first' | 'random-datagrams' | 'guessed-spis'
  | 'altered-esp' | 'altered-ike' | 'forged-init' | 'forged-informational';

export type FaultName = NetworkFaultName | HostFaultName | OperatorFaultName | AttackerFaultName;
