/**
 * What a path manager takes on at most, and its times. Limits are listed in docs/limits.md with what happens at each; times that are
 * our choice carry their reason.
 */

/** Paths of one peer: eight uplinks at both ends. */
export const maxPaths = 64;
/** Newest tests of a path kept for graphs: what a terminal's line shows. */
export const maxRecentRtts = 60;
/** Tests that the loss of a path is reckoned from: one lost is 2 %. */
export const maxLossTests = 50;
/** Tests under way at once; one in its turn, the others are copies at a moment of doubt. */
export const maxTestsAtOnce = 32;
/** Networks whose probe budget is remembered after they are gone, so that one that comes and goes does not get it anew. */
export const maxBudgets = 64;
/** Loss is judged from so many tests on. */
export const leastLossTests = 10;

/** Validated means: a fresh COOKIE2 came back not longer ago. */
export const validForMs = 60_000;
/** Before a move by preference the path was tested not longer ago: make before break. */
export const freshForMs = 2_000;
/** While there is traffic a path that stands by is tested again well before its validation is too old, a lost test included. */
export const revalidateAfterMs = 45_000;

/** RFC 9002 §6.2.2 has 333 ms for a round trip not measured yet, and three of them for its probe time-out. */
export const initialPtoMs = 1_000;
/** Whatever the variance: a path that answers after so long carries nothing that anybody waits for. */
export const mostPtoMs = 10_000;
/** Least part of the probe time-out for the variance: timers and queues of a busy host differ by so much. */
export const leastVarianceMs = 10;

/** Copies of a request in one round of doubt, so that random loss is not taken for silence; one on a metered network. */
export const doubtCopies = 3;
/** More on a path that loses packets: that all of a round are lost by chance is to be so rare. */
export const chanceOfFalseDoubt = 3e-7;
export const mostDoubtCopies = 6;
/** Paths that stand by and get a copy, too, so that it is known which of them works at this moment. */
export const alternativesAsked = 4;
/** Least time between two of these copies: not the same burst of loss. */
export const leastCopySpacingMs = 3;
/** A round takes at least so long: a host that computes answers late. A plain peer does its key exchanges before it answers. */
export const leastRoundMs = 25;
export const leastPlainRoundMs = 80;
/** A round while packets come in takes at least so long: the path is not dead, and a queue that has filled up answers late. */
export const stubbornRoundMs = 250;
/** Unanswered rounds: a plain peer's path is left after two, any is down after three. */
export const roundsToLeavePlain = 2;
export const roundsToDown = 3;

/** A path that was down has to answer so many tests in a row, and a new one one. */
export const goodTestsAfterDown = 5;
/** Between tests of a path that came back: five of them take 2 s. */
export const recoveryProbeMs = 500;
/** Between tests of a path that failed and is not welcome back yet: an outage of seconds is seen. */
export const trialProbeMs = 1_000;
/** A path that stands by and lost a test is tested again after so long; doubles. */
export const retestMs = 200;
/** Between tests of a path that does not answer: doubles from the first to the last. Where no path works, at most to the third. */
export const firstScoutMs = 1_000;
export const lastScoutMs = 60_000;
export const lastScoutInNeedMs = 4_000;
/** A test waits at least and at most so long for its answer: a queue may fill up within a second. */
export const leastTestTimeoutMs = 300;
export const mostTestTimeoutMs = 4_000;
/** Nothing else is tested while scouts are out. */
export const mostScoutTimeoutMs = 2_000;
/** A test whose answer has not come by then is suspicious even while packets come in: a busy peer answers sooner. */
export const overdueMs = 1_000;
/** No setting makes tests of one path more frequent than this. */
export const leastProbeIntervalMs = 50;
/** The IKE SA answers every test. One that it forgot does not stop us for longer than this past its time-out. */
export const testPatienceMs = 30_000;

/** On a metered network a path in use is tested so many times more rarely. */
export const meteredStretch = 10;

/** A peer that under traffic tests a path more rarely than this, in use or standing by, spares it. */
export const thriftyInUseMs = 5_000;
export const thriftyStandbyMs = 25_000;
/** What we then spend of the 16 MB; the rest is the peer's own. */
export const thriftyShare = 0.05;

/** Nothing left or came in for so long: nothing happens. */
export const idleAfterMs = 5_000;
/** ESP heard on a path is told ten times a second; so long after the last of them it may still flow. */
export const espToldWithinMs = 250;

/** No ESP for so long: a NAT may have forgotten us, or may be new. */
export const hearsNothingAfterMs = 1_000;

/**
 * Silence is told after so long at first: dense traffic has no such gaps. Doubled by false alarms; from the last on pauses are left to
 * the tests, which come twice a second anyway.
 */
export const leastSilentMs = 12;
export const mostSilentMs = 400;
/** One false alarm in so long is the price of noticing silence at once: three copies of a request. */
export const tolerableAlarmMs = 2_000;
/** Without a false alarm for so long the time shrinks again by half; twice as long, up to the last, where that brought one. */
export const silentShrinkMs = 5_000;
export const mostSilentShrinkMs = 40_000;
/** Where tests cost money, alarms double the time each time, up to this, and then pauses are left to the tests; calm is this long. */
export const mostSilentMeteredMs = 1_500;
export const silentShrinkMeteredMs = 300_000;

/** A dwell doubles up to this. */
export const longestDwellMs = 600_000;
/** A path that worked for so long, or a choice that stood so long, has its sins forgiven. */
export const forgiveAfterMs = 600_000;

/** Two moves to the same path are at least so far apart. */
export const leastMoveIntervalMs = 200;
/** Where no path works, scouts have so long to get out; then paths are tried by moving there, each for so long. */
export const hopeAfterMs = 300;
export const hopeForMs = 1_000;
/** After each round over all of them twice as long, up to this. */
export const lastHopeMs = 8_000;

/** After a move the peer's ESP may still come the old way for some round trips. */
export const settleMs = 100;
/** A responder that asked in vain waits so long before it asks again; doubles up to the last. */
export const firstAskAgainMs = 2_000;
export const lastAskAgainMs = 60_000;
/** The initiator that followed and went elsewhere is not asked by preference for so long; doubles up to the last. */
export const firstRefusalMs = 60_000;
export const lastRefusalMs = 3_600_000;
/** The initiator goes first where both ends want the same. */
export const askLaterMs = 5_000;

/** RFC 3948 §4: the default of NAT-keepalives. */
export const keepaliveMs = 20_000;
