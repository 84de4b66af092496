import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FileFaultError, TargetError } from '../../../../shared/tables/errors.ts';
import { needsPostgres, postgresOfFile } from '../../../support/postgres.ts';
import { loadOf, PostgresLab, SCHEMA } from './postgres-lab.ts';

const server = postgresOfFile();

/** Types of DuckDB, a cell, and the text of what the server then has where that is another. */
const EVERY_TYPE: readonly [type: string, cell: string, kept?: string][] = [
  ['BOOLEAN', 'true'],
  ['TINYINT', '-128'],
  ['UTINYINT', '255'],
  ['SMALLINT', '-32768'],
  ['USMALLINT', '65535'],
  ['INTEGER', '-2147483648'],
  ['UINTEGER', '4294967295'],
  ['BIGINT', '-9223372036854775808'],
  ['UBIGINT', '18446744073709551615'],
  ['HUGEINT', '-170141183460469231731687303715884105727'],
  ['UHUGEINT', '340282366920938463463374607431768211455'],
  ['BIGNUM', '340282366920938463463374607431768211456'],
  ['FLOAT', '0.25'],
  ['DOUBLE', '0.1'],
  ['DECIMAL', '1.500'],
  ['DECIMAL(38,0)', '99999999999999999999999999999999999999'],
  ['DECIMAL(38,38)', '0.00000000000000000000000000000000000001'],
  ['VARCHAR', 'abc  '],
  ['VARCHAR(2)', 'abc'],
  ['BLOB', 'a\\x00b', '\\x610062'],
  ['DATE', '2024-02-29'],
  ['TIME', '23:59:59.999999'],
  ['TIME WITH TIME ZONE', '23:59:59.5+02'],
  ['TIMESTAMP', '2024-02-29 23:59:59.999999'],
  ['TIMESTAMP_S', '2024-02-29 23:59:59'],
  ['TIMESTAMP_MS', '2024-02-29 23:59:59.999'],
  ['TIMESTAMP_NS', '2024-02-29 23:59:59.123456789'],
  ['TIMESTAMP WITH TIME ZONE', '2024-02-29 23:59:59.5+00'],
  // As sql_standard writes it, where one sign is that of all fields.
  ['INTERVAL', '-1 days 02:00:00', '+0-0 -1 +2:00:00'],
  ['UUID', '123e4567-e89b-12d3-a456-426614174000'],
  ['BIT', '10110'],
  ['JSON', '{"a":1}'],
  ['INTEGER[]', '"[1, 2]"', '[1, 2]'],
];

test(
  'every type that a schema can have is loaded again, by who made the table and by who finds it',
  needsPostgres,
  async (t) => {
    const lab = await PostgresLab.open(t, server());
    await lab.query(`ALTER DATABASE ${lab.place.database} SET timezone = 'UTC'`);
    await lab.query(`ALTER DATABASE ${lab.place.database} SET intervalstyle = 'sql_standard'`);
    const target = await lab.target();
    const columns = EVERY_TYPE.map(([type], at) => ({ name: `c${at}`, type }));
    const schema = {
      ...SCHEMA,
      columns: [{ name: 'nth', type: 'BIGINT' }, ...columns],
      dialect: { delimiter: ';', quote: '"' },
    };
    const header = ['nth', ...columns.map(({ name }) => name)].join(';');
    const fileOf = (nth: number, type = schema) => {
      const cells = EVERY_TYPE.map(([kind, cell]) =>
        kind === 'JSON' ? `"${cell.replaceAll('"', '""')}"` : cell,
      );
      return lab.file(`${header}\n${[nth, ...cells].join(';')}\n`, { schema: type });
    };
    const loaded = async (nth: number, type = schema) => {
      const { loaded } = await target.load(loadOf([await fileOf(nth, type)], { schema: type }));
      assert.deepEqual(
        loaded.map(({ rows, rejects }) => ({ rows, rejects })),
        [{ rows: 1, rejects: 0 }],
      );
    };
    await loaded(1);
    await loaded(2);
    const described = (await target.describe('people')) ?? [];
    const uhugeint = `c${EVERY_TYPE.findIndex(([type]) => type === 'UHUGEINT')}`;
    // What is above a HUGEINT is not lost either: whoever only finds the table rejects it.
    const found = described.map(({ name, type }) => ({ name, type: name === uhugeint ? 'UHUGEINT' : type }));
    await loaded(3, { ...schema, columns: found });
    const texts = columns.map(({ name }) => `${name}::text AS ${name}`);
    const rows = await lab.query(`SELECT ${texts.join(', ')} FROM people ORDER BY nth`);
    const expected = EVERY_TYPE.map(([, cell, kept]) => kept ?? cell);
    assert.deepEqual(rows.map(Object.values), [expected, expected, expected]);
  },
);

