import { type Archives, type ArchivesOptions, openArchives } from '../../../shared/archives/index.ts';
import { sha256Of } from './cargo.ts';
import type { Noted } from './journal.ts';

const MTIME_MS = 1_700_000_000_000;

/** Makes deposits in this process, and notes them. */
export class Hand implements AsyncDisposable {
  readonly #archives: Archives;
  readonly noted: Noted[];

  /** @param noted where others have noted theirs */
  private constructor(archives: Archives, noted: Noted[]) {
    this.#archives = archives;
    this.noted = noted;
  }

  static async open(base: string, noted: Noted[] = [], options: ArchivesOptions = {}): Promise<Hand> {
    return new Hand(await openArchives(base, options), noted);
  }

  /** @throws as `ArchiveFile.close`; what is not acknowledged is noted as that */
  async deposit(archive: string, member: string, content: string | Uint8Array): Promise<void> {
    const bytes = Buffer.concat([typeof content === 'string' ? Buffer.from(content) : content]);
    const noted: Noted = {
      id: this.noted.length,
      journal: 'by hand',
      archive,
      member,
      sha256: sha256Of(bytes),
      sizeBytes: bytes.length,
      mode: 0o644,
      mtimeMs: MTIME_MS,
      isAcknowledged: false,
    };
    this.noted.push(noted);
    await using file = this.#archives.open(`${archive}/${member}`, { mode: noted.mode, mtime: MTIME_MS });
    await file.write(bytes);
    await file.close();
    noted.isAcknowledged = true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#archives.close();
  }
}
