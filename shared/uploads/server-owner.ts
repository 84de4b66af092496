import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EnvironmentError, errnoOf } from '../errors.ts';
import { fromText } from '../fs/byte-path.ts';
import { fsyncDirectory } from '../fs/durable.ts';
import { renameNoReplace } from '../linux/rename.ts';
import type { State } from '../state/open.ts';

const MARK = '.wharfinger';

/**
 * Sees that the files of a server directory are uploaded by one state file alone. What is sent and what is on its way stands in the state
 * file: a second one would send most files again, and each would move away what the other has in hand.
 */
export class ServerOwner {
  readonly #name: string;
  readonly #statePath: string;

  constructor(state: State) {
    const row = state.prepare<[], { name: string }>('SELECT name FROM identity').get();
    if (row === undefined) throw new Error('the state file has no identity');
    this.#name = row.name;
    this.#statePath = state.name;
  }

  /**
   * Refuses the server directory of another state file. Changes nothing, and needs nothing to be there.
   *
   * @throws EnvironmentError `server.foreign`; or as node:fs does: EACCES, …
   */
  refuseForeign(serverDirectory: string): void {
    let text: string;
    try {
      text = readFileSync(join(serverDirectory, MARK), 'utf8');
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return;
      throw error;
    }
    if (ownerIn(text) !== this.#name) throw foreign(serverDirectory, text);
  }

  /**
   * Puts our mark there, or finds it. It is there whole or not at all, also for who looks meanwhile and after a power cut: of two who come at
   * once, one has it and the other is refused. Idempotent. Throws as `refuseForeign` does, and ENOENT, ENOSPC, …
   */
  ensure(serverDirectory: string): void {
    // Below a name that nobody else has, not even a process of the same number in another container.
    const apart = mkdtempSync(join(serverDirectory, `${MARK}-`));
    try {
      const made = join(apart, 'mark');
      writeFileSync(made, textOf(this.#name, this.#statePath), { flush: true });
      renameNoReplace(fromText(made), fromText(join(serverDirectory, MARK)));
      fsyncDirectory(fromText(serverDirectory));
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') throw error;
      this.refuseForeign(serverDirectory);
    } finally {
      rmSync(apart, { recursive: true, force: true });
    }
  }
}

/** Where the state file was is for people, who may have moved it since. */
const textOf = (name: string, statePath: string): string =>
  `The files here are uploaded by the wharfinger whose state file is ${name}, at first ${JSON.stringify(statePath)}. Leave this file where it is.\n`;

const ownerIn = (text: string): string | undefined => /[0-9a-f]{32}/.exec(text)?.[0];

function foreign(serverDirectory: string, text: string): EnvironmentError {
  const at = / at first ("(?:[^"\\]|\\.)*")\. /.exec(text)?.[1];
  const other = at === undefined ? '' : `, which was ${at}`;
  return new EnvironmentError(
    `the server directory ${serverDirectory} belongs to another state file${other}`,
    {
      code: 'server.foreign',
      subject: serverDirectory,
      hint: `name that one with --state-path; or, if it is gone for good, run: rm '${serverDirectory}/${MARK}'`,
    },
  );
}
