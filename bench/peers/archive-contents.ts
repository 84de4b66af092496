import { writeFileSync } from 'node:fs';

const POOL_BYTES = 1024 * 1024;
/** A stride that shares no factor with the length of the pool: the contents begin everywhere in it. */
const STRIDE = 769;

/** Lines as programs log them, which deflate to a third; the same ones each time. */
export function writePool(path: string): void {
  let state = 20_261_121;
  // The generator of C's rand(): good enough for a log.
  const next = (below: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 8) % below;
  };
  const lines: string[] = [];
  for (let bytes = 0; bytes < POOL_BYTES; ) {
    const time = new Date(1_795_253_401_000 + lines.length * 37 + next(30)).toISOString();
    const request = next(2 ** 24)
      .toString(16)
      .padStart(6, '0');
    const line = `${time} INFO worker=${next(16)} request=${request} path=/srv/in/${next(500)}.csv bytes=${next(90_000)} took=${next(900)}ms\n`;
    lines.push(line);
    bytes += line.length;
  }
  writeFileSync(path, lines.join('').slice(0, POOL_BYTES));
}

/** The content of file `n` of a batch: its number, so that no two are alike, and lines of the pool. */
export function contentOf(pool: Buffer, batch: string, n: number, sizeBytes: number): Buffer {
  const head = Buffer.from(`${batch} ${String(n).padStart(8, '0')}\n`);
  const startsAt = (n * STRIDE) % (pool.length - sizeBytes);
  return Buffer.concat([head, pool.subarray(startsAt, startsAt + sizeBytes - head.length)]);
}
