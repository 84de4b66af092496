import { statSync } from 'node:fs';
import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises';
import type { Calamity as CalamityOf } from '../storm.ts';
import { type Crew, ROTATE_SECONDS } from './crew.ts';
import { letLapse, someoneCollects } from './lease.ts';
import type { Place } from './place.ts';
import type { Player, Role } from './player.ts';
import { cutPowerOf } from './power.ts';

/** What calamities befall, and for how long. */
export type Scene = { crew: Crew; place: Place; minutes: number };

type Calamity = CalamityOf<Scene> & { needs?: 'disk' | 'hosts' | 'minutes' };

/** Beyond two rotations a writer of another host is taken for dead. */
const LONGEST_FREEZE_MS = 3 * 2 * ROTATE_SECONDS * 1000;
/** A scavenger's lease runs out after 60 s. */
const PAST_LEASE_MS = 64_000;
const MINUTES_FOR_A_LEASE = 3;
const LONGEST_WAIT_MS = 3000;
const LONGEST_WITHOUT_POWER_MS = 500;

const kill = (role: Role, weight: number): Calamity => ({
  name: `${role} killed`,
  weight,
  async strike({ crew }, random) {
    random.pickIfAny(crew.players(role))?.kill();
    return undefined;
  },
});

const freeze = (role: Role, weight: number): Calamity => ({
  name: `${role} frozen`,
  weight,
  async strike({ crew }, random) {
    const ms = random.whole(200, LONGEST_FREEZE_MS);
    const awake = crew.players(role).filter(({ isFrozen }) => !isFrozen);
    // One of this host is known to live; of others nobody can know.
    const far = awake.filter(({ host }) => host.name !== undefined);
    const victim = random.pickIfAny(random.chance(0.7) && far.length > 0 ? far : awake);
    if (victim === undefined) return undefined;
    victim.freeze();
    return { lasts: thaw(victim, ms) };
  },
});

async function thaw(victim: Player, afterMs: number): Promise<void> {
  await delay(afterMs);
  victim.thaw();
}

/** In the middle of a deposit, for so long that it is taken for dead; then it goes on with a file that is another's. */
const frozenDepositing: Calamity = {
  name: 'frozen while it deposits',
  weight: 8,
  needs: 'hosts',
  async strike({ crew }, random) {
    const ms = random.whole(LONGEST_FREEZE_MS / 2, LONGEST_FREEZE_MS);
    const far = crew.players('writer').filter(({ host, isFrozen }) => host.name !== undefined && !isFrozen);
    const victim = random.pickIfAny(far);
    if (victim === undefined) return undefined;
    await begins(crew.journalOf(victim));
    // Its journal takes some milliseconds, and so does the deposit.
    await delay(random.whole(0, 12));
    victim.freeze();
    return { lasts: thaw(victim, ms) };
  },
};

/** Waits until something is noted; not for ever, since its writer may be dead. */
async function begins(journal: string): Promise<void> {
  const endsAt = performance.now() + LONGEST_WAIT_MS;
  const before = sizeOf(journal);
  while (sizeOf(journal) === before && performance.now() < endsAt) await nextTurn();
}

const sizeOf = (file: string): number => statSync(file, { throwIfNoEntry: false })?.size ?? 0;

const killedCollecting: Calamity = {
  name: 'killed while it collects',
  weight: 6,
  async strike({ crew, place }, random) {
    const holder = await someoneCollects(place.base, crew, LONGEST_WAIT_MS);
    await delay(random.whole(0, 60));
    holder?.kill();
    await holder?.ended;
    letLapse(place.base, crew);
    return undefined;
  },
};

/** The lease runs out meanwhile, and others collect; then it wakes up in the middle of its work. */
const frozenCollecting: Calamity = {
  name: 'frozen while it collects',
  weight: 6,
  async strike({ crew, place }, random) {
    const ms = random.whole(500, 5000);
    const holder = await someoneCollects(place.base, crew, LONGEST_WAIT_MS);
    await delay(random.whole(0, 60));
    if (holder === undefined || holder.isFrozen) return undefined;
    holder.freeze();
    letLapse(place.base, crew);
    return { lasts: thaw(holder, ms) };
  },
};

/** As above, and nobody helps the minute along. */
const frozenPastLease: Calamity = {
  name: 'frozen past its lease',
  weight: 1,
  needs: 'minutes',
  async strike({ crew, place }) {
    const holder = await someoneCollects(place.base, crew, LONGEST_WAIT_MS);
    if (holder === undefined || holder.isFrozen) return undefined;
    holder.freeze();
    return { lasts: thaw(holder, PAST_LEASE_MS) };
  },
};

const minuteGoesBy: Calamity = {
  name: 'the lease of a dead one ends',
  weight: 4,
  async strike({ crew, place }) {
    letLapse(place.base, crew);
    return undefined;
  },
};

const hostGone: Calamity = {
  name: 'host gone and back',
  weight: 2,
  needs: 'hosts',
  async strike({ crew }, random) {
    await crew.restartHost(random);
    return undefined;
  },
};

const everythingKilled: Calamity = {
  name: 'everything killed',
  weight: 2,
  needsCalm: true,
  async strike({ crew }) {
    await crew.killAll();
    await crew.call();
    return undefined;
  },
};

const oneMore: Calamity = {
  name: 'one more scavenges',
  weight: 6,
  async strike({ crew }, random) {
    const pass = crew.scavenge(random.pick(crew.hosts), ...(random.chance(0.7) ? ['--flush'] : []));
    return { lasts: pass.then(() => undefined) };
  },
};

const full: Calamity = {
  name: 'disk full',
  weight: 3,
  needs: 'disk',
  async strike({ place: { disk } }, random) {
    const ms = random.whole(300, 4000);
    return disk && { lasts: disk.fillFor(ms) };
  },
};

const powerCut: Calamity = {
  name: 'power cut',
  weight: 4,
  needs: 'disk',
  needsCalm: true,
  async strike({ crew, place }, random) {
    await cutPowerOf(place, crew, random.whole(0, LONGEST_WITHOUT_POWER_MS));
    return undefined;
  },
};

const CALAMITIES: readonly Calamity[] = [
  kill('writer', 8),
  freeze('writer', 5),
  frozenDepositing,
  kill('scavenger', 3),
  freeze('scavenger', 3),
  killedCollecting,
  frozenCollecting,
  frozenPastLease,
  minuteGoesBy,
  hostGone,
  everythingKilled,
  oneMore,
  full,
  powerCut,
];

/** Those for which all is there that they need. */
export const calamitiesFor = ({ crew, place, minutes }: Scene): readonly Calamity[] => {
  const has = {
    disk: place.disk !== undefined,
    hosts: crew.hosts.length > 1,
    minutes: minutes >= MINUTES_FOR_A_LEASE,
  };
  return CALAMITIES.filter(({ needs }) => needs === undefined || has[needs]);
};
