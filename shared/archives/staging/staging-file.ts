import { constants, renameSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf } from '../../errors.ts';
import type { StagingName } from '../contract.ts';
import { inboxOf, makePlace } from '../places.ts';
import { type FileCalls, syncDirectory } from './file-calls.ts';
import type { KnownBase } from './known-base.ts';
import type { Leftovers } from './leftovers.ts';
import { stagingName, stagingStem } from './staging-name.ts';

export type StagingFileOptions = {
  base: string;
  /** Of this process, as the file's name says it. */
  writer: Pick<StagingName, 'host' | 'identity' | 'pid' | 'pidStart'>;
  randomBytes(bytes: number): Buffer;
  calls: FileCalls;
  known: KnownBase;
  leftovers: Leftovers;
};

const { O_RDWR, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;

/** Names that are taken by chance, or an inbox that is removed again and again, are an error after so many times. */
const ATTEMPTS = 4;

const RANDOM_BYTES = 8;

/**
 * A staging archive by its name in the inbox, which says whose it is and how often it was renamed. Every rename is a question to the
 * file server whether the file is still ours; a scavenger that takes it renames it, too.
 */
export class StagingFile {
  readonly fd: number;
  readonly random: string;
  /** The name without turn and suffix. */
  readonly stem: string;
  readonly #options: StagingFileOptions;
  readonly #name: Omit<StagingName, 'state' | 'turn'>;
  /** The turns that its name may have: several after a rename that may have been done though it was said to have failed. */
  #oldestTurn = 0;
  #newestTurn = 0;
  #isFinished = false;

  private constructor(options: StagingFileOptions, random: string, fd: number) {
    this.fd = fd;
    this.random = random;
    this.#options = options;
    this.#name = { ...options.writer, random };
    this.stem = stagingStem(this.#name);
  }

  /**
   * Makes an empty one; its name is durable. The inbox is made where it is missing, the base never, and nothing in another directory
   * that stands in the place of the base.
   *
   * @throws EnvironmentError `archive.base`; as open does: ENOENT where the base is missing, ENOSPC, EACCES, …
   */
  static async create(options: StagingFileOptions): Promise<StagingFile> {
    const { base, writer, known } = options;
    const inbox = inboxOf(base);
    await known.assertSame();
    // Whoever has made the inbox may not have made its name durable yet.
    if (!known.isUsed) makePlace(base, inbox);
    for (let attempt = 1; ; attempt += 1) {
      const random = options.randomBytes(RANDOM_BYTES).toString('hex');
      const path = join(inbox, stagingName({ ...writer, random, state: 'open', turn: 0 }));
      try {
        return new StagingFile(options, random, await makeFile(options, path));
      } catch (error) {
        const errno = errnoOf(error);
        if ((errno !== 'ENOENT' && errno !== 'EEXIST') || attempt === ATTEMPTS) throw error;
        await known.assertSame();
        if (errno === 'ENOENT') makePlace(base, inbox);
      }
    }
  }

  /**
   * Renames it to its next turn.
   *
   * @returns false where it is ours no more
   */
  turn(): Promise<boolean> {
    return this.#rename('open');
  }

  /**
   * Renames it so that it can be collected; the name is durable then.
   *
   * @param state `closed` where it has its directory, `taken` where it is to be recovered
   * @returns false where it is ours no more
   */
  async finish(state: 'closed' | 'taken'): Promise<boolean> {
    this.#isFinished ||= await this.#rename(state);
    if (this.#isFinished) await syncDirectory(this.#options.calls, inboxOf(this.#options.base));
    return this.#isFinished;
  }

  /** The same at once, for a process that exits; the name is not made durable. */
  finishNow(): void {
    for (const turn of this.#turns()) {
      try {
        renameSync(this.#path('open', turn), this.#path('closed'));
        return;
      } catch (error) {
        if (errnoOf(error) !== 'ENOENT') throw error;
      }
    }
  }

  /**
   * Of one that holds nothing.
   *
   * @returns false where it is ours no more
   */
  async remove(): Promise<boolean> {
    for (const turn of this.#turns())
      if (await unlinkIfThere(this.#options.calls, this.#path('open', turn))) return true;
    return false;
  }

  /**
   * For `Leftovers`: what `finish` or `remove` could not do. That a name is gone is only believed of the base that we know: without its file
   * system every name is.
   *
   * @throws as they do; EnvironmentError `archive.base`
   */
  async settle(as: 'closed' | 'taken' | 'removed'): Promise<void> {
    const { known } = this.#options;
    // Before and after, or it might be mounted between the two.
    await known.assertSame();
    const isDone = as === 'removed' ? await this.remove() : await this.finish(as);
    if (!isDone) await known.assertSame();
  }

  async #rename(state: StagingName['state']): Promise<boolean> {
    for (const turn of this.#turns()) {
      const next = turn + 1;
      try {
        await this.#options.calls.rename(this.#path('open', turn), this.#path(state, next));
        this.#oldestTurn = next;
        this.#newestTurn = next;
        return true;
      } catch (error) {
        if (errnoOf(error) === 'ENOENT') continue;
        if (state === 'open') this.#newestTurn = Math.max(this.#newestTurn, next);
        throw error;
      }
    }
    return false;
  }

  /** And the one behind them: over a network a rename may have been done though its answer says that the name is gone. */
  #turns(): number[] {
    return Array.from({ length: this.#newestTurn - this.#oldestTurn + 2 }, (_, n) => this.#oldestTurn + n);
  }

  #path(state: StagingName['state'], turn = 0): string {
    return join(inboxOf(this.#options.base), stagingName({ ...this.#name, state, turn }));
  }
}

/** After these no file was made. After others one may have been, and only the answer was lost. */
const REFUSALS: ReadonlySet<string> = new Set(
  'ENOENT ENOTDIR EACCES EPERM EROFS ENOSPC EDQUOT EMFILE ENFILE ELOOP ENAMETOOLONG'.split(' '),
);

/** @returns its descriptor. Where this fails no file stays, which nobody could take while we live; it holds nothing that was acknowledged. */
async function makeFile(
  { base, calls, known, leftovers }: StagingFileOptions,
  path: string,
): Promise<number> {
  let fd: number | undefined;
  try {
    fd = await calls.open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0o666);
    await syncDirectory(calls, inboxOf(base));
    // The file system may have gone, or come, after we had looked.
    await known.assertSame();
    await known.rememberInbox();
    return fd;
  } catch (error) {
    // Nothing was written to it.
    if (fd !== undefined) await calls.close(fd).catch(() => undefined);
    if (fd !== undefined || !REFUSALS.has(errnoOf(error) ?? ''))
      await leftovers.settle(async () => void (await unlinkIfThere(calls, path)));
    throw error;
  }
}

async function unlinkIfThere(calls: FileCalls, path: string): Promise<boolean> {
  try {
    await calls.unlink(path);
    return true;
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
    return false;
  }
}
