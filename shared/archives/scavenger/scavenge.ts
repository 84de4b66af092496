import { join } from 'node:path';
import { WharfingerError } from '../../errors.ts';
import type { ScavengeOptions, ScavengeReport } from '../contract.ts';
import { inboxOf, makePlace, workOf } from '../places.ts';
import { Breath } from './breath.ts';
import { clearPlaces } from './clear-places.ts';
import { collectInbox } from './collect-inbox.ts';
import { assertBase, placeFault } from './faults.ts';
import { type Inbox, readInbox } from './inbox.ts';
import { acquireLease } from './lease.ts';
import { type OwnerOptions, silenceMs, whyTake } from './owner.ts';
import { type ServerClock, serverClock } from './server-clock.ts';

/** A report, and what could not be stored. */
export type ScavengeOutcome = ScavengeReport & {
  /** Archives that could not be written this time; what is staged for them stays in the inbox. Each was told as `archive.bad_volume`. */
  failures: readonly { archive: string; error: Error }[];
};

export type ScavengeSeams = {
  /** What others are told of the host; its name where none is given. */
  hostName?: string;
  /** The rest is for tests. */
  serverClock?: ServerClock;
  beatMs?: number;
  roundMembers?: number;
};

/**
 * Collects once what is staged below a base: see docs/archives.md. Any number may do so at once, on any hosts: one of them gets the lease,
 * the others are told by whom it is held. Where there is nothing to collect nothing is written.
 *
 * Whatever happens, a member that was acknowledged is in its archive or in the inbox; collected again it is found there.
 * Where the signal aborts, the archive in hand is finished or left as it was.
 *
 * @throws EnvironmentError `archive.base`, `archive.no-space`, `archive.io`; LeaseLostError where it slept, and somebody else has gone on
 */
export async function scavenge(options: ScavengeOptions & ScavengeSeams): Promise<ScavengeOutcome> {
  const { base } = options;
  assertBase(base);
  try {
    return await scavengeOnce(options);
  } catch (error) {
    throw error instanceof WharfingerError ? error : placeFault(base, error);
  }
}

async function scavengeOnce(options: ScavengeOptions & ScavengeSeams): Promise<ScavengeOutcome> {
  const { base, identity, random, crash, signal, clock, hostName, beatMs } = options;
  const inbox = await readInbox(base);
  if (isEmpty(inbox)) return { ...NOTHING };
  const work = workOf(base);
  makePlace(base, work);
  const server = options.serverClock ?? serverClock(work, random);
  const owners = { here: identity, serverClock: server, silenceMs: silenceMs(options) };
  if (!isWorthIt(base, inbox, owners)) return { ...NOTHING, stillOpen: inbox.open.length };
  const lease = acquireLease({
    work,
    here: identity,
    serverClock: server,
    ...(hostName === undefined ? {} : { hostName }),
    ...(beatMs === undefined ? {} : { beatMs }),
  });
  if ('heldBy' in lease) return { ...NOTHING, heldBy: lease.heldBy };
  try {
    crash.reach('scavenge.leased');
    await lease.fence();
    crash.reach('scavenge.fenced');
    const breath = new Breath(clock, AbortSignal.any([signal, lease.lost]));
    clearPlaces(base);
    // What was listed before the lease was ours may be gone by now.
    return await collectInbox(await readInbox(base), { ...options, lease, breath, owners });
  } catch (error) {
    throw lease.explain(error);
  } finally {
    lease.release();
  }
}

const NOTHING: ScavengeOutcome = {
  heldBy: undefined,
  stagingArchives: 0,
  members: 0,
  bytes: 0,
  duplicates: 0,
  versions: 0,
  damaged: 0,
  quarantined: 0,
  stillOpen: 0,
  archives: 0,
  failures: [],
};

const isEmpty = ({ ready, open, foreign }: Inbox): boolean =>
  ready.length + open.length + foreign.length === 0;

/** Whether there is anything that the lease is needed for. */
const isWorthIt = (base: string, { ready, open, foreign }: Inbox, owners: OwnerOptions): boolean =>
  ready.length + foreign.length > 0 ||
  open.some(({ file, name }) => whyTake(join(inboxOf(base), file), name, owners) !== undefined);
