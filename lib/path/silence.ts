/**
 * How long inbound ESP may pause before that is called silence. Dense traffic is missed within milliseconds; traffic with gaps raises
 * false alarms. One now and then costs little, and a host stutters; where they come often each doubles the time, and calm shrinks it again.
 */
import { after, type Instant } from '../util/brands.js';
import { leastSilentMs, mostSilentMs, silentShrinkMs, tolerableAlarmMs } from './limits.js';

export class Silence {
  #silentMs = leastSilentMs;
  #shrinkAt: Instant | null = null;
  #alarmAt: Instant | null = null;

  get silentMs(): number {
    return this.#silentMs;
  }

  /** The path answered: what was taken for silence was a gap. */
  falseAlarm(now: Instant): void {
    const often = this.#alarmAt !== null && now < after(this.#alarmAt, tolerableAlarmMs);
    this.#alarmAt = now;
    if (often) this.#silentMs = Math.min(mostSilentMs, 2 * this.#silentMs);
    this.#shrinkAt = after(now, silentShrinkMs);
  }

  get nextAt(): Instant | null {
    return this.#silentMs > leastSilentMs ? this.#shrinkAt : null;
  }

  advance(now: Instant): void {
    const at = this.nextAt;
    if (at === null || now < at) return;
    this.#silentMs = Math.max(leastSilentMs, 0.5 * this.#silentMs);
    this.#shrinkAt = after(now, silentShrinkMs);
  }
}
