/** A forked process that writes its share of small files, into archives or plainly: told by its argument, started by a message, it reports when all is written. */
import { mkdirSync, readFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { openArchives } from '../../shared/archives/index.ts';
import { contentOf } from './archive-contents.ts';
import { filesOf, type WriteOrder, type WriteReport } from './archive-order.ts';

type File = { path: string; content: Buffer };
type Write = (file: File) => Promise<void>;

const order: WriteOrder = JSON.parse(process.argv[2] ?? '');
const pool = readFileSync(order.pool);

process.once('disconnect', () => process.exit());
process.once('message', () => void (order.how === 'archives' ? writeArchives() : writePlain()).then(report));
process.send?.('ready');

/** As a program would that has many files to write: opened, written, closed, a number of them at a time. */
async function writeArchives(): Promise<void> {
  const archives = await openArchives(order.directory, { rotateSeconds: 300 });
  await writeAll('.zip', async ({ path, content }) => {
    const file = archives.open(path);
    await file.write(content);
    await file.close();
  });
  await archives.close();
}

async function writePlain(): Promise<void> {
  const made = new Set<string>();
  await writeAll('', async ({ path, content }) => {
    const absolute = join(order.directory, path);
    const directory = join(absolute, '..');
    if (!made.has(directory)) {
      mkdirSync(directory, { recursive: true });
      made.add(directory);
    }
    const file = await open(absolute, 'wx');
    await file.write(content);
    if (order.isSynced) await file.sync();
    await file.close();
  });
  if (order.isSynced) for (const directory of made) await syncDirectory(directory);
}

async function writeAll(suffix: string, write: Write): Promise<void> {
  const files = filesOf(order);
  const writeOn = async (): Promise<void> => {
    for (const { n, archive, member } of files) {
      const content = contentOf(pool, order.batch, n, order.sizeBytes);
      await write({ path: `${archive}${suffix}/${member}`, content });
    }
  };
  await Promise.all(Array.from({ length: order.inFlight }, () => writeOn()));
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  await directory.sync();
  await directory.close();
}

function report(): void {
  const [, kib] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'latin1')) ?? [];
  const { user, system } = process.cpuUsage();
  const message: WriteReport = {
    files: [...filesOf(order)].length,
    peakBytes: Number(kib) * 1024,
    cpuSeconds: (user + system) / 1e6,
  };
  process.send?.(message, () => process.disconnect());
}
