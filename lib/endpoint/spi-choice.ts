/** Numbers that the endpoint draws: SPIs, and where chance decides between two ends. */
import type { RandomBytes } from '../crypto/algorithm.js';
import { espSpi, ikeSpi, type EspSpi, type IkeSpi } from '../util/brands.js';
import { toHex } from '../util/bytes.js';

/** RFC 7296 §3.1: never 0. */
export function drawIkeSpi(random: RandomBytes, taken: (spi: IkeSpi) => boolean): IkeSpi {
  for (;;) {
    const spi = ikeSpi(toHex(random(8)));
    if (!/^0+$/.test(spi) && !taken(spi)) return spi;
  }
}

/** RFC 4303 §2.1: 1 to 255 are reserved, 0 is never sent. */
export function drawEspSpi(random: RandomBytes, taken: (spi: EspSpi) => boolean): EspSpi {
  for (;;) {
    const spi = espSpi(drawUint32(random));
    if (spi >= 256 && !taken(spi)) return spi;
  }
}

/** From 0 up to but not including 1. */
export function drawFraction(random: RandomBytes): number {
  return drawUint32(random) / 2 ** 32;
}

function drawUint32(random: RandomBytes): number {
  const [a = 0, b = 0, c = 0, d = 0] = random(4);
  return ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
}
