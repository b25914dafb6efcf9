/**
 * The families of errors. Each has a stable `code` that logs, events and scripts may rely on.
 * Assertions (our own mistakes) live in `assert.ts`.
 */

/** Base of every error this program throws on purpose. */
export abstract class MhtunError extends Error {
  /** Stable, kebab-case. */
  abstract readonly code: string;
}

/** Bytes that do not parse. The only thing a decoder throws. */
export class DecodeError extends MhtunError {
  override readonly name = 'DecodeError';
  readonly code = 'decode';
  readonly reason: string;
  /** Offset in octets from the start of what was being decoded. */
  readonly offset: number;

  constructor(reason: string, offset: number) {
    super(`${reason} at offset ${offset}`);
    this.reason = reason;
    this.offset = offset;
  }
}

/** The peer broke a rule or can't do what we need. `section` names the rule, as `RFC 7296 §2.7`. */
export class PeerError extends MhtunError {
  override readonly name = 'PeerError';
  readonly code: string;
  readonly section: string;

  constructor(code: string, message: string, section: string) {
    super(`${message} (${section})`);
    this.code = code;
    this.section = section;
  }
}

/** One thing wrong with a configuration. */
export interface ConfigProblem {
  readonly file: string;
  /** 1-based; null where no line fits (a missing file). */
  readonly line: number | null;
  /** Dotted, as `peer[0].child[1].local`; empty where the file as a whole is meant. */
  readonly key: string;
  /** What was expected, what was got, and the nearest right thing. */
  readonly message: string;
}

/** A configuration with at least one problem: all of them at once. */
export class ConfigError extends MhtunError {
  override readonly name = 'ConfigError';
  readonly code = 'config';
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    super(problems.map(formatProblem).join('\n'));
    this.problems = problems;
  }
}

/** `/etc/mhtun/mhtun.toml:12: peer[0].dpd: expected …`. */
export function formatProblem(problem: ConfigProblem): string {
  const line = problem.line === null ? '' : `:${problem.line}`;
  const key = problem.key === '' ? '' : `${problem.key}: `;
  return `${problem.file}${line}: ${key}${problem.message}`;
}

/** A caller broke the contract of one of our own interfaces. */
export class ApiMisuseError extends MhtunError {
  override readonly name = 'ApiMisuseError';
  readonly code = 'api-misuse';
}

/** The operating system said no. */
export class PlatformError extends MhtunError {
  override readonly name = 'PlatformError';
  readonly code = 'platform';
  /** As `EPERM`; empty where there is none. */
  readonly errno: string;
  /** What the person can do about it, as a full sentence. */
  readonly advice: string;

  constructor(message: string, errno: string, advice: string) {
    super(message);
    this.errno = errno;
    this.advice = advice;
  }
}
