import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SOURCE = fileURLToPath(new URL('../floor.c', import.meta.url));
/** As many files to a batch as a worker claims. */
const BATCH = 1024;

/** The lower bound in C, compiled into a directory of the benchmark's own. */
export class Floor {
  readonly #program: string;

  /** @throws where there is no compiler or no OpenSSL to build it with: without the reference there is no ratio */
  constructor(directory: string) {
    this.#program = join(directory, 'floor');
    const built = spawnSync('cc', ['-O2', '-o', this.#program, SOURCE, '-lcrypto'], { encoding: 'utf8' });
    if (built.error !== undefined)
      throw new Error('no C compiler: install one (Debian: gcc libc6-dev libssl-dev)');
    if (built.status === 0) return;
    const why = built.stderr.includes('openssl/evp.h')
      ? "OpenSSL's headers are missing (Debian: libssl-dev)"
      : built.stderr;
    throw new Error(`bench/floor.c could not be compiled: ${why}`);
  }

  /** Takes the files of `input`. @returns seconds from start to exit @throws where it did not take them all */
  run(input: string, output: string, processes: number, expectedFiles: number): number {
    const warehouse = join(output, 'warehouse');
    mkdirSync(warehouse, { recursive: true });
    const manifest = join(output, 'manifest.jsonl');
    const startedMs = performance.now();
    const run = spawnSync(this.#program, [input, warehouse, manifest, String(BATCH), String(processes)], {
      encoding: 'utf8',
    });
    const seconds = (performance.now() - startedMs) / 1000;
    if (run.status !== 0 || Number(run.stdout) !== expectedFiles)
      throw new Error(`the floor took ${run.stdout.trim()} of ${expectedFiles} files: ${run.stderr}`);
    return seconds;
  }
}
