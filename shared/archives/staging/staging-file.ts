import { constants, renameSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf } from '../../errors.ts';
import type { StagingName } from '../contract.ts';
import { inboxOf, makePlace } from '../places.ts';
import { type FileCalls, syncDirectory } from './file-calls.ts';
import { stagingName, stagingStem } from './staging-name.ts';

export type StagingFileOptions = {
  base: string;
  /** Of this process, as the file's name says it. */
  writer: Pick<StagingName, 'host' | 'identity' | 'pid' | 'pidStart'>;
  randomBytes(bytes: number): Buffer;
  calls: FileCalls;
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
  #turn = 0;

  private constructor(options: StagingFileOptions, random: string, fd: number) {
    this.fd = fd;
    this.random = random;
    this.#options = options;
    this.#name = { ...options.writer, random };
    this.stem = stagingStem(this.#name);
  }

  /**
   * Makes an empty one; its name is durable. The inbox is made where it is missing, the base never.
   *
   * @throws as open does: ENOENT where the base is missing, ENOSPC, EACCES, …
   */
  static async create(options: StagingFileOptions): Promise<StagingFile> {
    const { base, writer, calls } = options;
    const inbox = inboxOf(base);
    for (let attempt = 1; ; attempt += 1) {
      const random = options.randomBytes(RANDOM_BYTES).toString('hex');
      const path = join(inbox, stagingName({ ...writer, random, state: 'open', turn: 0 }));
      try {
        const fd = await calls.open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0o666);
        return await syncDirectory(calls, inbox).then(
          () => new StagingFile(options, random, fd),
          (error: unknown) => giveUp(calls, fd, path, error),
        );
      } catch (error) {
        const errno = errnoOf(error);
        if ((errno !== 'ENOENT' && errno !== 'EEXIST') || attempt === ATTEMPTS) throw error;
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
    return this.#rename((next) => this.#path({ state: 'open', turn: next }));
  }

  /**
   * Renames it to a closed one; the name is durable then.
   *
   * @returns false where it is ours no more
   */
  async finish(): Promise<boolean> {
    const isOurs = await this.#rename(() => this.#path({ state: 'closed', turn: 0 }));
    if (isOurs) await syncDirectory(this.#options.calls, inboxOf(this.#options.base));
    return isOurs;
  }

  /** The same at once, for a process that exits; the name is not made durable. */
  finishNow(): void {
    for (const turn of [this.#turn, this.#turn + 1]) {
      try {
        renameSync(this.#path({ state: 'open', turn }), this.#path({ state: 'closed', turn: 0 }));
        return;
      } catch (error) {
        if (errnoOf(error) !== 'ENOENT') throw error;
      }
    }
  }

  /** Of one that holds nothing. One that is ours no more is left alone. */
  async remove(): Promise<void> {
    await this.#options.calls.unlink(this.#path({ state: 'open', turn: this.#turn })).catch(ignoreMissing);
  }

  async #rename(toPath: (nextTurn: number) => string): Promise<boolean> {
    const before = this.#turn;
    // The rename before may have been done though it was said to have failed, as over a network: then the name is one turn on.
    for (const turn of [before, before + 1]) {
      this.#turn = turn;
      try {
        await this.#options.calls.rename(this.#path({ state: 'open', turn }), toPath(turn + 1));
        this.#turn = turn + 1;
        return true;
      } catch (error) {
        if (errnoOf(error) !== 'ENOENT') throw error;
      }
    }
    return false;
  }

  #path(state: Pick<StagingName, 'state' | 'turn'>): string {
    return join(inboxOf(this.#options.base), stagingName({ ...this.#name, ...state }));
  }
}

async function giveUp(calls: FileCalls, fd: number, path: string, error: unknown): Promise<never> {
  await calls.close(fd);
  await calls.unlink(path).catch(ignoreMissing);
  throw error;
}

function ignoreMissing(error: unknown): void {
  if (errnoOf(error) !== 'ENOENT') throw error;
}
