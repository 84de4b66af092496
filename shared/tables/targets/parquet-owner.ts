import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { errnoOf } from '../../errors.ts';
import { fromText } from '../../fs/byte-path.ts';
import { fsyncDirectory, makeDirectoryDurable } from '../../fs/durable.ts';
import type { State } from '../../state/open.ts';
import type { Contents } from '../contents.ts';
import { TargetError } from '../errors.ts';

const MARK = '.wharfinger';

const textOf = (owner: string): string =>
  `These tables are written by the wharfinger whose state file is ${owner}. Leave this file where it is.\n`;

/** Sees that a directory of Parquet files is there, and that one state file alone loads into it: only that one knows which contents it has. */
export class ParquetOwner {
  readonly #name: string;
  readonly #contents: Contents;

  constructor(state: State, contents: Contents) {
    const row = state.prepare<[], { name: string }>('SELECT name FROM identity').get();
    if (row === undefined) throw new Error('the state file has no identity');
    this.#name = row.name;
    this.#contents = contents;
  }

  /**
   * Puts our mark there, or finds it. The directory is made where nothing was ever loaded into it; later, what lacks its mark is a file
   * system that is not mounted.
   *
   * @throws TargetError `load.foreign`, `load.unmarked`; or as node:fs does: ENOENT, EACCES, ENOSPC, …
   */
  ensure(directory: string): void {
    const mark = `${directory}/${MARK}`;
    if (statSync(mark, { throwIfNoEntry: false }) === undefined) {
      if (this.#contents.knows(directory)) throw unmarked(directory, mark);
      makeDirectoryDurable(fromText(dirname(directory)), fromText(directory));
    }
    try {
      writeFileSync(mark, textOf(this.#name), { flag: 'wx', flush: true });
      fsyncDirectory(fromText(directory));
      return;
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') throw error;
    }
    const [owner] = /[0-9a-f]{32}/.exec(readFileSync(mark, 'latin1')) ?? [];
    if (owner === this.#name) return;
    // Cut short by a power cut, or put there by a person.
    if (owner === undefined) writeFileSync(mark, textOf(this.#name), { flush: true });
    else throw foreign(directory, mark);
  }
}

const foreign = (directory: string, mark: string): TargetError =>
  new TargetError('refused', `another state file loads into ${directory}`, {
    code: 'load.foreign',
    subject: directory,
    hint: `give another directory; or, if that state file is gone for good, run: rm '${mark}'`,
  });

const unmarked = (directory: string, mark: string): TargetError =>
  new TargetError('away', `${directory} has lost its mark ${MARK}: its file system is not mounted`, {
    code: 'load.unmarked',
    subject: directory,
    hint: `mount it, or, if this directory is right, run: touch '${mark}'`,
  });
