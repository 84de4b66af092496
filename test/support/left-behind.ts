import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

export type LeftProcess = { pid: number; command: string; kill(): void };

/** The processes, this one aside, whose environment, command line or working directory names `directory`. */
export function leftProcesses(directory: string): LeftProcess[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid);
  return pids.flatMap((pid) => {
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
      const traces = [
        command,
        readFileSync(`/proc/${pid}/environ`, 'utf8'),
        readlinkSync(`/proc/${pid}/cwd`),
      ];
      if (!traces.some((trace) => trace.includes(directory))) return [];
      return [{ pid: Number(pid), command, kill: () => killIfThere(Number(pid)) }];
    } catch {
      // It ended meanwhile, or is another user's: in neither case one of ours that stays.
      return [];
    }
  });
}

/** Where something is still mounted below `directory`. */
export function leftMounts(directory: string): string[] {
  const points = readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .flatMap((line) => line.split(' ')[1] ?? []);
  return points.filter((point) => point.startsWith(`${directory}/`));
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}
