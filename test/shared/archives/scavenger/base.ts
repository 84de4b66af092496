import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { parseArchivePath } from '../../../../shared/archives/archive-path.ts';
import {
  type ArchiveEvent,
  type Compression,
  noArchiveCrashPoints,
  type ScavengeOptions,
} from '../../../../shared/archives/contract.ts';
import { inboxOf } from '../../../../shared/archives/places.ts';
import {
  type ScavengeOutcome,
  type ScavengeSeams,
  scavenge,
} from '../../../../shared/archives/scavenger/scavenge.ts';
import { Depositor } from '../../../../shared/archives/staging/depositor.ts';
import { systemClock } from '../../../../shared/clock.ts';
import { type ProcessIdentity, thisProcess } from '../../../../shared/linux/process-identity.ts';
import { tempDir } from '../../../support/temp.ts';

/** A process of this boot and name space that is no more: its number is above all that Linux gives. */
export const deadProcess = (): ProcessIdentity => ({ ...thisProcess(), pid: 2 ** 30, pidStart: '1' });

/** A process of another host, of which nothing can be known. */
export const elsewhere = (pid = 77): ProcessIdentity => ({
  host: `far-away:pid:[${pid}]`,
  boot: '00000000-0000-0000-0000-000000000000',
  pid,
  pidStart: '1',
});

export type Deposits = Readonly<Record<string, string | Buffer>>;

/** A base of archives, with writers and scavengers of this process. */
export class Base {
  readonly path: string;
  readonly events: ArchiveEvent[] = [];

  constructor(path: string) {
    this.path = path;
  }

  static make(t: TestContext): Base {
    const path = join(tempDir(t), 'base');
    mkdirSync(path);
    return new Base(path);
  }

  writer({ identity = deadProcess(), compression = 'deflate' as Compression } = {}): Depositor {
    return new Depositor({
      base: this.path,
      identity,
      rotateMs: 300_000,
      compression,
      clock: systemClock,
      randomBytes,
      crash: noArchiveCrashPoints,
    });
  }

  /** Each deposit by its whole path, in one staging archive that is closed, or left open as by a writer that died. */
  async deposit(
    deposits: Deposits | readonly (readonly [string, string | Buffer])[],
    options: { identity?: ProcessIdentity; compression?: Compression; leaveOpen?: boolean } = {},
  ): Promise<Depositor> {
    const writer = this.writer(options);
    const list = Array.isArray(deposits) ? deposits : Object.entries(deposits);
    await Promise.all(
      list.map(([path, content]) =>
        writer.deposit(
          parseArchivePath(path),
          { bytes: Buffer.from(content) },
          { mode: 0o100644, mtimeMs: 1_700_000_000_123 },
        ),
      ),
    );
    if (options.leaveOpen !== true) await writer.close();
    return writer;
  }

  scavenge(options: Partial<ScavengeOptions & ScavengeSeams> = {}): Promise<ScavengeOutcome> {
    return scavenge({
      base: this.path,
      identity: thisProcess(),
      rotateMs: 300_000,
      flush: false,
      volumeBytes: 64 * 1024 ** 2,
      clock: systemClock,
      random: Math.random,
      crash: noArchiveCrashPoints,
      signal: new AbortController().signal,
      onEvent: (event) => this.events.push(event),
      ...options,
    });
  }

  /** What lies in the inbox, but for the places in it. */
  inbox(): string[] {
    return readdirSync(inboxOf(this.path)).filter((name) => name !== 'damaged' && name !== 'quarantine');
  }

  at(...parts: string[]): string {
    return join(this.path, ...parts);
  }
}
