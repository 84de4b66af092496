import { execFileSync } from 'node:child_process';
import { mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { mountBind, mountLoop, mountTmpfs, unmount } from '../../support/mounts.ts';
import { tempDir } from '../../support/temp.ts';

/** A temporary directory with mounts in it, which are detached before it is removed: hooks run in their order. */
export class MountPlaces {
  readonly #context: TestContext;
  readonly #mounts: string[] = [];
  readonly directory: string;

  constructor(context: TestContext) {
    this.#context = context;
    context.after(() => this.#mounts.forEach(unmount));
    this.directory = tempDir(context);
  }

  tmpfs(name: string, sizeBytes = 1 << 20): string {
    return this.#add(mountTmpfs(this.#context, join(this.directory, name), sizeBytes));
  }

  bind(source: string, name: string): string {
    return this.#add(mountBind(this.#context, source, join(this.directory, name)));
  }

  /** @param image is made here, and holds the file system */
  loop(image: string, name: string, type: 'ext4' | 'xfs', sizeBytes: number): string {
    const file = join(this.directory, image);
    return this.#add(mountLoop(this.#context, file, join(this.directory, name), type, sizeBytes));
  }

  /** As file systems were made long ago, and some still are: directories hold names, but not what they name. */
  ext4WithoutTypes(image: string, name: string, sizeBytes: number): string {
    const [file, directory] = [join(this.directory, image), join(this.directory, name)];
    writeFileSync(file, '');
    truncateSync(file, sizeBytes);
    mkdirSync(directory);
    execFileSync('mkfs.ext4', ['-q', '-F', '-O', '^filetype', file], { stdio: 'pipe' });
    execFileSync('mount', ['-o', 'loop', file, directory], { stdio: 'pipe' });
    return this.#add(directory);
  }

  #add(directory: string): string {
    this.#mounts.push(directory);
    return directory;
  }
}
