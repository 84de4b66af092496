import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf } from '../../errors.ts';
import type { StagedMember } from '../contract.ts';
import { KeptBytes } from '../kept-bytes.ts';
import { inboxOf } from '../places.ts';
import { readStaged } from '../recovery/read-staged.ts';
import { type FileFacts, factsOf } from '../volumes/file-facts.ts';
import { readFully } from '../zip/file-window.ts';
import { END_SIGNATURE, END64_SIGNATURE, LOCAL_SIGNATURE } from '../zip/format.ts';
import type { Breath } from './breath.ts';
import { addDamage, type Damages, noDamages } from './damage-text.ts';
import type { StagingFile } from './inbox.ts';

/** What is collected together: the facts of so many members are in memory. */
export const ROUND_MEMBERS = 65_536;
const ROUND_BYTES = 1024 ** 3;

/** A staging archive that is being collected. */
export type Staging = StagingFile & {
  /** By what it is known again when its data is copied, and that nobody wrote into it since. */
  facts: FileFacts;
  damages: Damages;
  /** Whole ones. */
  members: number;
  /** Whether it begins as a zip file does, or one of which nothing is written yet. */
  isPlausible: boolean;
  /** Something of it could not be published: it stays where it is. */
  isKept: boolean;
};

export type Collected = { member: StagedMember; staging: Staging };

export type Round = {
  members: Collected[];
  /** All of these was read: with this round published they may go. */
  ended: Staging[];
};

export type RoundsOptions = {
  base: string;
  ready: readonly StagingFile[];
  breath: Breath;
  /** Told of one that cannot be read; it is left where it is. */
  onUnreadable(staging: StagingFile, error: unknown): void;
  mostMembers?: number;
};

/**
 * Reads staging archives one after the other, and gives what is in them in rounds. One with very many members may reach over several rounds:
 * it ends in the last one. What is gone by now is passed by.
 */
export async function* roundsOf(options: RoundsOptions): AsyncGenerator<Round, void, undefined> {
  const { mostMembers = ROUND_MEMBERS } = options;
  let round: Round = { members: [], ended: [] };
  let hashes = new KeptBytes();
  let bytes = 0;
  for (const file of options.ready) {
    for await (const item of contentsOf(file, options)) {
      if ('ended' in item) {
        round.ended.push(item.ended);
        continue;
      }
      item.member.sha256 = hashes.keep(item.member.sha256);
      round.members.push(item);
      bytes += item.member.packedBytes;
      if (round.members.length < mostMembers && bytes < ROUND_BYTES) continue;
      yield round;
      round = { members: [], ended: [] };
      hashes = new KeptBytes();
      bytes = 0;
    }
  }
  if (round.members.length > 0 || round.ended.length > 0) yield round;
}

/** Its members, and at last that it ended; not where it cannot be read to its end. */
async function* contentsOf(
  file: StagingFile,
  { base, breath, onUnreadable }: RoundsOptions,
): AsyncGenerator<Collected | { ended: Staging }, void, undefined> {
  let fd: number | undefined;
  try {
    fd = openSync(join(inboxOf(base), file.file), OPEN_FLAGS);
    const staging = describe(file, fd);
    const isClosed = file.name.state === 'closed';
    const size = Number(staging.facts.size);
    for await (const found of readStaged(fd, size, file.name.random, { isClosed })) {
      if (breath.isDue) await breath.take();
      if ('damage' in found) addDamage(staging.damages, found.damage);
      else {
        staging.members += 1;
        yield { member: found.member, staging };
      }
    }
    yield { ended: staging };
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    // ENOENT: somebody who had the lease before has ended what he did.
    if (errnoOf(error) !== 'ENOENT') onUnreadable(file, error);
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

function describe(file: StagingFile, fd: number): Staging {
  const facts = factsOf(fstatSync(fd, { bigint: true }));
  const head = Buffer.alloc(4);
  const signature = readFully(fd, head, 0) < head.length ? 0 : head.readUInt32LE(0);
  const isPlausible = [0, LOCAL_SIGNATURE, END_SIGNATURE, END64_SIGNATURE].includes(signature);
  return { ...file, facts, damages: noDamages(), members: 0, isPlausible, isKept: false };
}

const OPEN_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
