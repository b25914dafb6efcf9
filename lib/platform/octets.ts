/** Numbers and octets one after the other, little-endian, as the addon's native data plane takes and gives them. */

export class OctetWriter {
  #bytes = new Uint8Array(512);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  u8(value: number): void {
    const at = this.#room(1);
    this.#view.setUint8(at, value);
  }

  flag(value: boolean): void {
    this.u8(value ? 1 : 0);
  }

  u16(value: number): void {
    const at = this.#room(2);
    this.#view.setUint16(at, value, true);
  }

  u32(value: number): void {
    const at = this.#room(4);
    this.#view.setUint32(at, value, true);
  }

  f64(value: number): void {
    const at = this.#room(8);
    this.#view.setFloat64(at, value, true);
  }

  octets(bytes: Uint8Array): void {
    const at = this.#room(bytes.length);
    this.#bytes.set(bytes, at);
  }

  /** At most 65,535 octets of UTF-8, their number first. */
  text(text: string): void {
    const bytes = new TextEncoder().encode(text).subarray(0, 0xffff);
    this.u16(bytes.length);
    this.octets(bytes);
  }

  /** What was written; nothing of it is left here. */
  take(): Uint8Array {
    const taken = this.#bytes.slice(0, this.#length);
    this.#bytes.fill(0);
    this.#length = 0;
    return taken;
  }

  /** Where so many octets go. Ask before `#view` is looked at: it may be another one afterwards. */
  #room(octets: number): number {
    const at = this.#length;
    this.#length += octets;
    if (this.#length > this.#bytes.length) {
      const larger = new Uint8Array(this.#length * 2);
      larger.set(this.#bytes.subarray(0, at));
      // There may be keys in it.
      this.#bytes.fill(0);
      this.#bytes = larger;
      this.#view = new DataView(larger.buffer);
    }
    return at;
  }
}

/** The addon is the only one who writes what this reads: past the end is our own mistake and throws. */
export class OctetReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2), true);
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  f64(): number {
    return this.#view.getFloat64(this.#take(8), true);
  }

  /** A copy. */
  octets(length: number): Uint8Array {
    const at = this.#take(length);
    return this.#bytes.slice(at, at + length);
  }

  text(): string {
    return new TextDecoder().decode(this.octets(this.u16()));
  }

  #take(octets: number): number {
    const at = this.#at;
    this.#at += octets;
    return at;
  }
}
