import { closeSync, fsyncSync, openSync, unlinkSync, writeSync } from 'node:fs';
import { EnvironmentError, errnoOf } from '../../errors.ts';
import { type BytePath, fromText, join, toBytes, toText } from '../../fs/byte-path.ts';
import { fsyncDirectory } from '../../fs/durable.ts';
import { lstatIfThere } from '../../fs/lstat.ts';
import { renameNoReplace } from '../../linux/rename.ts';
import { damagedOf, inboxOf, makePlace, quarantineOf } from '../places.ts';

/** The longest name a Linux file system takes, in bytes. */
const NAME_MAX_BYTES = 255;
const LONGEST_SUFFIX_BYTES = '.999.damaged.txt'.length;
const MOST_TRIES = 999;

export type Aside = 'damaged' | 'quarantine';

const PLACES = {
  damaged: { directoryOf: damagedOf, suffix: '.damaged', textSuffix: '.damaged.txt' },
  quarantine: { directoryOf: quarantineOf, suffix: '', textSuffix: '.reason.txt' },
} as const;

/**
 * Moves a file out of the inbox, with a text beside it that says why. The text is durable first, and both are when it returns, but that the file
 * is gone from the inbox. Nothing that is there is replaced: where a name is taken it gets a number. After a crash there may be a
 * text of nothing.
 *
 * @param name in the inbox; one byte in each character
 * @returns where it is now, below the base; undefined where it is gone already
 * @throws as node:fs does
 */
export function setAside(base: string, name: string, to: Aside, text: string): string | undefined {
  const { directoryOf, suffix, textSuffix } = PLACES[to];
  const directory = fromText(directoryOf(base));
  makePlace(base, directoryOf(base));
  const from = join(fromText(inboxOf(base)), name);
  const stem = name.slice(0, NAME_MAX_BYTES - LONGEST_SUFFIX_BYTES);
  for (let number = 1; number <= MOST_TRIES; number += 1) {
    const numbered = number === 1 ? stem : `${stem}.${number}`;
    const [target, textFile] = [join(directory, numbered + suffix), join(directory, numbered + textSuffix)];
    if (lstatIfThere(target) !== undefined || !writeText(textFile, text)) continue;
    if (!moved(from, target)) {
      unlinkSync(toBytes(textFile));
      return undefined;
    }
    fsyncDirectory(directory);
    return `inbox/${to}/${toText((numbered + suffix) as BytePath)}`;
  }
  throw new EnvironmentError(`${directoryOf(base)} has too many files of one name`, {
    code: 'archive.aside',
    op: 'rename',
    subject: toText(name as BytePath),
    hint: 'look at what lies there, and remove it',
  });
}

/** @returns false where there is such a file */
function writeText(file: BytePath, text: string): boolean {
  let fd: number;
  try {
    fd = openSync(toBytes(file), 'wx');
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false;
    throw error;
  }
  try {
    writeSync(fd, text);
    fsyncSync(fd);
    return true;
  } finally {
    closeSync(fd);
  }
}

/** @returns false where it is gone */
function moved(from: BytePath, to: BytePath): boolean {
  try {
    renameNoReplace(from, to);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw error;
  }
}
