import { EnvironmentError } from '../../errors.ts';
import { type BytePath, fromText, join } from '../../fs/byte-path.ts';
import { makeDirectoryDurable } from '../../fs/durable.ts';
import { lstatIfThere } from '../../fs/lstat.ts';
import { directoryOf } from '../volumes/archive-name.ts';

/** Makes the directories in which archives lie, each once. */
export class ArchiveDirectories {
  readonly #base: BytePath;
  readonly #known = new Set<BytePath>();

  constructor(base: string) {
    this.#base = fromText(base);
  }

  /**
   * When it returns, the directory of the archive is there, durable, and below the base: a link on the way to it is refused, since it may lead
   * anywhere.
   *
   * @throws EnvironmentError `archive.directory`; as node:fs does
   */
  make(archive: string): void {
    const directory = directoryOf(archive);
    if (directory === '') return;
    let path = this.#base;
    for (const part of fromText(directory).split('/')) {
      path = join(path, part);
      const stats = lstatIfThere(path);
      if (stats !== undefined && !stats.isDirectory()) throw notDirectory(archive, directory);
    }
    makeDirectoryDurable(this.#base, path, this.#known);
  }
}

const notDirectory = (archive: string, directory: string): EnvironmentError =>
  new EnvironmentError(`${archive} cannot be written: a part of ${directory} is a link, or no directory`, {
    code: 'archive.directory',
    op: 'mkdir',
    subject: archive,
    hint: 'make a directory of it, or mount there what the link leads to; what is staged waits in the inbox',
  });
