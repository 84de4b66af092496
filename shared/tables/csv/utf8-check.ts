import { isUtf8 } from 'node:buffer';

/** Finds the first byte of a text that is no UTF-8. Chunks may be cut anywhere. */
export class Utf8Check {
  #pushedBytes = 0;
  /** The beginning of a character whose end has not come yet. */
  #tail: Buffer = Buffer.alloc(0);

  /** @returns the offset, from the first byte that was pushed, where the text is wrong */
  push(chunk: Buffer): number | undefined {
    let body = chunk;
    if (this.#tail.length > 0) {
      const missing = characterBytes(this.#tail[0] as number) - this.#tail.length;
      const joined = Buffer.concat([this.#tail, chunk.subarray(0, missing)]);
      if (joined.length > openBytes(joined) && !isUtf8(joined)) return this.#pushedBytes - this.#tail.length;
      body = chunk.subarray(Math.min(missing, chunk.length));
      this.#tail = chunk.length < missing ? joined : Buffer.alloc(0);
    }
    const open = openBytes(body);
    const whole = body.subarray(0, body.length - open);
    if (!isUtf8(whole)) return this.#pushedBytes + chunk.length - body.length + firstWrong(whole);
    if (open > 0) this.#tail = Buffer.from(body.subarray(body.length - open));
    this.#pushedBytes += chunk.length;
    return undefined;
  }

  finish(): number | undefined {
    return this.#tail.length > 0 ? this.#pushedBytes - this.#tail.length : undefined;
  }
}

/** How many bytes at the end are the beginning of a character that is not whole. */
function openBytes(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] as number;
    if (byte >= 0xc0) return characterBytes(byte) > back ? back : 0;
    if (byte < 0x80) return 0;
  }
  return 0;
}

const characterBytes = (lead: number): number => (lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2);

/** By halves: text is right up to its first wrong byte, and never behind it. */
function firstWrong(bytes: Buffer): number {
  let right = 0;
  let wrong = bytes.length;
  while (wrong - right > 1) {
    const middle = (right + wrong) >>> 1;
    const head = bytes.subarray(0, middle);
    if (isUtf8(head.subarray(0, middle - openBytes(head)))) right = middle;
    else wrong = middle;
  }
  return wrong - 1;
}
