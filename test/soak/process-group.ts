import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

export type Member = { pid: number; group: number; role: 'supervisor' | 'discoverer' | 'worker' };

const POLL_MS = 20;

/** The living processes of these programs, by what they are. A program is known by its group, whose number is its supervisor's. */
export function membersOf(groups: ReadonlySet<number>): Member[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const pid = Number(name);
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
        const [state, , itsGroup] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
        if (!groups.has(Number(itsGroup)) || state === 'Z' || state === 'X') return [];
        const command = readFileSync(`/proc/${pid}/cmdline`, 'latin1');
        return [
          {
            pid,
            group: Number(itsGroup),
            role: groups.has(pid) ? 'supervisor' : roleOf(command),
          } satisfies Member,
        ];
      } catch {
        // It ended meanwhile.
        return [];
      }
    });
}

/** Resolves when no process of these programs is left. @throws when one stays */
export async function groupsGone(groups: ReadonlySet<number>, timeoutMs: number): Promise<void> {
  const endsAt = performance.now() + timeoutMs;
  while (membersOf(groups).length > 0) {
    if (performance.now() > endsAt)
      throw new Error(`still there: ${membersOf(groups).map(({ pid, role }) => `${role} ${pid}`)}`);
    await delay(POLL_MS);
  }
}

/** One that has ended is left in peace. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended.
  }
}

/** A child that was forked this moment still has its parent's command line. */
const roleOf = (command: string): Member['role'] =>
  command.includes('discoverer') ? 'discoverer' : 'worker';
