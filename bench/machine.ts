import { readFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { fromText } from '../shared/fs/byte-path.ts';
import { fileSystemType } from '../shared/linux/file-system-type.ts';

/** Where a figure was taken. */
export type Machine = {
  cpu: string;
  cores: number;
  memoryGiB: number;
  kernel: string;
  node: string;
  fileSystem: string;
  /** Processes that wanted a core in the minute before the case began: above the number of cores others disturbed it. */
  loadBefore: number;
  version: string;
  durability: string;
};

/** @param directory where the files of the measurement are */
export function describeMachine(directory: string): Machine {
  const processors = cpus();
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  return {
    cpu: processors[0]?.model ?? 'unknown',
    cores: processors.length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: process.version,
    fileSystem: fileSystemType(fromText(directory)).name,
    loadBefore: loadavg()[0] ?? 0,
    version,
    durability:
      'state file WAL with synchronous=FULL; data, both directories and manifest fsynced before each commit',
  };
}