test(
  'a fraction for a declared HUGEINT is a reject, whoever reads the schema from the table',
  needsPostgres,
  async (t) => {
    const lab = await PostgresLab.open(t, server());
    const target = await lab.target();
    const declared = { ...SCHEMA, columns: [{ name: 'id', type: 'HUGEINT' }] };
    await target.load(loadOf([await lab.file('id\n1\n', { schema: declared })], { schema: declared }));
    const schema = { ...SCHEMA, columns: (await target.describe('people')) ?? [] };
    assert.deepEqual(schema.columns, [{ name: 'id', type: 'HUGEINT' }]);
    assert.deepEqual(
      (
        await target.load({
          ...loadOf([await lab.file('id\n2.5\n3\n', { schema })], { schema }),
          unbundled: true,
        })
      ).loaded,
      [{ fileId: 2, rows: 1, rejects: 1 }],
    );
    assert.deepEqual(await lab.query('SELECT id FROM people ORDER BY id'), [{ id: '1' }, { id: '3' }]);
  },
);

/** Types of PostgreSQL, and a cell that the server would take and not keep. */
const LOSSY: readonly [type: string, cell: string][] = [
  ['numeric(39,1)', '1.55'],
  ['numeric(40,2)', '1.005'],
  ['numeric(5,-2)', '12345'],
  ['numeric(2,3)', '0.0125'],
  ['timestamp(0)', '2024-01-01 00:00:00.6'],
  ['timestamptz(3)', '2024-01-01 00:00:00.6666+00'],
  ['time(0)', '23:59:59.7'],
  ['timetz(0)', '23:59:59.7+00'],
  ['interval(0)', '1.6 seconds'],
  ['interval day', '1 day 5 hours'],
  ['char(5)', 'ab   '],
  ['bpchar', 'ab '],
  ['"char"', 'abc'],
  ['name', 'x'.repeat(70)],
  ['money', '1.005'],
  ['jsonb', '{}'],
  ['numeric(5,2)[]', '{1.005}'],
  ['lossy_number', '1.005'],
  ['lossy_outer', '2024-01-01 00:00:00.6'],
  ['lossy_pair', '(1.005)'],
];

test(
  'a column whose type would round or cut is refused by its name, unless files have nothing for it',
  needsPostgres,
  async (t) => {
    const lab = await PostgresLab.open(t, server());
    await lab.query(`CREATE DOMAIN lossy_number AS numeric(40,2); CREATE DOMAIN lossy_inner AS timestamp(0);
      CREATE DOMAIN lossy_outer AS lossy_inner NOT NULL; CREATE TYPE lossy_pair AS (a numeric(4,2))`);
    const target = await lab.target();
    for (const [at, [type, cell]] of LOSSY.entries()) {
      const table = `t${at}`;
      await lab.query(`CREATE TABLE ${table} (id text, v ${type})`);
      const schema = { ...SCHEMA, columns: (await target.describe(table)) ?? [] };
      const file = await lab.file(`id,v\n${at},"${cell}"\n`, { schema });
      const error = await target.load(loadOf([file], { schema, table })).then(
        () => assert.fail(`${type} was loaded into`),
        (error: unknown) => error,
      );
      assert.ok(error instanceof TargetError, `${type}: ${error}`);
      assert.deepEqual([error.trouble, error.code], ['refused', 'load.table-changed'], type);
      assert.match(error.message, /its column v is .*[a-z]/, type);
      assert.match(error.hint ?? '', /type that keeps/, type);
      if (type === 'lossy_outer') {
        assert.match(error.message, /lossy_outer \(timestamp\(0\) without time zone\)/);
        continue;
      }
      const without = await lab.file(`id\n${at}\n`, { schema });
      assert.equal((await target.load(loadOf([without], { schema, table }))).loaded.length, 1, type);
      assert.deepEqual(await lab.query(`SELECT v FROM ${table}`), [{ v: null }], type);
    }
  },
);

