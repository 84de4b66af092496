import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { syncFileSystemOf } from '../files.ts';
import { archiveName, type WriteOrder } from './archive-order.ts';

const ZIPFILE_WRITER = fileURLToPath(new URL('./zipfile_writer.py', import.meta.url));

export const isInstalled = (program: string, ...args: string[]): boolean =>
  spawnSync(program, args, { stdio: 'ignore' }).status === 0;

/**
 * Info-ZIP puts plain files, a directory for each archive, into archives, as many at a time as there are processes; at the end one sync
 * of the file system.
 *
 * @returns seconds from the first fork to the end of the sync
 */
export async function zipPlainFiles(from: string, to: string, order: WriteSizes): Promise<number> {
  mkdirSync(to, { recursive: true });
  const names = Array.from({ length: order.archives }, (_, archive) => archiveName(archive)).values();
  const startedMs = performance.now();
  const zipOn = async (): Promise<void> => {
    for (const name of names) await run('zip', ['-q', '-r', join(to, `${name}.zip`), '.'], join(from, name));
  };
  await Promise.all(Array.from({ length: order.processes }, () => zipOn()));
  syncFileSystemOf(to);
  return (performance.now() - startedMs) / 1000;
}

type WriteSizes = Pick<WriteOrder, 'archives' | 'processes'>;

/**
 * The same files by Python's zipfile, each process into archives of its own, which nobody puts together; at the end one sync of the file
 * system.
 *
 * @returns seconds from the first fork to the end of the sync
 */
export async function writeByZipfile(order: Omit<WriteOrder, 'process'>): Promise<number> {
  mkdirSync(order.directory, { recursive: true });
  const startedMs = performance.now();
  await Promise.all(
    Array.from({ length: order.processes }, (_, process) =>
      run('python3', [ZIPFILE_WRITER, JSON.stringify({ ...order, process })], order.directory),
    ),
  );
  syncFileSystemOf(order.directory);
  return (performance.now() - startedMs) / 1000;
}

/** @throws where it fails: a run that wrote only some measures nothing */
async function run(program: string, args: readonly string[], cwd: string): Promise<void> {
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'], cwd });
  let said = '';
  child.stderr.on('data', (text) => {
    said = `${said}${text}`.slice(-2000);
  });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`${program} ended with ${code}: ${said}`);
}
