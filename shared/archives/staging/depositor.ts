import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../../clock.ts';
import type { ProcessIdentity } from '../../linux/process-identity.ts';
import type { ArchiveCrashPoints, ArchivePath, Compression } from '../contract.ts';
import { type Content, contentBytes, type Deposit, type Deposited, type DepositFacts } from './deposit.ts';
import { baseFault, closedFault } from './faults.ts';
import { type FileCalls, nodeCalls } from './file-calls.ts';
import type { DirectoryIdentity } from './known-base.ts';
import { type Packed, pack } from './pack.ts';
import { RotatingArchive } from './rotating-archive.ts';
import { hostPart, identityDigits } from './staging-name.ts';
import { MOST_PACKED_BYTES, WaitingDeposits } from './waiting-deposits.ts';

export type { Content, Deposited, DepositFacts } from './deposit.ts';

export type DepositorOptions = {
  /** Absolute. Must exist when something is deposited; it is never made. */
  base: string;
  /** Which directory it is, where that was looked at before; another one in its place is refused. That of the first deposit unless given. */
  baseIdentity?: DirectoryIdentity;
  identity: ProcessIdentity;
  /** A staging archive is closed so long after it was made. */
  rotateMs: number;
  compression: Compression;
  clock: Clock;
  randomBytes(bytes: number): Buffer;
  crash: ArchiveCrashPoints;
  /** What staging archives are to say of the host; else the identity's. */
  host?: string;
  /** Told what is nobody's deposit: a staging archive that could not be closed as it should. Nothing acknowledged is lost by it. */
  onError?(error: unknown): void;
  calls?: FileCalls;
};

/** Packing so much holds up the event loop for a millisecond or two. */
const BYTES_A_TURN = 512 * 1024;

/**
 * Deposits of this process: see docs/archives.md, A deposit. Those that are made in the same turn of the event loop, and those that
 * come while others are written, share one write, one fdatasync and one rename. No timer of it keeps the process alive.
 */
export class Depositor {
  readonly #options: DepositorOptions;
  readonly #waiting = new WaitingDeposits();
  readonly #archive: RotatingArchive;
  #running: Promise<void> | undefined;
  #closed: Promise<void> | undefined;

  constructor(options: DepositorOptions) {
    this.#options = options;
    const { identity, calls = nodeCalls } = options;
    const [host = ''] = identity.host.split(':');
    const writer = {
      host: hostPart(options.host ?? host),
      identity: identityDigits(identity),
      pid: identity.pid,
      pidStart: identity.pidStart,
    };
    const onError = (error: unknown): void => options.onError?.(error);
    this.#archive = new RotatingArchive({ ...options, writer, calls, onError });
  }

  /**
   * Resolves when the member is whole and durable in a staging archive that somebody will collect. Until then nothing is promised:
   * whoever dies before may or may not find it collected. One that fails has left nothing that is collected, but where the disk failed
   * in the middle and cannot be written to any more; it may be deposited again in any case, since equal ones count once.
   *
   * @param to judged, by `parseArchivePath`
   * @throws WharfingerError `archive.content-changed`; UsageError `archive.closed`; EnvironmentError `archive.base`, `archive.no-space`,
   * `archive.io`, `archive.source`, `archive.taken`
   */
  deposit(to: ArchivePath, content: Content, facts: DepositFacts): Promise<Deposited> {
    if (this.#closed !== undefined) return Promise.reject(closedFault(this.#options.base));
    return new Promise((resolve, reject) => {
      this.#waiting.add({ to, content, facts, resolve, reject });
      this.#wake();
    });
  }

  /**
   * Waits for the deposits in hand and closes the staging archive, so that it can be collected at once. May be called twice. A staging
   * archive that cannot be closed is told to `onError`, and tried again every ten seconds as long as the process lives.
   */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  /**
   * The last step of a process that exits without `close()`: the staging archive gets its directory and is closed, at once. What was not
   * acknowledged may be lost. Where a write is under way the file is left as it is, to be recovered.
   */
  closeNow(): void {
    this.#archive.closeNow();
  }

  async #close(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
    await this.#archive.retryLeftovers();
    await this.#archive.close();
    this.#archive.wakeWhenDue(() => this.#wake());
  }

  #wake(): void {
    this.#running ??= this.#run();
  }

  async #run(): Promise<void> {
    // All that is deposited in this turn of the event loop goes together.
    await nextTurn();
    try {
      do {
        await this.#archive.keepUp();
      } while (await this.#depositNext());
    } finally {
      this.#running = undefined;
      // One may have come after we had looked and found none.
      if (!this.#waiting.isEmpty) this.#wake();
      else this.#archive.wakeWhenDue(() => this.#wake());
    }
  }

  /** @returns false where nothing waits */
  async #depositNext(): Promise<boolean> {
    const deposits = this.#waiting.take();
    const [first] = deposits;
    if (first === undefined) return false;
    if (contentBytes(first.content) > MOST_PACKED_BYTES) await this.#depositLarge(first);
    else await this.#depositGroup(deposits);
    return true;
  }

  async #depositGroup(deposits: readonly Deposit[]): Promise<void> {
    const ready: { deposit: Deposit; packed: Packed }[] = [];
    let bytes = 0;
    for (const deposit of deposits) {
      try {
        ready.push({ deposit, packed: await pack(deposit, this.#options.compression) });
      } catch (error) {
        deposit.reject(error);
      }
      bytes += contentBytes(deposit.content);
      if (bytes >= BYTES_A_TURN) {
        bytes = 0;
        await nextTurn();
      }
    }
    if (ready.length === 0) return;
    const members = ready.map(({ packed }) => packed);
    try {
      const staging = await this.#archive.untilAcknowledged((archive) => archive.append(members));
      for (const { deposit, packed } of ready) deposit.resolve({ staging, sha256: packed.facts.sha256 });
    } catch (error) {
      const fault = baseFault(this.#options.base, error);
      for (const { deposit } of ready) deposit.reject(fault);
    }
  }

  async #depositLarge(deposit: Deposit): Promise<void> {
    try {
      let sha256: Buffer | undefined;
      const staging = await this.#archive.untilAcknowledged(async (archive) => {
        sha256 = (await archive.appendStreamed(deposit, () => this.#archive.beatIfDue(archive)))?.sha256;
        return sha256 !== undefined;
      });
      if (sha256 !== undefined) deposit.resolve({ staging, sha256 });
    } catch (error) {
      deposit.reject(baseFault(this.#options.base, error));
    }
  }
}
