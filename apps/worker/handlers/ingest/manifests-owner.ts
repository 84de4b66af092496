import { readFileSync, writeFileSync } from 'node:fs';
import { EnvironmentError, errnoOf } from '../../../../shared/errors.ts';
import { type BytePath, join, toBytes, toText } from '../../../../shared/fs/byte-path.ts';
import type { State } from '../../../../shared/state/open.ts';

const MARK = '.wharfinger';

const textOf = (owner: string): string =>
  `These manifests are written by the wharfinger whose state file is ${owner}. Leave this file where it is.\n`;

/** Sees that a directory of manifests is written to by one state file alone. */
export class ManifestsOwner {
  readonly #name: string;

  constructor(state: State) {
    const row = state.prepare<[], { name: string }>('SELECT name FROM identity').get();
    if (row === undefined) throw new Error('the state file has no identity');
    this.#name = row.name;
  }

  /**
   * Puts our mark there, or finds it. The lengths to which manifests are committed stand in the state file, so a second one would take
   * the lines of the first for those of a crash, and cut them.
   *
   * @throws EnvironmentError `manifests.foreign`; or as node:fs does: ENOENT, EACCES, ENOSPC, …
   */
  ensure(manifests: BytePath): void {
    const mark = toBytes(join(manifests, MARK));
    try {
      writeFileSync(mark, textOf(this.#name), { flag: 'wx', flush: true });
      return;
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') throw error;
    }
    const [owner] = /[0-9a-f]{32}/.exec(readFileSync(mark, 'latin1')) ?? [];
    if (owner === this.#name) return;
    // Cut short by a power cut, before anything else was written here.
    if (owner === undefined) writeFileSync(mark, textOf(this.#name), { flush: true });
    else throw foreign(toText(manifests));
  }
}

const foreign = (manifests: string): EnvironmentError =>
  new EnvironmentError(`the manifests ${manifests} are written by another state file`, {
    code: 'manifests.foreign',
    subject: manifests,
    retryable: true,
    hint: `give another --manifests; or, if that state file is gone for good, run: rm '${manifests}/${MARK}'`,
  });
