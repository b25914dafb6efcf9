/** Reads a file of test vectors: `vectors/NAME.json`, an object with a `source` and its `cases`. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { fromHex } from '../../lib/util/bytes.js';

/** Octets written as hex. */
export const octets: z.ZodType<Uint8Array, string> = z.string().regex(/^([0-9a-f]{2})*$/).transform((hex) => fromHex(hex));

/** The cases of `vectors/NAME.json`; at least one. @throws where the file does not have the shape */
export function readVectors<Case extends z.ZodType>(name: string, shape: Case): z.output<Case>[] {
  return readVectorFile(name, z.object({ source: z.string().min(1), cases: z.array(shape).min(1) })).cases;
}

/** The whole of `vectors/NAME.json`. */
export function readVectorFile<Shape extends z.ZodType>(name: string, shape: Shape): z.output<Shape> {
  const json: unknown = JSON.parse(readFileSync(new URL(`../../vectors/${name}.json`, import.meta.url), 'utf8'));
  return shape.parse(json);
}
