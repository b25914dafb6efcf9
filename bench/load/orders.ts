/** What a crowd of callers is, is told, and answers: JSON between two processes. */
import { z } from 'zod';

export interface CrowdPlan {
  /** The first two octets of everybody's address. */
  readonly network: string;
  /** Text of mhtun.toml: `{{name}}` and `{{address}}` stand for the caller's own. */
  readonly config: string;
  /** What it names, by path. */
  readonly files: Record<string, string>;
  /** The peer that it is about. */
  readonly peer: string;
}

export type Order =
  | { readonly do: 'call'; readonly count: number; readonly concurrency: number }
  | { readonly do: 'rekey'; readonly what: 'child' | 'ike'; readonly overMs: number }
  | { readonly do: 'hang-up' };

export interface Answer {
  readonly done: number;
  /** Why, of each that did not succeed. */
  readonly failed: string[];
  readonly tookMs: number;
  /** Of one. */
  readonly longestMs: number;
}

export const crowdShape: z.ZodType<CrowdPlan> = z.object({
  network: z.string(), config: z.string(), files: z.record(z.string(), z.string()), peer: z.string(),
});
export const orderShape: z.ZodType<Order> = z.discriminatedUnion('do', [
  z.object({ do: z.literal('call'), count: z.int(), concurrency: z.int() }),
  z.object({ do: z.literal('rekey'), what: z.enum(['child', 'ike']), overMs: z.number() }),
  z.object({ do: z.literal('hang-up') }),
]);
export const answerShape: z.ZodType<Answer> = z.object({ done: z.int(), failed: z.array(z.string()), tookMs: z.number(), longestMs: z.number() });
