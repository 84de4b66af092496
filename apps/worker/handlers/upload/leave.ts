import { fstatSync, unlinkSync } from 'node:fs';
import { errnoOf } from '../../../../shared/errors.ts';
import { type BytePath, toBytes } from '../../../../shared/fs/byte-path.ts';
import { fingerprintOf } from '../../../../shared/fs/fingerprint.ts';
import { hasOpenWriter } from '../../../../shared/linux/open-writer.ts';
import { renameNoReplace } from '../../../../shared/linux/rename.ts';
import { type Leaving, withNumber } from './conclude.ts';
import { isAt, type MoveContext } from './move-in.ts';

export type LeaveContext = MoveContext & {
  /** The directory that must be there, below which others are made. */
  rootOf(file: Leaving): BytePath;
  /** Puts the name on record that a file leaves for instead, durably. */
  redirect(file: Leaving, to: BytePath): void;
};

/** Where a file is for good; or that it stays for now, because its place refuses; or that it was changed, and stays as a new file. */
export type Left = { at: BytePath } | { refused: string } | { changed: BytePath };

/**
 * Brings a file whose upload is over where its record says; gone for good where it is to be removed. Idempotent. The names that came and went
 * are durable after `directories.sync()`.
 *
 * A file that was written to after it was sent is never removed or taken away: it goes back to its name, as new content.
 */
export function leave(file: Leaving, context: LeaveContext): Left {
  const { path, to, record, remove } = file;
  const { directories, fence, crash } = context;
  try {
    if (!isAt(to, record)) {
      if (!remove) directories.make(context.rootOf(file), to);
      fence.assertHeld(file);
      if (!isAt(path, record)) return { at: to };
      if (mayChange(file) && isTouched(file)) return { changed: path };
      renameNoReplace(path, to);
      directories.touched(path);
      directories.touched(to);
      crash.reach('upload.moved-out');
    }
    if (mayChange(file) && isChanged(file)) return goBack(file, context);
    if (remove) unlinkSync(toBytes(to));
    return { at: to };
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === undefined) throw error;
    if (errno === 'EEXIST') return leaveElsewhere(file, context);
    if (errno === 'ENOENT') directories.forget(to);
    return { refused: errno };
  }
}

function leaveElsewhere(file: Leaving, context: LeaveContext): Left {
  const to = withNumber(file.to, file.record.id);
  if (to === file.to) return { refused: 'EEXIST' };
  context.redirect(file, to);
  return leave({ ...file, to }, context);
}

/** What was sent from the place where others write. */
const mayChange = ({ plan, is }: Leaving): boolean => plan.places === undefined && is === 'sent';

/** A writer that gives a file its size and its times back cannot do so with its ctime; nor can we, once it is moved. */
function isTouched({ fd, job, record, fingerprint }: Leaving): boolean {
  const sent = record.outcome === undefined ? fingerprint : (job.fingerprint ?? fingerprint);
  return fingerprintOf(fstatSync(fd, { bigint: true })) !== sent;
}

function isChanged({ fd, record }: Leaving): boolean {
  const { size, mtimeNs } = fstatSync(fd, { bigint: true });
  return size !== BigInt(record.sizeBytes) || mtimeNs !== record.mtimeNs || hasOpenWriter(fd) === 'yes';
}

/** To where it was when it was sent: whoever goes on with it after a crash meets it under the name that it was leaving for. */
function goBack(file: Leaving, { directories }: LeaveContext): Left {
  const { path, id } = file.record;
  for (const name of [path, withNumber(path, id)]) {
    try {
      renameNoReplace(file.to, name);
      directories.touched(name);
      return { changed: name };
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') throw error;
    }
  }
  return { refused: 'EEXIST' };
}
