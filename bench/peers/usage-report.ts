/** Loaded before a program with `--import`: as it exits, it writes what it has used to the file that BENCH_USAGE names. Of a process that has ended nobody can ask. */
import { readFileSync, writeFileSync } from 'node:fs';

export type Usage = {
  peakBytes: number;
  cpuSeconds: number;
  /** By read and write and their like, whether or not a disk was asked. */
  readBytes: number;
  writtenBytes: number;
};

const path = process.env.BENCH_USAGE;
if (path !== undefined) process.on('exit', () => writeFileSync(path, JSON.stringify(usage())));

function usage(): Usage {
  const { user, system } = process.cpuUsage();
  return {
    peakBytes: numberIn('status', /^VmHWM:\s+(\d+) kB$/m) * 1024,
    cpuSeconds: (user + system) / 1e6,
    readBytes: numberIn('io', /^rchar: (\d+)$/m),
    writtenBytes: numberIn('io', /^wchar: (\d+)$/m),
  };
}

function numberIn(file: string, pattern: RegExp): number {
  const [, digits] = pattern.exec(readFileSync(`/proc/self/${file}`, 'latin1')) ?? [];
  return Number(digits);
}
