import { setTimeout as delay } from 'node:timers/promises';
import type { Account } from './account.ts';
import type { Crew } from './crew.ts';
import type { Fleet } from './fleet.ts';
import { type Harbour, LEASE_MS } from './harbour.ts';
import { cutPowerOf } from './power.ts';
import { type Member, signal } from './process-group.ts';
import type { Calamity as CalamityOf } from './storm.ts';

/** What calamities befall. */
export type Scene = { crew: Crew; harbour: Harbour; account: Account; fleet: Fleet };

type Calamity = CalamityOf<Scene> & { needsDisks?: true };

const LONGEST_FREEZE_MS = 2 * LEASE_MS;
/** How long the program runs on against dead disks. */
const LONGEST_WITHOUT_POWER_MS = 800;

const kill = (role: Member['role'], weight: number): Calamity => ({
  name: `${role} killed`,
  weight,
  async strike({ crew }, random) {
    const victim = random.pickIfAny(crew.members(role));
    if (victim !== undefined) signal(victim.pid, 'SIGKILL');
    return undefined;
  },
});

const killEverything: Calamity = {
  name: 'everything killed',
  weight: 3,
  async strike({ crew }) {
    for (const { pid } of crew.members()) signal(pid, 'SIGKILL');
    return undefined;
  },
};

/** Mostly for longer than the lease. */
const freeze = (role: Member['role'] | 'everything', weight: number): Calamity => ({
  name: `${role} frozen`,
  weight,
  async strike({ crew }, random) {
    const ms = random.whole(LEASE_MS / 2, LONGEST_FREEZE_MS);
    const portion = random.fraction();
    const all = crew.members(role === 'everything' ? undefined : role);
    const victim = all[Math.floor(portion * all.length)];
    const victims = role === 'everything' ? all : victim === undefined ? [] : [victim];
    for (const { pid } of victims) signal(pid, 'SIGSTOP');
    return { lasts: thaw(victims, ms) };
  },
});

async function thaw(victims: readonly Member[], afterMs: number): Promise<void> {
  await delay(afterMs);
  for (const { pid } of victims) signal(pid, 'SIGCONT');
}

const otherCount: Calamity = {
  name: 'supervisor more or less',
  weight: 4,
  async strike({ crew }, random) {
    crew.want(crew.wanted === 1 ? 2 : random.whole(1, 2));
    return undefined;
  },
};

const stopped: Calamity = {
  name: 'stopped and started',
  weight: 2,
  async strike({ crew }) {
    crew.stopAll();
    return undefined;
  },
};

const full = (which: 'near' | 'far', weight: number): Calamity => ({
  name: `${which} disk full`,
  weight,
  needsDisks: true,
  async strike({ harbour }, random) {
    const ms = random.whole(500, 4000);
    const disk = harbour[which];
    return disk && { lasts: disk.fillFor(ms) };
  },
});

const powerCut = (disks: 'both' | 'near' | 'far', weight: number): Calamity => ({
  name: `power cut of ${disks}`,
  weight,
  needsDisks: true,
  needsCalm: true,
  async strike(scene, random) {
    await cutPowerOf(disks, random.whole(0, LONGEST_WITHOUT_POWER_MS), scene);
    return undefined;
  },
});

/** No calamity, but between two power cuts it makes the difference for writers that do not fsync. */
const writtenBack: Calamity = {
  name: 'everything written back',
  weight: 10,
  needsDisks: true,
  async strike({ harbour, account }) {
    harbour.near?.writeBack();
    account.everythingWasWritten();
    return undefined;
  },
};

const CALAMITIES: readonly Calamity[] = [
  kill('worker', 8),
  kill('discoverer', 4),
  kill('supervisor', 4),
  killEverything,
  freeze('worker', 4),
  freeze('discoverer', 1),
  freeze('supervisor', 1),
  freeze('everything', 1),
  otherCount,
  stopped,
  writtenBack,
  full('near', 2),
  full('far', 2),
  powerCut('both', 3),
  powerCut('near', 1),
  powerCut('far', 1),
];

/** Those for which all is there that they need. */
export const calamitiesFor = ({ harbour }: Scene): readonly Calamity[] =>
  CALAMITIES.filter(({ needsDisks }) => needsDisks === undefined || harbour.near !== undefined);
