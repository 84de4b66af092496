/** `node writer-main.ts JSON`: uses the library as anybody would, until it is told to stop, ends by itself, or is killed. */
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { openArchives } from '../../../shared/archives/index.ts';
import { Random } from '../random.ts';
import { Journal } from './journal.ts';
import type { WriterOrders } from './orders.ts';
import { TASKS } from './tasks.ts';
import { Writer } from './writer.ts';

const LONGEST_PAUSE_MS = 100;
const MOST_TASKS = 150;

const orders: WriterOrders = JSON.parse(process.argv[2] ?? '');
const random = new Random(orders.seed).fork(orders.tag);
let isStopped = false;
process.on('SIGTERM', () => {
  isStopped = true;
});

const archives = await openArchives(orders.base, {
  rotateSeconds: orders.rotateSeconds,
  spillBytes: 256 * 1024,
  temporaryDirectory: orders.temporary,
  compression: random.chance(0.3) ? 'store' : 'deflate',
});
const journal = new Journal(join(orders.journals, `${orders.tag}.jsonl`));
const writer = new Writer({ archives, random, journal, sources: orders.temporary, tag: orders.tag });

for (let left = random.whole(1, MOST_TASKS); left > 0 && !isStopped; left--) {
  await random.weighted(TASKS).run(writer);
  await delay(random.whole(0, LONGEST_PAUSE_MS));
}
// Sometimes it forgets to close them, and leaves that to its exit, in the middle of something.
if (random.chance(0.3)) {
  await Promise.race([random.weighted(TASKS).run(writer), delay(random.whole(0, LONGEST_PAUSE_MS))]);
  process.exit(0);
}
await archives.close();
