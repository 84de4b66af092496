import { writeFileSync } from 'node:fs';
import { chmod, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import type { ArchiveFile } from '../../../shared/archives/index.ts';
import { sha256Of } from './cargo.ts';
import type { Draft, Writer } from './writer.ts';

/** One way in which somebody uses the library. */
export type Task = { name: string; weight: number; run(writer: Writer): Promise<void> };

const KIB = 1024;
const MIB = 1024 * KIB;

const open = (writer: Writer, { path, mode, mtimeMs }: Draft): ArchiveFile =>
  writer.archives.open(path, { mode, mtime: mtimeMs });

async function writeAndClose(writer: Writer, draft: Draft): Promise<void> {
  await using file = open(writer, draft);
  await file.write(draft.bytes);
  await file.close();
}

/** Many at once, which share what can be shared. */
const burst: Task = {
  name: 'burst',
  weight: 8,
  async run(writer) {
    const { random } = writer;
    const drafts = Array.from({ length: random.whole(1, 60) }, () =>
      writer.fresh(Math.floor(random.fraction() ** 3 * 16 * KIB)),
    );
    await writer.deposit(drafts, (draft) => writeAndClose(writer, draft));
  },
};

/** Names and contents that others have as well: duplicates and versions. */
const shared: Task = {
  name: 'shared names',
  weight: 4,
  async run(writer) {
    const drafts = Array.from({ length: writer.random.whole(1, 6) }, () => writer.shared());
    await writer.deposit(drafts, (draft) => writeAndClose(writer, draft));
  },
};

/** Larger than a file may be in memory, piece by piece. */
const large: Task = {
  name: 'large',
  weight: 1,
  async run(writer) {
    const draft = writer.fresh(writer.random.whole(MIB, 3 * MIB));
    await writer.deposit([draft], async () => {
      await using file = open(writer, draft);
      for (let at = 0; at < draft.sizeBytes; at += 300 * KIB)
        await file.write(draft.bytes.subarray(at, at + 300 * KIB));
      await file.close();
    });
  },
};

/** Written from behind, cut, read back and mended. */
const edited: Task = {
  name: 'edited',
  weight: 2,
  async run(writer) {
    const draft = writer.fresh(writer.random.whole(2, 100 * KIB));
    const middle = Math.floor(draft.sizeBytes / 2);
    await writer.deposit([draft], async () => {
      await using file = open(writer, draft);
      await file.write(Buffer.alloc(draft.sizeBytes + 7, 0xff));
      await file.truncate(middle);
      await file.write(draft.bytes.subarray(middle), middle);
      file.seek(0);
      await file.write(draft.bytes.subarray(0, middle));
      if (sha256Of(await file.read(undefined, 0)) !== draft.sha256)
        throw new Error(`what is read back of ${draft.path} is not what was written`);
      await file.close();
    });
  },
};

const pickedUp: Task = {
  name: 'picked up',
  weight: 2,
  async run(writer) {
    const { random, sources } = writer;
    const drafts: Draft[] = [];
    for (let left = random.whole(1, 5); left > 0; left--) {
      const draft = writer.fresh(random.whole(0, random.chance(0.1) ? 2 * MIB : 20 * KIB));
      const source = join(sources, draft.sha256);
      writeFileSync(source, draft.bytes, { flag: 'wx' });
      await chmod(source, draft.mode);
      await utimes(source, draft.mtimeMs / 1000, draft.mtimeMs / 1000);
      drafts.push({ ...draft, source });
    }
    await writer.deposit(drafts, ({ source = '', path }) => writer.archives.pickup(source, path));
  },
};

/** Something goes wrong in the block, and the file is never closed. */
const thrownAway: Task = {
  name: 'thrown away',
  weight: 1,
  async run(writer) {
    const draft: Draft = { ...writer.fresh(2000), isThrownAway: true };
    await writer.deposit([draft], async () => {
      await using file = open(writer, draft);
      await file.write(draft.bytes);
    });
  },
};

export const TASKS: readonly Task[] = [burst, shared, large, edited, pickedUp, thrownAway];
