import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { closeSync, existsSync, fstatSync, openSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { parseArchivePath } from '../../shared/archives/archive-path.ts';
import { noArchiveCrashPoints, type StagedMember, type StagingName } from '../../shared/archives/contract.ts';
import { inboxOf } from '../../shared/archives/places.ts';
import { readStaged, type StagedDamage } from '../../shared/archives/recovery/read-staged.ts';
import {
  type Deposited,
  type DepositFacts,
  Depositor,
  type DepositorOptions,
} from '../../shared/archives/staging/depositor.ts';
import { parseStagingName } from '../../shared/archives/staging/staging-name.ts';
import { readMember } from '../../shared/archives/zip/read-member.ts';
import type { Clock } from '../../shared/clock.ts';
import type { ProcessIdentity } from '../../shared/linux/process-identity.ts';
import { tempDir } from './temp.ts';

/** A writer of archives that is made up: nobody of this name lives. */
export const WRITER: ProcessIdentity = { host: 'quay:pid:[1]', boot: 'b', pid: 4711, pidStart: '99' };

/** A clock that a test turns. */
export class TurnedClock implements Clock {
  ms = 1_000_000;
  nowMs = (): number => this.ms;
  monotonicMs = (): number => this.ms;
}

export const depositorOptions = (base: string): DepositorOptions => ({
  base,
  identity: WRITER,
  rotateMs: 300_000,
  compression: 'deflate',
  clock: new TurnedClock(),
  randomBytes,
  crash: noArchiveCrashPoints,
  onError: (error) => assert.fail(String(error)),
});

/** A depositor with a base of its own; closed at the end, but where one is made to hang. */
export function makeDepositor(
  t: TestContext,
  options: Partial<DepositorOptions> = {},
  { isClosed = true }: { isClosed?: boolean } = {},
) {
  const base = options.base ?? tempDir(t);
  const depositor = new Depositor({ ...depositorOptions(base), ...options });
  if (isClosed) t.after(() => depositor.close());
  const deposit = (
    path: string,
    content: string | Buffer,
    facts: Partial<DepositFacts> = {},
  ): Promise<Deposited> =>
    depositor.deposit(
      parseArchivePath(path),
      { bytes: Buffer.from(content) },
      { mode: 0o640, mtimeMs: 1_700_000_000_123, ...facts },
    );
  return { base, depositor, deposit };
}

export type StagedFile = {
  file: string;
  name: StagingName;
  members: (StagedMember & { content: Buffer })[];
  damages: StagedDamage[];
};

/** What a scavenger would find, the oldest turn first where there are several. */
export async function readInbox(base: string): Promise<StagedFile[]> {
  if (!existsSync(inboxOf(base))) return [];
  const files: StagedFile[] = [];
  for (const file of readdirSync(inboxOf(base)).sort()) {
    const name = parseStagingName(file) ?? assert.fail(`${file} is no staging archive`);
    files.push({ file, name, ...(await readFile(join(inboxOf(base), file), name)) });
  }
  return files;
}

async function readFile(
  path: string,
  { random, state }: StagingName,
): Promise<Pick<StagedFile, 'members' | 'damages'>> {
  const fd = openSync(path, 'r');
  try {
    const members: StagedFile['members'] = [];
    const damages: StagedDamage[] = [];
    const isClosed = state === 'closed';
    for await (const found of readStaged(fd, fstatSync(fd).size, random, { isClosed })) {
      if ('damage' in found) damages.push(found.damage);
      else members.push({ ...found.member, content: await contentOf(fd, found.member) });
    }
    return { members, damages };
  } finally {
    closeSync(fd);
  }
}

async function contentOf(fd: number, member: StagedMember): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of readMember(fd, member)) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

/** Names and contents of all that is whole in the inbox, sorted. */
export async function stagedContents(base: string): Promise<[string, string][]> {
  const files = await readInbox(base);
  return files
    .flatMap(({ members }) =>
      members.map(({ name, content }): [string, string] => [name, content.toString('utf8')]),
    )
    .sort();
}

export const sha256Of = (content: string | Buffer): string =>
  createHash('sha256').update(content).digest('hex');

/** As node:fs throws it. */
export const errnoError = (code: string, syscall: string): NodeJS.ErrnoException =>
  Object.assign(new Error(`${code}: made up, ${syscall}`), { code, syscall });