test(
  'a domain takes what the type below it takes, and rejects what would not be kept',
  needsPostgres,
  async (t) => {
    const lab = await PostgresLab.open(t, server());
    await lab.query(`CREATE DOMAIN day AS date; CREATE DOMAIN price AS numeric(10,2); CREATE DOMAIN moment AS timestamp;
    CREATE DOMAIN later AS moment; CREATE DOMAIN short AS varchar(3); CREATE TYPE mood AS ENUM ('sad', 'glad');
    CREATE TABLE people (id text, d day, p price, m later, s short, e mood, n numeric, j json, b bit(3))`);
    const target = await lab.target();
    const columns = (await target.describe('people')) ?? [];
    assert.deepEqual(
      columns.map(({ type }) => type),
      [
        'VARCHAR',
        'DATE',
        'DECIMAL(10,2)',
        'TIMESTAMP',
        'VARCHAR',
        'VARCHAR',
        'VARCHAR',
        'VARCHAR',
        'VARCHAR',
      ],
    );
    const schema = { ...SCHEMA, columns };
    const good = '1,2020-02-29,1.05,2020-02-29 12:00:00,abc,glad,1.0050,{},101';
    const bad = ['2,2020-02-29 12:00:00,,,,,,,', '3,,1.005,,,,,,', '4,,,2020-02-29 12:00:00+02:00,,,,,'];
    const file = await lab.file(`id,d,p,m,s,e,n,j,b\n${[good, ...bad].join('\n')}\n`, { schema });
    assert.deepEqual((await target.load(loadOf([file], { schema }))).loaded, [
      { fileId: 1, rows: 1, rejects: 3 },
    ]);
    assert.deepEqual(
      await lab.query('SELECT d::text, p::text, m::text, s, e, n::text, j::text, b::text FROM people'),
      [
        {
          d: '2020-02-29',
          p: '1.05',
          m: '2020-02-29 12:00:00',
          s: 'abc',
          e: 'glad',
          n: '1.0050',
          j: '{}',
          b: '101',
        },
      ],
    );
    for (const cells of ['sadly,,,', ',x,,', ',,{,', ',,,1011', ',,,1 ']) {
      const refused = await lab.file(`id,e,n,j,b\n5,${cells}\n`, { schema });
      await assert.rejects(target.load(loadOf([refused], { schema })), { code: 'load.row-refused' }, cells);
    }
  },
);

test(
  'a text that is too long by blanks alone is the fault of its file, with a key and without',
  needsPostgres,
  async (t) => {
    const lab = await PostgresLab.open(t, server());
    await lab.query('CREATE TABLE people (id bigint, name varchar(3))');
    const target = await lab.target();
    for (const key of [[], ['id']]) {
      const schema = { ...SCHEMA, key };
      const good = await lab.file(`id,name\n1${key.length},ab \n2${key.length},äöü\n`, { schema });
      const bad = await lab.file(`id,name\n3${key.length},ab\n4${key.length},abc  \n`, { schema });
      const error = await target.load(loadOf([good, bad], { schema })).then(
        () => assert.fail('it was loaded'),
        (error: unknown) => error,
      );
      assert.ok(error instanceof FileFaultError, String(error));
      assert.deepEqual([error.fault.fileId, error.code], [bad.fileId, 'load.row-refused']);
      assert.match(
        error.fault.reason,
        /too long: its column name has room for 3 characters, and it has 5: "abc "$/,
      );
      assert.equal((await target.load(loadOf([good], { schema }))).loaded.length, 1);
    }
    assert.deepEqual(await lab.query('SELECT name FROM people ORDER BY id'), [
      { name: 'ab ' },
      { name: 'ab ' },
      { name: 'äöü' },
      { name: 'äöü' },
    ]);
  },
);
