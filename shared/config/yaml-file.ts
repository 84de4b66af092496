import { readFileSync } from 'node:fs';
import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import { EnvironmentError, errnoOf, UsageError } from '../errors.ts';

/** A YAML file as plain values, with the way back to the line of each. */
export type YamlFile = {
  value: unknown;
  /** `file:line` of the key or item at `path`, or of the nearest one above it. */
  place(path: readonly PropertyKey[]): string;
};

/**
 * Reads a YAML file. `shown` is its name as the person wrote it, `what` it is, and `flag` how it is given, for messages.
 *
 * @throws UsageError where there is no such file, or it is not YAML; EnvironmentError where it cannot be read
 */
export function readYamlFile(path: string, shown: string, what = 'config file', flag = '--config'): YamlFile {
  const lines = new LineCounter();
  const document = parseDocument(readText(path, shown, what, flag), {
    lineCounter: lines,
    prettyErrors: false,
    // `null` is a key like any other.
    stringKeys: true,
  });
  const [fault] = [...document.errors, ...document.warnings];
  if (fault !== undefined) throw notYaml(`${shown}:${lines.linePos(fault.pos[0]).line}`, fault.message);
  return {
    value: plain(document, shown),
    place: (path) => `${shown}:${lines.linePos(offsetOf(document, path)).line}`,
  };
}

function readText(path: string, shown: string, what: string, flag: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path));
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === 'ENOENT' || errno === 'ENOTDIR') {
      throw new UsageError(`there is no ${what} ${shown}`, {
        code: 'config.missing',
        subject: shown,
        hint: `give its path with ${flag}, or leave ${flag} out: every option has a default`,
        cause: error,
      });
    }
    if (errno === 'EISDIR') {
      throw new UsageError(`the ${what} ${shown} is a directory`, {
        code: 'config.missing',
        subject: shown,
        hint: 'give the YAML file in it',
        cause: error,
      });
    }
    if (errno !== undefined) {
      throw new EnvironmentError(`the ${what} ${shown} cannot be read (${errno})`, {
        code: 'config.unreadable',
        subject: shown,
        hint: 'let this user read it',
        cause: error,
      });
    }
    throw notYaml(shown, 'it is not UTF-8 text');
  }
}

function plain(document: Document, shown: string): unknown {
  try {
    return document.toJS();
  } catch (error) {
    // An alias without its anchor, or a bomb of aliases: found only now.
    throw notYaml(shown, error instanceof Error ? error.message : String(error));
  }
}

const notYaml = (place: string, what: string): UsageError =>
  new UsageError(`${place}: not valid YAML: ${what.replace(/\s+/g, ' ')}`, {
    code: 'config.yaml',
    subject: place,
    hint: 'keys are written `key: value`, one a line, and lists with a dash',
  });

/** Where the key or item at `path` begins in the text. */
function offsetOf(document: Document, path: readonly PropertyKey[]): number {
  let node: unknown = document.contents;
  let offset = startOf(node) ?? 0;
  for (const step of path) {
    if (isAlias(node)) node = node.resolve(document);
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(step));
      if (pair === undefined) break;
      offset = startOf(pair.key) ?? offset;
      node = pair.value;
    } else if (isSeq(node)) {
      node = node.items[Number(step)];
      offset = startOf(node) ?? offset;
    } else break;
  }
  return offset;
}

const startOf = (node: unknown): number | undefined => (node as Node | null | undefined)?.range?.[0];
