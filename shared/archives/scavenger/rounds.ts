import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf } from '../../errors.ts';
import type { StagedMember } from '../contract.ts';
import { inboxOf } from '../places.ts';
import { readStaged } from '../recovery/read-staged.ts';
import { factsOf } from '../volumes/file-facts.ts';
import { readFully } from '../zip/file-window.ts';
import { END_SIGNATURE, END64_SIGNATURE, LOCAL_SIGNATURE } from '../zip/format.ts';
import type { Breath } from './breath.ts';
import type { Staging } from './collected.ts';
import { addDamage, noDamages } from './damage-text.ts';
import type { StagingFile } from './inbox.ts';
import { RoundMembers } from './round-members.ts';

/** What is collected together: the facts of so many members are in memory. */
export const ROUND_MEMBERS = 65_536;
const ROUND_BYTES = 1024 ** 3;
/** Of facts: it is reached before where names are very long. */
const ROUND_HELD_BYTES = 32 * 1024 ** 2;

export type Round = {
  /** Until the next round is asked for. */
  members: RoundMembers;
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
  /** Of what is kept of members in memory. */
  mostHeldBytes?: number;
};

/**
 * Reads staging archives one after the other, and gives what is in them in rounds. One with very many members may reach over several rounds:
 * it ends in the last one. What is gone by now is passed by.
 */
export async function* roundsOf(options: RoundsOptions): AsyncGenerator<Round, void, undefined> {
  const { mostMembers = ROUND_MEMBERS, mostHeldBytes = ROUND_HELD_BYTES } = options;
  const members = new RoundMembers();
  let ended: Staging[] = [];
  let bytes = 0;
  for (const file of options.ready) {
    for await (const item of contentsOf(file, options)) {
      if ('ended' in item) {
        ended.push(item.ended);
        continue;
      }
      members.add(item.member, item.staging);
      bytes += item.member.packedBytes;
      if (members.length < mostMembers && bytes < ROUND_BYTES && members.heldBytes < mostHeldBytes) continue;
      yield { members, ended };
      members.clear();
      ended = [];
      bytes = 0;
    }
  }
  if (members.length > 0 || ended.length > 0) yield { members, ended };
}

/** Its members, and at last that it ended; not where it cannot be read to its end. */
async function* contentsOf(
  file: StagingFile,
  { base, breath, onUnreadable }: RoundsOptions,
): AsyncGenerator<{ member: StagedMember; staging: Staging } | { ended: Staging }, void, undefined> {
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
