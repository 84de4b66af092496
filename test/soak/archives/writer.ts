import { setTimeout as delay } from 'node:timers/promises';
import type { Archives } from '../../../shared/archives/index.ts';
import type { Random } from '../random.ts';
import { contentOf, sha256Of } from './cargo.ts';
import type { Deposit, Journal } from './journal.ts';
import { ARCHIVES, memberName, sharedName } from './names.ts';

/** A deposit that is to be made. */
export type Draft = Deposit & { path: string; bytes: Buffer };

/** Contents of one shared name. */
const SHARED_CONTENTS = 3;
const MODES = [0o644, 0o600, 0o755] as const;
const LATEST_MTIME_S = 1_700_000_000;

/** What goes by itself when there is room again, or when a scavenger is less eager. All else is no way for a deposit to fail. */
const PASSING = new Set(['archive.no-space', 'archive.io', 'archive.base', 'archive.taken']);
const PATIENCE_MS = 50;

/** One process that makes deposits and notes each: see `Journal`. */
export class Writer {
  readonly archives: Archives;
  readonly random: Random;
  /** Where files lie that are to be picked up. */
  readonly sources: string;
  readonly #journal: Journal;
  readonly #tag: string;
  #serial = 0;
  #acknowledged: number[] = [];

  /** @param tag that no other writer has or had */
  constructor(options: {
    archives: Archives;
    random: Random;
    journal: Journal;
    sources: string;
    tag: string;
  }) {
    this.archives = options.archives;
    this.random = options.random;
    this.sources = options.sources;
    this.#journal = options.journal;
    this.#tag = options.tag;
  }

  /** A name and a content that never were before. */
  fresh(sizeBytes: number): Draft {
    const key = `${this.#tag}-${this.#serial}`;
    const archive = this.random.pick(ARCHIVES);
    return this.#draft({ archive, member: memberName(this.random, key) }, key, sizeBytes);
  }

  /** A name that others use as well, with one of the contents that it has there. */
  shared(): Draft {
    const name = sharedName(this.random);
    const key = `${name.member}, ${this.random.whole(1, SHARED_CONTENTS)}. content`;
    return this.#draft(name, key, 500);
  }

  /**
   * Notes that all of them are begun, lets `put` do each, again and again while the disk is full, and notes which were acknowledged, in
   * the moment they are.
   */
  async deposit(drafts: readonly Draft[], put: (draft: Draft) => Promise<void>): Promise<void> {
    this.#journal.begin(drafts.map(({ bytes: _bytes, path: _path, ...deposit }) => deposit));
    await Promise.all(
      drafts.map(async (draft) => {
        await patiently(() => put(draft));
        if (draft.isThrownAway !== true) this.#acknowledge(draft.id);
      }),
    );
  }

  #draft(name: { archive: string; member: string }, key: string, sizeBytes: number): Draft {
    const { random } = this;
    const bytes = contentOf(key, sizeBytes);
    return {
      ...name,
      id: this.#serial++,
      path: `${name.archive}/${name.member}`,
      bytes,
      sha256: sha256Of(bytes),
      sizeBytes: bytes.length,
      mode: random.pick(MODES),
      mtimeMs: random.whole(1, LATEST_MTIME_S) * 1000,
    };
  }

  /** Those that are acknowledged in the same breath are noted together. */
  #acknowledge(id: number): void {
    if (this.#acknowledged.push(id) > 1) return;
    queueMicrotask(() => {
      this.#journal.acknowledge(this.#acknowledged);
      this.#acknowledged = [];
    });
  }
}

async function patiently(work: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      const isPassing = error instanceof Error && 'code' in error && PASSING.has(String(error.code));
      if (!isPassing) throw error;
    }
    await delay(PATIENCE_MS);
  }
}
