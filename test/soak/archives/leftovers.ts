import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** What lies below a base beside the archives, by names in their directories. */
export type Leftovers = {
  /** Staging archives, and whatever else is in the inbox. */
  staged: string[];
  /** Files that were set aside since something in them is cut. */
  damaged: string[];
  /** What must not be. */
  problems: string[];
};

/** Looks when nobody is at work. */
export function leftIn(base: string): Leftovers {
  const inbox = join(base, 'inbox');
  const staged = namesIn(inbox).filter((name) => name !== 'damaged' && name !== 'quarantine');
  const aside = namesIn(join(inbox, 'damaged'));
  const texts = aside.filter((name) => name.endsWith('.txt'));
  const damaged = aside.filter((name) => !texts.includes(name));
  const problems = [
    ...damaged
      .filter((name) => !texts.includes(`${name}.txt`))
      .map((name) => `damaged, without a word why: ${name}`),
    ...namesIn(join(inbox, 'quarantine')).map((name) => `in quarantine: ${name}`),
    ...problemsOfWork(join(base, '.wharfinger', 'work')),
    ...namesIn(base, true)
      .filter(isNoArchive)
      .map((name) => `no archive: ${name}`),
  ];
  return { staged, damaged, problems };
}

/** One lease, which is free, and nothing else but what those who died looked at the server's clock with. */
function problemsOfWork(work: string): string[] {
  const leases = namesIn(work).filter((name) => !name.startsWith('clock-'));
  if (leases.length > 1) return [`more than a lease in ${work}: ${leases.join(', ')}`];
  return leases.flatMap((lease) => {
    const files = namesIn(join(work, lease));
    const left = files.filter((name) => name !== 'holder.json' && name !== 'released');
    const held = files.includes('released') ? [] : [`the lease ${lease} is held`];
    return [...held, ...left.map((name) => `left in the lease ${lease}: ${name}`)];
  });
}

const isNoArchive = (path: string): boolean =>
  !/^(inbox|\.wharfinger)(\/|$)/.test(path) && !path.toLowerCase().endsWith('.zip') && /\./.test(path);

const namesIn = (directory: string, recursive = false): string[] =>
  existsSync(directory) ? readdirSync(directory, { recursive, encoding: 'utf8' }).sort() : [];
