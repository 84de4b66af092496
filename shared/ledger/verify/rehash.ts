import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { toBytes } from '../../fs/byte-path.ts';
import { hashLarge, SmallFileHasher } from '../../fs/hash-file.ts';
import type { Report } from './finding.ts';
import { type PlacedFile, unreadable } from './placed-file.ts';

/** Up to this size a file is read at once, while nothing else goes on. */
const SMALL_BYTES = 1 << 20;

/** Large files read at the same time: one is read while the other is hashed. */
const PARALLEL = 2;

/** Reads committed files again and compares their SHA-256 with the ledger's. Memory is bounded whatever their size. */
export class Rehasher {
  readonly #report: Report;
  readonly #small = new SmallFileHasher(SMALL_BYTES);
  readonly #running = new Set<Promise<void>>();
  #failure: { error: unknown } | undefined;
  files = 0;
  bytes = 0;

  constructor(report: Report) {
    this.#report = report;
  }

  /** Takes a file on, after waiting for one of those in hand to be done where there are enough. */
  async add(file: PlacedFile): Promise<void> {
    this.files += 1;
    this.bytes += file.sizeBytes;
    if (file.sizeBytes <= SMALL_BYTES) return await this.#check(file);
    while (this.#running.size >= PARALLEL) await Promise.race(this.#running);
    this.#throwFailure();
    const check = this.#check(file)
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .finally(() => this.#running.delete(check));
    this.#running.add(check);
  }

  /** Waits for all that was taken on. */
  async finish(): Promise<void> {
    await Promise.all(this.#running);
    this.#throwFailure();
  }

  async #check(file: PlacedFile): Promise<void> {
    const { path, id } = file;
    try {
      const sha256 = await this.#read(file);
      if (sha256.equals(file.sha256)) return;
      const detail = `SHA-256 is ${sha256.toString('hex')}, should be ${file.sha256.toString('hex')}`;
      this.#report.finding({ problem: 'wrong-content', path, id, detail });
    } catch (error) {
      this.#report.finding(unreadable(error, path, id));
    }
  }

  async #read({ path, sizeBytes }: PlacedFile): Promise<Buffer> {
    const fd = openSync(toBytes(path), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const isSmall = sizeBytes <= SMALL_BYTES && fstatSync(fd).size === sizeBytes;
      const { sha256 } = isSmall
        ? this.#small.hash(fd, sizeBytes, { withMd5: false })
        : await hashLarge(fd, { signal: NEVER });
      return sha256;
    } finally {
      closeSync(fd);
    }
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}

/** Whoever waits for an answer interrupts the program. */
const NEVER = new AbortController().signal;
