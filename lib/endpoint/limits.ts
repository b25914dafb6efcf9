/**
 * What the endpoint takes on at most, and its times. Limits are listed in docs/limits.md with what happens at each;
 * times that are implementation choices carry their reason.
 */

/** A responder's IKE SA not authenticated by then is dropped: IKE_AUTH follows within a round trip and some retransmissions. */
export const halfOpenLifetimeMs = 30_000;

/** IKE_SA_INITs a second that are read, whoever sends them; more are read only from who sends his again or returns a cookie. A few hundredths of a core. */
export const maxInitsPerSecond = 250;
/** Of those that come again, and of those with a cookie: each so many a second. */
export const maxReturningInitsPerSecond = 2000;
/** At once, after a pause: what a gateway's clients send when it comes back. */
export const maxInitBurst = 200;

/** IKE SAs in all. */
export const maxIkeSas = 20_000;
/** Jobs given out at once; more wait in the endpoint, in order. */
export const maxJobsAtOnce = 64;
/** Alarms served in one go; more wait for the next, so that packets and commands get their turn. */
export const maxWakesAtOnce = 1000;
/** Commands waiting for their end; past it a command is refused. */
export const maxPendingCommands = 1000;
/** Addresses taken from one name. */
export const maxAddressesPerName = 16;
/** An answer of DNS holds so long at least, so that a time to live of 0 is not a question a second; a moved peer is found within a minute. */
export const minNameAgeMs = 30_000;
/** And so long at most: whoever forgot to shorten a time to live of days before he moved waits an hour. */
export const maxNameAgeMs = 3_600_000;
/** A question that failed is asked again after so long; doubles up to the last. */
export const firstNameRetryMs = 30_000;
export const lastNameRetryMs = 600_000;
/** Address pairs tried in one attempt. */
export const maxPairsPerAttempt = 64;

/** Unprotected answers (INVALID_IKE_SPI, INVALID_MAJOR_VERSION) in a second, in all: they help honest peers only. */
export const maxUnprotectedAnswersPerSecond = 10;
/** Refused IKE_SA_INITs in a second that the log tells at level `info`; more are told at `debug`. */
export const maxRefusalsLoggedPerSecond = 5;
/** Refused IKE_SA_INITs in a second for which is found out what came nearest, and that are remembered. */
export const maxRefusalsExplainedPerSecond = 25;

/** Attempts at an IKE SA that are remembered once they are over: of one peer (and as many in which nobody answered), and of all peers. */
export const maxAttemptsPerPeer = 8;
export const maxAttemptsOfPeers = 1024;
/** Those of callers who would be a peer if they were believed, in all. */
export const maxClaims = 512;
/** Those of callers who are nobody: of one source, and in all; and as many that fell silent before they said who they are. */
export const maxAttemptsPerSource = 4;
export const maxAttemptsOfStrangers = 128;

/** IKE_SA_INITs of one attempt that may be unanswered at once. */
export const maxRacingAtOnce = 4;
/** Between the starts of two pairs of one race (RFC 8445 §14.2, RFC 8305 §8: 5 to 250 ms): sixteen pairs are all tried within a second. */
export const racePaceMs = 50;
/** While more pairs wait than may run, the oldest gives way after so long; twice that in the second round, four times in the third, and so on. */
export const raceSliceMs = 200;
/** 200 ms doubled so often are longer than an attempt lasts. */
export const maxSliceDoublings = 8;
/** What a path manager is told at once, with all that follows from it: past it the manager and what it drives don't come to rest. */
export const maxPathInputsAtOnce = 10_000;
/** Changes of the path in use that status shows. */
export const maxSwitchesKept = 20;

/** An attempt without success is over after so long; the next follows after the back-off. */
export const attemptLifetimeMs = 30_000;

/** First pause between two attempts; doubles up to the last, which is short: a link that is back is used soon, and an attempt is few packets. */
export const firstPauseMs = 1_000;
export const lastPauseMs = 10_000;
/** Whoever does not let us in is asked less and less often. */
export const lastRefusedPauseMs = 60_000;
/** An IKE SA that stood so long proves that things work: the back-off starts afresh. */
export const stableAfterMs = 10_000;

/** CONTRACT, `give_up`: unanswered for so long, a new IKE_SA_INIT runs beside the old SA. */
export const besideAfterMs = 10_000;

/** The loser of two crossed IKE SAs is deleted so long after its traffic moved: nothing of it is in flight any more. */
export const crossedLoserGraceMs = 1_000;
/** An SA that is to go waits at most so long for the other to have the same Child SAs. */
export const retirementPatienceMs = 5_000;
/** With a peer that does not know our rule, the older of two crossed SAs stays so long, so that not both ends delete a different one. */
export const crossedForeignGraceMs = 5_000;

/** Pause before a missing Child SA is made again; doubles up to the last: the peer has said why not, and is unlikely to think better of it. */
export const firstChildRetryMs = 1_000;
export const lastChildRetryMs = 60_000;
/** The IKE SA's responder waits so much longer, so that the two ends do not make it twice. */
export const responderChildRetryMs = 4_000;

/** Two Child SAs of one name may stand side by side so long: longer than any rekey has both. */
export const duplicatePatienceMs = 5_000;

/** A new IKE SA is tried this part of the term before its end, up to twice that: time for a few attempts. */
export const renewalLeadShare = 0.1;
export const mostRenewalLeadMs = 600_000;
/** What ends an IKE SA that was not authenticated again comes so much later: the other end's clock, and its Delete, have their time. */
export const authTermGraceMs = 5_000;
/** An IKE SA is authenticated again no sooner, whatever the peer says. */
export const shortestAuthTermMs = 10_000;
/** A peer that began both of its IKE SAs may be authenticating again: it deletes the old one itself when its traffic has moved, and is given so long. */
export const callersRenewalGraceMs = 10_000;

/** Shutdown waits so long for the peers' answers. */
export const shutdownGraceMs = 2_000;
