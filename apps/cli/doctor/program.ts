import { openFilesLimit } from '../../../shared/linux/open-files-limit.ts';
import { count } from '../format/text.ts';
import { type Check, ok, warn } from './check.ts';

/** The first Node that runs this program's sources as they are. */
const OLDEST_NODE = [22, 18] as const;

export function examineNode(): Check[] {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const isOld = major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1]);
  const what = `Node ${process.versions.node} on ${process.arch}`;
  return [isOld ? warn('node', what, `use Node ${OLDEST_NODE.join('.')} or later`) : ok('node', what)];
}

/** A worker holds a batch of small files open at a time; Node raises its own limit to the hard one. */
const COMFORTABLE_FILES = 4096;

export function examineOpenFiles(): Check[] {
  const { hard } = openFilesLimit();
  if (hard >= COMFORTABLE_FILES) {
    const files = Number.isFinite(hard) ? String(hard) : 'any number of';
    return [ok('open-files', `each process may have ${files} files open`)];
  }
  return [
    warn(
      'open-files',
      `each process may have only ${count(hard)} files open`,
      'raise it: `ulimit -Hn 65536`, or LimitNOFILE= of the service',
    ),
  ];
}
