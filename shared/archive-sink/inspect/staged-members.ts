import { hash } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { StagingName } from '../../archives/contract.ts';
import { inboxOf } from '../../archives/places.ts';
import { readStaged } from '../../archives/recovery/read-staged.ts';
import { parseStagingName, stagingStem } from '../../archives/staging/staging-name.ts';
import { errnoOf } from '../../errors.ts';

/** Files of one staging archive mostly come after each other, and those of a few workers take turns. */
const MOST_KNOWN = 4;

/** Neither a FIFO nor a link in the inbox holds it up. */
const OPEN_FLAGS = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW;

/** What is whole in the staging archives of a base, read byte by byte; of the last few it is known. */
export class StagedMembers {
  readonly #base: string;
  /** By name without turn and suffix; the one that was asked last at the end. */
  readonly #known = new Map<string, ReadonlySet<string>>();

  constructor(base: string) {
    this.#base = base;
  }

  /**
   * @param staging the name of a staging archive without turn and suffix
   * @param name the whole path of the deposit
   * @returns undefined where the staging archive is not in the inbox by now
   * @throws as node:fs does
   */
  async has(staging: string, name: string, sha256: Buffer): Promise<boolean | undefined> {
    const members = this.#known.get(staging) ?? (await this.#read(staging));
    if (members === undefined) return undefined;
    this.#known.delete(staging);
    this.#known.set(staging, members);
    const [oldest] = this.#known.keys();
    if (this.#known.size > MOST_KNOWN && oldest !== undefined) this.#known.delete(oldest);
    return members.has(keyOf(name, sha256));
  }

  async #read(staging: string): Promise<ReadonlySet<string> | undefined> {
    for (const file of readdirSync(inboxOf(this.#base))) {
      const name = parseStagingName(file);
      if (name === undefined || stagingStem(name) !== staging) continue;
      const members = await readMembers(join(inboxOf(this.#base), file), name);
      if (members !== undefined) return members;
    }
    return undefined;
  }
}

/** Undefined where it is not there by now. */
async function readMembers(
  path: string,
  { random, state }: StagingName,
): Promise<ReadonlySet<string> | undefined> {
  const fd = openIfThere(path);
  if (fd === undefined) return undefined;
  try {
    const stats = fstatSync(fd);
    const members = new Set<string>();
    if (!stats.isFile()) return members;
    for await (const found of readStaged(fd, stats.size, random, { isClosed: state === 'closed' }))
      if ('member' in found) members.add(keyOf(found.member.name, found.member.sha256));
    return members;
  } finally {
    closeSync(fd);
  }
}

function openIfThere(path: string): number | undefined {
  try {
    return openSync(path, OPEN_FLAGS);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** As long for every name. */
const keyOf = (name: string, sha256: Buffer): string =>
  hash('sha256', `${sha256.toString('hex')} ${name}`, 'base64');
