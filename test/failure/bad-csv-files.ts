import { gzipSync } from 'node:zlib';

/** A rejected row: line, column, value, reason. */
type Rejected = readonly [line: string, column: string | null, value: string, reason: string];

type Case = {
  content: string | Buffer;
  /** Of a file that is loaded: its rows, as the table has them, and those that are not there. */
  rows?: readonly (readonly (string | null)[])[];
  rejects?: readonly Rejected[];
  /** Of a file that fails: what a person is told. */
  fails?: string;
};

export type BadRoute = {
  table: string;
  sink: Record<string, unknown>;
  cases: Readonly<Record<string, Case>>;
};

const MIB = 1024 * 1024;
const HEADER = 'id,name,amount\n';
const columns = { id: 'BIGINT', name: 'VARCHAR', amount: 'DOUBLE' };
const schema = { columns, null: ['NA', ''] };

const utf16be = (text: string): Buffer => Buffer.from(`\ufeff${text}`, 'utf16le').swap16();
const utf16le = (text: string): Buffer => Buffer.from(`\ufeff${text}`, 'utf16le');
const longCell = 'x'.repeat(MIB);

const PLAIN: BadRoute = {
  table: 'plain',
  sink: { schema, max_rejects: 4 },
  cases: {
    'good-before.csv': {
      content: `${HEADER}1,one,1.5\n2,two,NA\n`,
      rows: [
        ['1', 'one', '1.5'],
        ['2', 'two', null],
      ],
    },
    'good-without-last-end.csv': { content: `${HEADER}3,three,3`, rows: [['3', 'three', '3.0']] },
    'empty.csv': { content: '', fails: 'it is empty' },
    'blank-lines.csv': { content: '\n\r\n\n', fails: 'it has only blank lines' },
    'header-only.csv': { content: HEADER, rows: [] },
    'ragged.csv': {
      content: `${HEADER}10,ten,1\n11,eleven\n12,twelve,1,more\n13,thirteen,1\n`,
      rows: [
        ['10', 'ten', '1.0'],
        ['13', 'thirteen', '1.0'],
      ],
      rejects: [
        ['3', null, '11,eleven', 'the row has 2 cells, the header 3'],
        ['4', null, '12,twelve,1,more', 'the row has 4 cells, the header 3'],
      ],
    },
    'too-ragged.csv': {
      content: `${HEADER}14,a,1\n15\n16\n17\n18\n19\n`,
      fails: '5 of 6 rows were rejected, 4 may be; the first, line 3: the row has 1 cell, the header 3',
    },
    'unclosed-quote.csv': {
      content: `${HEADER}20,"open,1\n21,b,2\n`,
      fails:
        'a quote in the record that begins in line 2 is not closed; a quote in a quoted cell must be doubled',
    },
    'behind-a-quote.csv': {
      content: `${HEADER}22,"closed" and more,1\n23,b,2\n`,
      rows: [['23', 'b', '2.0']],
      rejects: [['2', null, '22,"closed" and more,1', 'a quote is not closed, or text follows one that is']],
    },
    'bom.csv': { content: `\ufeff${HEADER}30,thirty,1\n`, rows: [['30', 'thirty', '1.0']] },
    'utf16-undeclared.csv': {
      content: utf16le(`${HEADER}31,a,1\n`),
      fails: 'it is UTF-16, by its byte order mark; set `encoding: utf-16` for the sink',
    },
    'utf16-without-mark.csv': {
      content: Buffer.from(`${HEADER}32,a,1\n`, 'utf16le'),
      fails:
        'line 1 has a NUL byte, which no text has; send it as text; if it is UTF-16 without a byte order mark, set `encoding: utf-16` for the sink',
    },
    'latin1-undeclared.csv': {
      content: Buffer.from(`${HEADER}33,ok,1\n34,caf\u00e9,1\n`, 'latin1'),
      fails: 'line 3 is not UTF-8; if it is ISO 8859-1, set `encoding: latin-1` for the sink',
    },
    'nul.csv': {
      content: `${HEADER}35,a,1\n36,b\0c,2\n`,
      fails:
        'line 3 has a NUL byte, which no text has; send it as text; if it is UTF-16 without a byte order mark, set `encoding: utf-16` for the sink',
    },
    'cell-of-1-mib.csv': {
      content: `${HEADER}40,${longCell},1\n41,b,2\n`,
      rows: [
        ['40', longCell, '1.0'],
        ['41', 'b', '2.0'],
      ],
    },
    'cell-of-5-mib.csv': {
      content: `${HEADER}42,${longCell.repeat(5)},1\n43,b,2\n`,
      fails:
        'the record that begins in line 2 has more than 4 MiB; look whether a quote is missing, or the line ends',
    },
    'duplicate-names.csv': {
      content: 'id,name,Name,amount\n50,a,b,1\n',
      fails: 'columns 2 and 3 of the header have one name: Name',
    },
    'nameless-column.csv': { content: 'id,,amount\n51,a,1\n', fails: 'column 2 of the header has no name' },
    'gzip.csv': {
      content: gzipSync(`${HEADER}60,packed,1\nx,y,2\n`),
      rows: [['60', 'packed', '1.0']],
      rejects: [['3', 'id', 'x', '"x" is no BIGINT']],
    },
    'gzip-cut.csv': {
      content: gzipSync(`${HEADER}61,packed,1\n`).subarray(0, -9),
      fails: 'its gzip content ends too early; send the file again',
    },
    'zip.csv': {
      content: Buffer.from('504b030414000000080000000000', 'hex'),
      fails: 'it is no text, but zip (or a spreadsheet); send CSV files as text, or as text in gzip',
    },
    'case-of-header.csv': { content: 'ID,Name,AMOUNT\n70,seventy,1\n', rows: [['70', 'seventy', '1.0']] },
    'order-of-header.csv': { content: 'amount,id,name\n2.5,71,b\n', rows: [['71', 'b', '2.5']] },
    'missing-column.csv': {
      content: 'id,name\n72,b\n',
      fails: 'it lacks the column amount; the policy of the sink can be to add or to ignore such columns',
    },
    'new-column.csv': {
      content: 'id,name,amount,city\n73,b,1,Ulm\n',
      fails:
        'the table lacks its column city; the policy of the sink can be to add or to ignore such columns',
    },
    'no-header.csv': {
      content: '74,a,1\n75,b,2\n',
      fails:
        'no column of the table is in its first row (74, a, 1): it has no header, or belongs to another table; where the files have no header, say so with header: false',
    },
    'mixed-ends.csv': {
      content: 'id,name,amount\r\n80,a,1\n81,b,x\r\n82,"c\nd",3\r\n',
      rows: [
        ['80', 'a', '1.0'],
        ['82', 'c\nd', '3.0'],
      ],
      rejects: [['3', 'amount', 'x', '"x" is no DOUBLE']],
    },
    'cells.csv': {
      content: `${HEADER}1.5,half,1\n90,ok,1\nninety,b,one\n"9\n1",c,2\n91,d,1e999\n`,
      rows: [['90', 'ok', '1.0']],
      rejects: [
        ['2', 'id', '1.5', '"1.5" is no BIGINT'],
        ['4', 'id', 'ninety', '"ninety" is no BIGINT'],
        ['4', 'amount', 'one', '"one" is no DOUBLE'],
        ['5', 'id', '9\n1', '"9\\n1" is no BIGINT'],
        ['7', 'amount', '1e999', '"1e999" is no DOUBLE'],
      ],
    },
    'good-after.csv': { content: `${HEADER}99,last,9\n`, rows: [['99', 'last', '9.0']] },
  },
};

