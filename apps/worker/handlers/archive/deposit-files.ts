import { closeSync } from 'node:fs';
import type { Clock } from '../../../../shared/clock.ts';
import { WharfingerError } from '../../../../shared/errors.ts';
import { SMALL_FILE_BYTES } from '../../../../shared/queue/lanes.ts';
import { Breath } from '../../breath.ts';
import { troubleOf } from './base-health.ts';
import { type DepositedFile, type Ended, ended, type FileToArchive, isEnded, type Step } from './file.ts';
import { CHANGED, isUntouched, type OpenFile, openFile, outcomeOfFailure, readWhole } from './read-file.ts';
import type { ArchiveTools, Deposits } from './tools.ts';

export type DepositContext = {
  tools: ArchiveTools;
  clock: Clock;
  /** Aborts at a stop, and when the lease is lost: nothing more is begun. */
  signal: AbortSignal;
};

/** What became of files. */
export type DepositResult = {
  done: Step<DepositedFile>[];
  /** Those that were not begun, or whose deposit may not be found. */
  left: FileToArchive[];
  /** What the base refused with. */
  trouble: WharfingerError | undefined;
};

/** Deposits that are made together are made durable together; so much is in memory meanwhile. */
const GROUP_BYTES = 8 * 1024 * 1024;

/**
 * Deposits files of one base that are packed in one way, in one staging archive, which is closed when this returns. Each file is compared
 * with what was committed while it is read. What is in a staging archive that could not be closed is left, to be deposited once more: in the
 * end it is there once.
 */
export async function depositFiles(
  files: readonly FileToArchive[],
  context: DepositContext,
): Promise<DepositResult> {
  const [first] = files;
  if (first === undefined) return { done: [], left: [], trouble: undefined };
  const { base, compression } = first.sink;
  const run = new DepositRun(base, context);
  let isClosed = false;
  try {
    const depositor = await context.tools.openDepositor(base, compression);
    try {
      for (const group of groupsOf(files)) {
        if (context.signal.aborted || run.trouble !== undefined) break;
        await run.deposit(group, depositor);
      }
    } finally {
      await depositor.close();
    }
    isClosed = true;
  } catch (error) {
    run.refusedBy(error);
  }
  const done = files.flatMap((file) => {
    const step = run.done.get(file);
    return step !== undefined && (isClosed || isEnded(step)) ? [step] : [];
  });
  const isOver = new Set(done.map(({ job }) => job.id));
  return { done, left: files.filter(({ job }) => !isOver.has(job.id)), trouble: run.trouble };
}

class DepositRun {
  readonly done = new Map<FileToArchive, Step<DepositedFile>>();
  trouble: WharfingerError | undefined;
  readonly #base: string;
  readonly #clock: Clock;
  readonly #breath: Breath;

  constructor(base: string, { clock }: DepositContext) {
    this.#base = base;
    this.#clock = clock;
    this.#breath = new Breath(clock);
  }

  async deposit(group: readonly FileToArchive[], depositor: Deposits): Promise<void> {
    const deposits: Promise<void>[] = [];
    for (const file of group) {
      if (this.#breath.isDue()) await this.#breath.take();
      const one = this.#depositOne(file, depositor);
      // It is told to whoever awaits them all.
      one.catch(() => undefined);
      deposits.push(one);
    }
    await Promise.all(deposits);
  }

  /** @throws what was given, where it is no trouble of the base */
  refusedBy(error: unknown): void {
    const trouble = troubleOf(this.#base, error);
    if (trouble === undefined) throw error;
    this.trouble ??= trouble;
  }

  async #depositOne(file: FileToArchive, depositor: Deposits): Promise<void> {
    const open = openFile(file, this.#clock.nowMs());
    try {
      const step =
        'end' in open
          ? ended(file, open)
          : file.sizeBytes > SMALL_FILE_BYTES
            ? await depositLarge(file, open, depositor)
            : await depositSmall(file, open, depositor);
      this.done.set(file, step);
    } catch (error) {
      const end = this.#endOf(file, error);
      if (end === undefined) this.refusedBy(error);
      else this.done.set(file, end);
    }
  }

  /** @returns undefined where the file is not to blame */
  #endOf(file: FileToArchive, error: unknown): Ended | undefined {
    if (error instanceof SourceError)
      return ended(file, outcomeOfFailure(error.cause, file, this.#clock.nowMs()));
    if (!(error instanceof WharfingerError)) return undefined;
    switch (error.code) {
      case 'archive.content-changed':
        return ended(file, CHANGED);
      case 'archive.source':
        return ended(file, outcomeOfFailure(error.cause, file, this.#clock.nowMs()));
      case 'archive.name':
        return ended(file, { end: 'failed', reason: error.message });
      default:
        return undefined;
    }
  }
}

/** A system call on the file itself. */
class SourceError extends Error {}

/** Its descriptor is closed before its deposit is waited for. */
async function depositSmall(
  file: FileToArchive,
  open: OpenFile,
  depositor: Deposits,
): Promise<Step<DepositedFile>> {
  const bytes = readAndClose(open, file.sizeBytes);
  if (bytes === undefined) return ended(file, CHANGED);
  const { staging } = await depositor.deposit(file.to, { bytes }, factsOf(file, open));
  return { ...file, staging, fingerprint: open.fingerprint };
}

function readAndClose(open: OpenFile, sizeBytes: number): Buffer | undefined {
  try {
    const bytes = readWhole(open, sizeBytes);
    return bytes !== undefined && isUntouched(open) ? bytes : undefined;
  } catch (error) {
    throw new SourceError('a file of the warehouse cannot be read', { cause: error });
  } finally {
    closeSync(open.fd);
  }
}

async function depositLarge(
  file: FileToArchive,
  open: OpenFile,
  depositor: Deposits,
): Promise<Step<DepositedFile>> {
  try {
    const { to, sizeBytes } = file;
    const facts = { ...factsOf(file, open), isUnchanged: () => isUntouched(open) };
    const { staging } = await depositor.deposit(to, { fd: open.fd, sizeBytes }, facts);
    return { ...file, staging, fingerprint: open.fingerprint };
  } finally {
    closeSync(open.fd);
  }
}

const factsOf = ({ sha256 }: FileToArchive, { stats }: OpenFile) => ({
  mode: Number(stats.mode),
  mtimeMs: Number(stats.mtimeMs),
  expectedSha256: sha256,
});

/** In the order of the queue, each at most so many bytes, one file at least. */
function* groupsOf(files: readonly FileToArchive[]): Generator<FileToArchive[]> {
  let group: FileToArchive[] = [];
  let bytes = 0;
  for (const file of files) {
    if (group.length > 0 && bytes + file.sizeBytes > GROUP_BYTES) {
      yield group;
      group = [];
      bytes = 0;
    }
    group.push(file);
    bytes += file.sizeBytes;
  }
  if (group.length > 0) yield group;
}
