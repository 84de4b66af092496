import { setTimeout as delay } from 'node:timers/promises';
import { type BytePath, dirname, join } from '../../shared/fs/byte-path.ts';
import type { Account, Offer } from './account.ts';
import type { Contents } from './contents.ts';
import type { Names } from './names.ts';
import { Pen, syncUpTo } from './pen.ts';
import type { Random } from './random.ts';

/** What all writers share. */
export type Shared = { account: Account; contents: Contents; names: Names };

const SYNCED_SHARE = 0.5;
const IN_DIRECTORY_SHARE = 0.3;
const DIRECTORIES = 6;

/** One writer at one piece of work: an input, its own random choices, and what it may use. Ends by AbortError when the power goes. */
export class Hand {
  readonly shared: Shared;
  readonly random: Random;
  readonly input: BytePath;
  readonly signal: AbortSignal;
  /** Whether it fsyncs what it writes. */
  readonly syncs: boolean;

  constructor(shared: Shared, random: Random, input: BytePath, signal: AbortSignal) {
    this.shared = shared;
    this.random = random;
    this.input = input;
    this.signal = signal;
    this.syncs = random.chance(SYNCED_SHARE);
  }

  /** A path that was never used, in the input or in a directory below it. */
  freshPath(): BytePath {
    const { random } = this;
    const name = this.shared.names.fresh(random);
    const number = random.whole(1, DIRECTORIES);
    const inDirectory = random.chance(IN_DIRECTORY_SHARE);
    return join(inDirectory ? join(this.input, `d${number}`) : this.input, name);
  }

  temporaryPath(): BytePath {
    return join(this.input, this.shared.names.temporary(this.random));
  }

  freshBytes(large = false): Buffer {
    const { contents } = this.shared;
    return contents.bytesOf(contents.make(this.random.fraction(), large));
  }

  create(path: BytePath): Promise<Pen> {
    return Pen.create(path, this.signal);
  }

  offer(bytes: Buffer, path: BytePath): Offer {
    return this.shared.account.offer(bytes, path);
  }

  /** Closes a file that is written in full and bears its name: from here on it is to be taken. */
  async complete(pen: Pen, bytes: Buffer, path: BytePath): Promise<void> {
    if (this.syncs) await pen.sync();
    const offer = this.offer(bytes, path);
    pen.close();
    await this.arrive(path, offer);
  }

  /** After the last change of a name. */
  async arrive(path: BytePath, ...offers: readonly Offer[]): Promise<void> {
    if (this.syncs) await syncUpTo(this.input, dirname(path), this.signal);
    for (const offer of offers) offer.arrived(this.syncs);
  }

  /** A whole file in one go. */
  async put(path: BytePath, bytes: Buffer): Promise<void> {
    using pen = await this.create(path);
    await pen.write(bytes);
    await this.complete(pen, bytes, path);
  }

  /** A whole file under a name that is not taken, to be renamed. */
  async prepare(bytes: Buffer): Promise<BytePath> {
    const path = this.temporaryPath();
    using pen = await this.create(path);
    await pen.write(bytes);
    if (this.syncs) await pen.sync();
    return path;
  }

  async pause(leastMs: number, mostMs: number): Promise<void> {
    await delay(this.random.whole(leastMs, mostMs), undefined, { signal: this.signal });
  }
}
