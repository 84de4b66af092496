import type { Dialect } from '../../../../shared/tables/contract.ts';
import { pick } from './random.ts';

export type RandomCsv = {
  text: string;
  dialect: Dialect;
  header: boolean;
  chunkBytes: number | undefined;
  /** What was written, where none of it is wild, and the line of each. */
  records: { cells: string[]; line: number }[];
};

const DELIMITERS = [',', ',', ',', ';', '\t', '|', ' '];
const QUOTES = ['"', '"', '"', "'", ''];
const LINE_ENDS = [['\n'], ['\n'], ['\r\n'], ['\r'], ['\n', '\r\n'], ['\n', '\r\n', '\r']];
const PLAIN = ['a', '12', 'é', '', '', 'xy', '€uro', '𝄞', '7'];

/** A small file: cells with quotes, delimiters and line ends in them, blank lines, ragged rows, and, where it is wild, broken quotes. */
export function randomCsv(random: () => number, { isWild }: { isWild: boolean }): RandomCsv {
  const delimiter = pick(random, DELIMITERS);
  const quote = pick(random, QUOTES);
  const ends = pick(random, LINE_ENDS);
  const columns = pick(random, [1, 2, 2, 3]);
  const isBroken = isWild && random() < 0.6;
  const records: RandomCsv['records'] = [];
  let text = random() < 0.1 ? '\ufeff' : '';
  const count = Math.floor(random() * 6) + 1;
  for (let index = 0; index < count; index++) {
    if (random() < 0.12) text += pick(random, ends);
    if (isBroken && random() < 0.05) text += ` ${pick(random, ends)}`;
    const width = random() < 0.15 ? Math.max(1, columns + pick(random, [-1, 1, 2])) : columns;
    const cells = Array.from({ length: width }, () =>
      isBroken ? brokenCell(random, delimiter, quote) : cell(random, delimiter, quote),
    );
    const written = cells.map((value) => value.text).join(delimiter);
    const line = 1 + (text.match(/\r\n|\r|\n/g) ?? []).length;
    if (written !== '') records.push({ cells: cells.map(({ value }) => value), line });
    text += written;
    if (index < count - 1 || random() < 0.7) text += pick(random, ends);
  }
  const chunkBytes = random() < 0.5 ? undefined : Math.floor(random() * 5) + 1;
  return { text, dialect: { delimiter, quote }, header: random() < 0.5, chunkBytes, records };
}

type Cell = { text: string; value: string };

function cell(random: () => number, delimiter: string, quote: string): Cell {
  const kind = random();
  if (kind < 0.5 || quote === '') {
    const value = pick(random, PLAIN);
    return { text: value, value };
  }
  const value =
    kind < 0.8
      ? pick(random, ['a', 'bc', '', `x${delimiter}y`, `q${quote}q`, 'ü'])
      : pick(random, ['l\nm', 'l\r\nm', 'l\rm', '\n', '\r\n', 'a\n\nb']);
  return { text: quote + value.replaceAll(quote, quote + quote) + quote, value };
}

function brokenCell(random: () => number, delimiter: string, quote: string): Cell {
  if (random() < 0.75) return cell(random, delimiter, quote);
  const text = pick(random, [
    'Q sp',
    ' QspQ',
    'QspQ  ',
    '  QtwoQ',
    'QgQx',
    'QgQ x',
    'mQm',
    'QgQxQy',
    'QQ',
    ' ',
    '   ',
    '\t',
    'Qo',
    'QaQ QbQ',
    'QQQ',
  ]);
  return { text: text.replaceAll('Q', quote), value: text };
}