const DECLARED_UTF16: BadRoute = {
  table: 'utf16',
  sink: { schema: { ...schema, encoding: 'utf-16' } },
  cases: {
    'le.csv': {
      content: utf16le(`${HEADER}1,\u20ac \ud83d\ude00,1\nx,b,2\n`),
      rows: [['1', '\u20ac \ud83d\ude00', '1.0']],
      rejects: [['3', 'id', 'x', '"x" is no BIGINT']],
    },
    'be.csv': { content: utf16be(`${HEADER}2,b,2\r\n`), rows: [['2', 'b', '2.0']] },
    'cut.csv': {
      content: utf16le(`${HEADER}3,b,2\n`).subarray(0, -1),
      fails: 'it is not UTF-16 to its end; send the file again',
    },
  },
};

const DECLARED_LATIN: BadRoute = {
  table: 'latin',
  sink: { schema: { ...schema, encoding: 'latin-1' } },
  cases: {
    'latin.csv': {
      content: Buffer.from(`${HEADER}1,caf\u00e9,1\n2,\u00fc,x\u00e4\n`, 'latin1'),
      rows: [['1', 'caf\u00e9', '1.0']],
      rejects: [['3', 'amount', 'x\u00e4', '"x\u00e4" is no DOUBLE']],
    },
  },
};

/** Nothing is declared of them. */
const NAMES = Array.from({ length: 5000 }, (_, n) => `c${n}`);
const WIDE: BadRoute = {
  table: 'wide',
  sink: {},
  cases: {
    'wide.csv': {
      content: `${[NAMES, NAMES.map((_, n) => n * 2), NAMES.map((_, n) => n * 3)].join('\n')}\n`,
      rows: [
        ['0', '2', '9998'],
        ['0', '3', '14997'],
      ],
    },
  },
};

/** Each with a table of its own, in which all its files are to go. */
export const BAD_ROUTES: readonly BadRoute[] = [PLAIN, DECLARED_UTF16, DECLARED_LATIN, WIDE];
