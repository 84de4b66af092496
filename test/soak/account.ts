import { createHash } from 'node:crypto';
import type { BytePath } from '../../shared/fs/byte-path.ts';

export const sha256Of = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** How often one content was put. */
export type Entry = {
  sha256: string;
  /** Files of it that a writer may have completed: more than this must not be found. */
  offered: number;
  /** Files that are surely complete and on disk: so many must be found. */
  durable: number;
  /** Complete, but not fsynced: a power cut may take them. */
  volatile: number;
  /** Where its first file was to be. */
  path: BytePath;
};

/** One file on its way. */
export type Offer = {
  /** It is complete under its name; `durable` when the writer has fsynced it and its directories. Never called for one that is withdrawn. */
  arrived(durable: boolean): void;
};

/** What the writers know to have put, by content: the truth that the program is measured by. */
export class Account {
  readonly entries = new Map<string, Entry>();
  readonly #intended = new Map<BytePath, string>();

  /** To be called before the file can be seen complete. */
  offer(bytes: Buffer, path: BytePath): Offer {
    const entry = this.#entry(sha256Of(bytes), path);
    entry.offered += 1;
    this.#intended.set(path, entry.sha256);
    return {
      arrived: (durable) => {
        if (durable) entry.durable += 1;
        else entry.volatile += 1;
      },
    };
  }

  /** The kernel has written everything back. */
  everythingWasWritten(): void {
    for (const entry of this.entries.values()) {
      entry.durable += entry.volatile;
      entry.volatile = 0;
    }
  }

  /** What had not been fsynced may be gone. */
  powerWasCut(): void {
    for (const entry of this.entries.values()) entry.volatile = 0;
  }

  /** A file that lies in an input after a power cut: where it is not what its writer meant, it counts from now on as it is. */
  foundAfterPowerCut(path: BytePath, bytes: Buffer): void {
    const sha256 = sha256Of(bytes);
    if (this.#intended.get(path) === sha256) return;
    const isNew = !this.entries.has(sha256);
    const entry = this.#entry(sha256, path);
    entry.offered += 1;
    if (isNew) entry.volatile += 1;
  }

  #entry(sha256: string, path: BytePath): Entry {
    const known = this.entries.get(sha256);
    if (known !== undefined) return known;
    const entry = { sha256, offered: 0, durable: 0, volatile: 0, path };
    this.entries.set(sha256, entry);
    return entry;
  }
}
