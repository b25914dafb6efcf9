/**
 * How long inbound ESP may pause before that is called silence. Dense traffic is missed within milliseconds; traffic with gaps raises
 * false alarms. One now and then costs little, and a host stutters; where they come often each doubles the time, and calm shrinks it again:
 * more slowly where that brings the next alarm.
 */
import { after, type Instant } from '../util/brands.js';
import {
  leastSilentMs, mostSilentMeteredMs, mostSilentMs, mostSilentShrinkMs, silentShrinkMeteredMs, silentShrinkMs, tolerableAlarmMs,
} from './limits.js';

export class Silence {
  #silentMs = leastSilentMs;
  #mostMs = mostSilentMs;
  #shrinkAt: Instant | null = null;
  #shrinkMs = silentShrinkMs;
  /** It shrank, and there was no alarm since. */
  #shrunk = false;
  #alarmAt: Instant | null = null;
  /** Before the last false alarm. */
  #beforeMs = leastSilentMs;

  /** Null: pauses say nothing. */
  get silentMs(): number | null {
    return this.#silentMs < this.#mostMs ? Math.round(this.#silentMs) : null;
  }

  /** The path answered: what was taken for silence was a gap. `metered`: each alarm costs money. */
  falseAlarm(now: Instant, metered: boolean): void {
    const often = metered || (this.#alarmAt !== null && now < after(this.#alarmAt, tolerableAlarmMs));
    this.#alarmAt = now;
    this.#beforeMs = this.#silentMs;
    this.#mostMs = metered ? mostSilentMeteredMs : mostSilentMs;
    if (often) this.#silentMs = Math.min(this.#mostMs, 2 * this.#silentMs);
    if (this.#shrunk) this.#shrinkMs = Math.min(mostSilentShrinkMs, 2 * this.#shrinkMs);
    this.#shrunk = false;
    this.#shrinkLater(now, metered);
  }

  /** The last alarm was right: the path answers, and what came in before could not any more. */
  justified(): void {
    this.#silentMs = Math.min(this.#silentMs, this.#beforeMs);
  }

  get nextAt(): Instant | null {
    return this.#silentMs > leastSilentMs ? this.#shrinkAt : null;
  }

  advance(now: Instant, metered: boolean): void {
    const at = this.nextAt;
    if (at === null || now < at) return;
    this.#silentMs = Math.max(leastSilentMs, 0.5 * this.#silentMs);
    if (this.#shrunk) this.#shrinkMs = silentShrinkMs;
    this.#shrunk = true;
    this.#shrinkLater(now, metered);
  }

  /** Traffic takes a path where alarms cost nothing: what was learned of the other need not hold it up. */
  moved(metered: boolean): void {
    if (metered) return;
    this.#mostMs = mostSilentMs;
    this.#silentMs = Math.min(this.#silentMs, mostSilentMs / 2);
  }

  #shrinkLater(now: Instant, metered: boolean): void {
    this.#shrinkAt = after(now, metered ? silentShrinkMeteredMs : this.#shrinkMs);
  }
}
