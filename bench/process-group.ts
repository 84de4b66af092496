import { readdirSync, readFileSync } from 'node:fs';

/** What /proc/PID/stat counts in on Linux: USER_HZ, which is 100 everywhere. */
const TICKS_PER_SECOND = 100;

export type GroupMember = { pid: number; name: string };
export type PeakMemory = { name: string; peakBytes: number };

/** The processes of a process group that live now. */
export function membersOf(group: number): GroupMember[] {
  return readdirSync('/proc').flatMap((entry) => {
    if (!/^\d+$/.test(entry)) return [];
    const fields = statFields(Number(entry));
    return fields?.[2] === String(group) ? [{ pid: Number(entry), name: nameOf(Number(entry)) }] : [];
  });
}

/** CPU seconds that a process has used, in user and kernel. 0 of one that is gone. */
export function cpuSeconds(pid: number): number {
  const fields = statFields(pid);
  return fields === undefined ? 0 : (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** Asks again and again for the most memory that each process of a group has had resident, until it is disposed. */
export class MemoryWatch implements Disposable {
  readonly #group: number;
  readonly #timer: NodeJS.Timeout;
  readonly #known = new Map<number, PeakMemory>();
  #looks = 0;

  constructor(group: number, everyMs = 100) {
    this.#group = group;
    this.#timer = setInterval(() => this.#look(), everyMs);
  }

  peaks(): PeakMemory[] {
    return [...this.#known.values()].sort((a, b) => a.name.localeCompare(b.name));
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    // A new process shows itself within a second; between, only those known are read: reading all of /proc costs.
    if (this.#looks++ % 10 === 0) for (const { pid, name } of membersOf(this.#group)) this.#note(pid, name);
    else for (const [pid, { name }] of this.#known) this.#note(pid, name);
  }

  #note(pid: number, name: string): void {
    const peakBytes = peakBytesOf(pid);
    const known = this.#known.get(pid);
    if (peakBytes > (known?.peakBytes ?? 0)) this.#known.set(pid, { name, peakBytes });
  }
}

/** The kernel's own high-water mark, so that no peak between two looks is missed. */
function peakBytesOf(pid: number): number {
  const [, kib] = /^VmHWM:\s+(\d+) kB$/m.exec(read(pid, 'status') ?? '') ?? [];
  return Number(kib ?? 0) * 1024;
}

function nameOf(pid: number): string {
  const command = read(pid, 'cmdline') ?? '';
  if (command.includes('bin/wharfinger.js')) return 'supervisor';
  return /discoverer|worker/.exec(command)?.[0] ?? 'supervisor';
}

/** From the third field, the state, on: the second, the name, may hold spaces. */
function statFields(pid: number): string[] | undefined {
  const text = read(pid, 'stat');
  return text?.slice(text.lastIndexOf(')') + 2).split(' ');
}

function read(pid: number, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1');
  } catch {
    // It has ended.
    return undefined;
  }
}
