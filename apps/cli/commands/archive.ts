import type { Command } from 'commander';
import { addCat } from '../archive/cat.ts';
import { addExtract } from '../archive/extract.ts';
import { addList } from '../archive/list.ts';
import { addScavenge } from '../archive/scavenge.ts';
import { addTest } from '../archive/test.ts';
import type { CliContext } from '../context.ts';
import { addExamples } from '../help.ts';

/** `archive list|cat|extract|test`: what is in zip archives, ours and those of others; `archive scavenge`: collects what is staged for them. */
export function register(program: Command, context: CliContext): void {
  const archive = program
    .command('archive')
    .summary('look into zip archives, extract and test them; collect what is staged for them')
    .description('Looks into zip archives, extracts and tests them, and collects what is staged for them.');
  addList(archive, context);
  addCat(archive, context);
  addExtract(archive, context);
  addTest(archive, context);
  addScavenge(archive, context);
  addExamples(archive, [
    ['wharfinger archive list base/ar.zip', 'what is in it'],
    ['wharfinger archive cat base/ar.zip logs/1.log', 'one member'],
    ['wharfinger archive extract base/ar.zip', 'files of all its members'],
    ['wharfinger archive test base/ar.zip', 'is all of it right?'],
    ['wharfinger archive scavenge base', 'collect what is staged below base'],
  ]);
}
