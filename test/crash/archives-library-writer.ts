/**
 * A writer of archives that is to be killed: `node archives-library-writer.ts BASE DEPOSITS`. Says each name when its deposit is acknowledged.
 */
import { randomBytes } from 'node:crypto';
import { writeSync } from 'node:fs';
import { Archives } from '../../shared/archives/library/archives.ts';
import { Depositor } from '../../shared/archives/staging/depositor.ts';
import { systemClock } from '../../shared/clock.ts';
import { crashPointsFrom } from '../../shared/crash-points.ts';
import { thisProcess } from '../../shared/linux/process-identity.ts';
import { contentOf } from './archives-library-content.ts';

const AT_ONCE = 4;

const [, , base = '', deposits = '0'] = process.argv;
const depositor = new Depositor({
  base,
  identity: thisProcess(),
  // Often, so that the points of closing are reached, too.
  rotateMs: 20,
  compression: 'deflate',
  clock: systemClock,
  randomBytes,
  crash: crashPointsFrom(process.env),
});
const archives = new Archives({
  base,
  depositor,
  clock: systemClock,
  spillBytes: 64 * 1024,
  temporaryDirectory: base,
  onClosed: () => undefined,
});

const names = Array.from({ length: Number(deposits) }, (_, n) => `sub/ar-${n % 3}.zip/dir/${n}`).values();

await Promise.all(
  Array.from({ length: AT_ONCE }, async () => {
    for (const name of names) {
      const file = archives.open(name);
      await file.write(contentOf(name));
      await file.close();
      writeSync(1, `${name}\n`);
    }
  }),
);
await archives.close();
