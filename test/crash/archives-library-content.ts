import { createHash } from 'node:crypto';

const LARGE_BYTES = 1024 ** 2 + 70_000;

/** What a writer deposits under a name: every seventh is streamed, and all are different. */
export function contentOf(name: string): Buffer {
  const number = Number(name.slice(name.lastIndexOf('/') + 1));
  const seed = createHash('sha256').update(name).digest();
  return Buffer.alloc(number % 7 === 3 ? LARGE_BYTES : 100 + number * 31, seed);
}
