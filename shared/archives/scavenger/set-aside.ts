import { closeSync, constants, fsyncSync, openSync, unlinkSync, writeSync } from 'node:fs';
import { EnvironmentError, errnoOf } from '../../errors.ts';
import { type BytePath, fromText, join, toBytes, toText } from '../../fs/byte-path.ts';
import { fsyncDirectory } from '../../fs/durable.ts';
import { lstatIfThere } from '../../fs/lstat.ts';
import { renameNoReplace } from '../../linux/rename.ts';
import { damagedOf, inboxOf, makePlace, quarantineOf } from '../places.ts';
import { ASIDE } from './faults.ts';

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
 * @throws EnvironmentError `archive.aside` where there is no place for it; as node:fs does
 */
export function setAside(base: string, name: string, to: Aside, text: string): string | undefined {
  const { directoryOf } = PLACES[to];
  makePlace(base, directoryOf(base));
  const fd = openDirectory(directoryOf(base));
  try {
    const numbered = moveInto(fromText(`/proc/self/fd/${fd}`), base, name, to, text);
    return numbered && `inbox/${to}/${toText(numbered)}`;
  } finally {
    closeSync(fd);
  }
}

/**
 * All is done below what is open here, and never below a name that somebody may have made a link of, to have us write elsewhere.
 *
 * @throws EnvironmentError `archive.aside` where it is no directory; as node:fs does
 */
function openDirectory(directory: string): number {
  try {
    return openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  } catch (error) {
    if (errnoOf(error) !== 'ENOTDIR' && errnoOf(error) !== 'ELOOP') throw error;
    throw new EnvironmentError(`${directory} is a link, or no directory`, {
      code: ASIDE,
      op: 'open',
      subject: directory,
      hint: 'look at what it is, and remove it',
    });
  }
}

/** @returns the name that it has now */
function moveInto(
  directory: BytePath,
  base: string,
  name: string,
  to: Aside,
  text: string,
): BytePath | undefined {
  const { directoryOf, suffix, textSuffix } = PLACES[to];
  const from = join(fromText(inboxOf(base)), name);
  const stem = name.slice(0, NAME_MAX_BYTES - LONGEST_SUFFIX_BYTES);
  for (let number = 1; number <= MOST_TRIES; number += 1) {
    const numbered = number === 1 ? stem : `${stem}.${number}`;
    const [target, textFile] = [join(directory, numbered + suffix), join(directory, numbered + textSuffix)];
    if (lstatIfThere(target) !== undefined || !writeText(textFile, text)) continue;
    if (!moved(from, target, textFile)) return undefined;
    fsyncDirectory(directory);
    return (numbered + suffix) as BytePath;
  }
  throw new EnvironmentError(`${directoryOf(base)} has too many files of one name`, {
    code: ASIDE,
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
  } catch (error) {
    unlinkIfPossible(file);
    throw error;
  } finally {
    closeSync(fd);
  }
}

/**
 * Without the file its text says nothing, and at each pass there would be one more.
 *
 * @returns false where it is gone
 */
function moved(from: BytePath, to: BytePath, textFile: BytePath): boolean {
  try {
    renameNoReplace(from, to);
    return true;
  } catch (error) {
    unlinkIfPossible(textFile);
    if (errnoOf(error) === 'ENOENT') return false;
    throw error;
  }
}

function unlinkIfPossible(file: BytePath): void {
  try {
    unlinkSync(toBytes(file));
  } catch {
    // What it was made for has failed, and that is what counts.
  }
}
