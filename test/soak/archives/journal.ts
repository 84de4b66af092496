import { closeSync, constants, fsyncSync, openSync, readdirSync, readFileSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** One deposit as its writer meant it. */
export type Deposit = {
  /** Unique in its journal. */
  id: number;
  archive: string;
  member: string;
  sha256: string;
  sizeBytes: number;
  mode: number;
  mtimeMs: number;
  /** A file that is picked up. It goes only after its deposit is durable: where it is gone, the deposit must be there, whoever was told. */
  source?: string;
  /** It is never closed: nothing of it may be found. */
  isThrownAway?: true;
};

export type Noted = Deposit & { isAcknowledged: boolean; journal: string };

type Line = { begun: readonly Deposit[] } | { acknowledged: readonly number[] };

/**
 * What one writer says of its deposits, before each is begun and after it was acknowledged: durable before the call returns, and where
 * no calamity comes.
 */
export class Journal {
  readonly #fd: number;

  /** @param path of a file that is not there */
  constructor(path: string) {
    const { O_WRONLY, O_APPEND, O_CREAT, O_EXCL, O_RDONLY } = constants;
    this.#fd = openSync(path, O_WRONLY | O_APPEND | O_CREAT | O_EXCL);
    const directory = openSync(dirname(path), O_RDONLY);
    fsyncSync(directory);
    closeSync(directory);
  }

  begin(begun: readonly Deposit[]): void {
    this.#append({ begun });
  }

  acknowledge(acknowledged: readonly number[]): void {
    this.#append({ acknowledged });
  }

  #append(line: Line): void {
    const bytes = Buffer.from(`${JSON.stringify(line)}\n`);
    for (let written = 0; written < bytes.length; ) written += writeSync(this.#fd, bytes, written);
    fsyncSync(this.#fd);
  }
}

/** All that was noted in the journals of a directory, by writers that live no more. */
export function readJournals(directory: string): Noted[] {
  return readdirSync(directory).flatMap((journal) => {
    // The last line of a writer that was killed may be cut: nobody acted on it.
    const lines = readFileSync(join(directory, journal), 'utf8').split('\n').slice(0, -1);
    const noted = new Map<number, Noted>();
    for (const text of lines) {
      const line: Line = JSON.parse(text);
      if ('begun' in line)
        for (const deposit of line.begun)
          noted.set(deposit.id, { ...deposit, journal, isAcknowledged: false });
      else for (const id of line.acknowledged) acknowledge(noted.get(id));
    }
    return [...noted.values()];
  });
}

function acknowledge(noted: Noted | undefined): void {
  if (noted === undefined) throw new Error('a journal acknowledges what was never begun');
  noted.isAcknowledged = true;
}
