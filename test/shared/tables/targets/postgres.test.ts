import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FileFaultError, TargetError } from '../../../../shared/tables/errors.ts';
import { needsPostgres, postgresOfFile } from '../../../support/postgres.ts';
import { loadOf, PostgresLab, SCHEMA } from './postgres-lab.ts';

const server = postgresOfFile();

test('rows, rejects and a record of each file are there when a load returns', needsPostgres, async (t) => {
  const lab = await PostgresLab.open(t, server());
  const target = await lab.target();
  const files = [await lab.file('id,name\n1,Ann\nx,Bob\n3,Cem\n'), await lab.file('name,id\nDan,NA\n')];
  assert.deepEqual(await target.load(loadOf(files)), {
    loaded: [
      { fileId: 1, rows: 2, rejects: 1 },
      { fileId: 2, rows: 1, rejects: 0 },
    ],
    present: [],
  });
  assert.deepEqual(await lab.query('SELECT id, name FROM people ORDER BY id'), [
    { id: '1', name: 'Ann' },
    { id: '3', name: 'Cem' },
    { id: null, name: 'Dan' },
  ]);
  assert.deepEqual(
    await lab.query(
      'SELECT table_name, sha256, file_id, file_name, task_id, rows, rejects FROM wharfinger_loads ORDER BY file_id',
    ),
    files.map(({ csv, name, fileId }) => ({
      ...{
        table_name: 'people',
        sha256: csv.audit.sha256,
        file_id: `${fileId}`,
        file_name: name,
        task_id: '9',
      },
      ...(fileId === 1 ? { rows: '2', rejects: '1' } : { rows: '1', rejects: '0' }),
    })),
  );
  const [reject, ...others] = await lab.query('SELECT * FROM wharfinger_rejects');
  assert.equal(reject?.table_name, 'people');
  assert.equal(reject?.file_name, files[0]?.name);
  assert.equal(reject?.line, '3');
  assert.equal(reject?.column, 'id');
  assert.ok(reject?.reason);
  assert.equal(others.length, 0);
});

test(
  'a content that is there already is told with the numbers of its record, and the others are loaded',
  needsPostgres,
  async (t) => {
    const lab = await PostgresLab.open(t, server());
    const target = await lab.target();
    await target.load(loadOf([await lab.file('id,name\n1,Ann\nx,Bob\n')]));
    const again = await lab.file('id,name\n1,Ann\nx,Bob\n');
    const other = await lab.file('id,name\n2,Cem\n');
    assert.deepEqual(await target.load(loadOf([again, other])), {
      loaded: [{ fileId: 3, rows: 1, rejects: 0 }],
      present: [{ fileId: 2, rows: 1, rejects: 1 }],
    });
    assert.deepEqual(await target.load(loadOf([again])), {
      loaded: [],
      present: [{ fileId: 2, rows: 1, rejects: 1 }],
    });
    assert.deepEqual(await lab.query('SELECT count(*) FROM people'), [{ count: '2' }]);
  },
);

test('what is on record of contents is found without their files', needsPostgres, async (t) => {
  const lab = await PostgresLab.open(t, server());
  const target = await lab.target();
  const file = await lab.file('id,name\n1,Ann\nx,Bob\n');
  const { sha256 } = file.csv.audit;
  const find = (table = 'people') => target.find?.(table, [sha256, 'ab'.repeat(32)]);
  assert.deepEqual(await find(), new Map());
  await target.load(loadOf([file]));
  assert.deepEqual(await find(), new Map([[sha256, { rows: 1, rejects: 1 }]]));
  assert.deepEqual(await find('others'), new Map());
  await lab.query('DROP TABLE people');
  await assert.rejects(async () => find(), { trouble: 'refused', code: 'load.table-gone' });
});

test('cells come back as they were, whatever they hold', needsPostgres, async (t) => {
  const lab = await PostgresLab.open(t, server());
  const target = await lab.target();
  const odd = [
    '',
    '\\.',
    '\\N',
    'a,b',
    'a"b',
    'a\nb',
    'a\\nb',
    'a\tb',
    ' a ',
    'NULL',
    'ü€😀',
    "'",
    '\\',
    '""',
    '\\x41',
    '{}',
    '\u0001',
    '\u2028',
  ];
  const schema = { ...SCHEMA, nulls: ['NA'], columns: [{ name: 'name', type: 'VARCHAR' }] };
  const text = `name\n${odd.map((cell) => `"${cell.replaceAll('"', '""')}"\n`).join('')}NA\n`;
  await target.load(loadOf([await lab.file(text, { schema })], { schema }));
  assert.deepEqual(
    await lab.query('SELECT name FROM people ORDER BY ctid'),
    [...odd, null].map((name) => ({ name })),
  );
});

test('each type of DuckDB arrives in a type that holds its values', needsPostgres, async (t) => {
  const lab = await PostgresLab.open(t, server());
  const target = await lab.target();
  const cells: [string, string, string, string][] = [
    ['BOOLEAN', 'true', 'boolean', 'true'],
    ['INTEGER', '-2147483648', 'integer', '-2147483648'],
    ['INT', '7', 'integer', '7'],
    ['BIGINT', '9223372036854775807', 'bigint', '9223372036854775807'],
    ['UBIGINT', '18446744073709551615', 'numeric(20,0)', '18446744073709551615'],
    [
      'HUGEINT',
      '-170141183460469231731687303715884105727',
      'numeric(39,0)',
      '-170141183460469231731687303715884105727',
    ],
    ['DOUBLE', '0.1', 'double precision', '0.1'],
    ['DOUBLE', '1.7976931348623157e308', 'double precision', '1.7976931348623157e+308'],
    ['FLOAT', '0.25', 'real', '0.25'],
    ['DECIMAL(18,3)', '123.450', 'numeric(18,3)', '123.450'],
    ['DATE', '0099-12-31', 'date', '0099-12-31'],
    ['TIME', '23:59:59.123456', 'time without time zone', '23:59:59.123456'],
    ['TIMESTAMP', '2024-02-29 12:34:56.789012', 'timestamp without time zone', '2024-02-29 12:34:56.789012'],
    [
      'TIMESTAMP WITH TIME ZONE',
      '2024-02-29 12:34:56+02',
      'timestamp with time zone',
      '2024-02-29 10:34:56+00',
    ],
    ['UUID', '123e4567-e89b-12d3-a456-426614174000', 'uuid', '123e4567-e89b-12d3-a456-426614174000'],
    ['BLOB', 'a\\x00\\xFFb', 'bytea', '\\x6100ff62'],
    ['VARCHAR', '007', 'text', '007'],
  ];
  const schema = { ...SCHEMA, columns: cells.map(([type], at) => ({ name: `c${at}`, type })) };
  const file = await lab.file(
    `${cells.map((_, at) => `c${at}`).join(',')}\n${cells.map(([, cell]) => cell).join(',')}\n`,
    { schema },
  );
  await target.load(loadOf([file], { schema }));
  const types = await lab.query(
    "SELECT format_type(atttypid, atttypmod) AS type FROM pg_attribute WHERE attrelid = 'people'::regclass AND attnum > 0 ORDER BY attnum",
  );
  assert.deepEqual(
    types.map(({ type }) => type),
    cells.map(([, , type]) => type),
  );
  const [row] = await lab.query(`SET TimeZone = 'UTC'; `).then(() =>
    lab.query(
      `SELECT ${cells
        .map(([type], at) =>
          type.includes('ZONE') ? `(c${at} AT TIME ZONE 'UTC')::text || '+00'` : `c${at}::text`,
        )
        .map((text, at) => `${text} AS c${at}`)
        .join(', ')} FROM people`,
    ),
  );
  assert.deepEqual(
    Object.values(row ?? {}),
    cells.map(([, , , text]) => text),
  );
});

test(
  'rows say where they come from where that is wanted, and a table that lacks the columns is given them',
  needsPostgres,
  async (t) => {
    const lab = await PostgresLab.open(t, server());
    const target = await lab.target();
    await target.load(loadOf([await lab.file('id,name\n1,Ann\n')]));
    await target.load(loadOf([await lab.file('id,name\n2,Bob\n')], { lineage: true }));
    assert.deepEqual(await lab.query('SELECT id, _file_id, _line FROM people ORDER BY id'), [
      { id: '1', _file_id: null, _line: null },
      { id: '2', _file_id: '2', _line: '2' },
    ]);
    assert.deepEqual(await target.describe('people'), SCHEMA.columns);
  },
);

test('a column that a file brings is added, once', needsPostgres, async (t) => {
  const lab = await PostgresLab.open(t, server());
  const target = await lab.target();
  await target.load(loadOf([await lab.file('id,name\n1,Ann\n')]));
  const added = [{ name: 'born', type: 'DATE' }];
  await target.load(loadOf([await lab.file('id,name,born\n2,Bob,1999-01-02\n', { added })]));
  await target.load(loadOf([await lab.file('id,name,born\n3,Cem,1999-01-03\n', { added })]));
  assert.deepEqual(await lab.query('SELECT id, born::text FROM people ORDER BY id'), [
    { id: '1', born: null },
    { id: '2', born: '1999-01-02' },
    { id: '3', born: '1999-01-03' },
  ]);
});

test(
  'rows whose key is there, came before, or is empty are rejects with their line',
  needsPostgres,
  async (t) => {
    const lab = await PostgresLab.open(t, server());
    const target = await lab.target();
    const schema = { ...SCHEMA, key: ['id'] };
    await target.load(loadOf([await lab.file('id,name\n1,Ann\n2,Bob\n')], { schema }));
    const files = [
      await lab.file('id,name\n2,Other\n3,Cem\nNA,Nobody\n'),
      await lab.file('id,name\n3,Again\n4,Dan\n'),
    ];
    assert.deepEqual(await target.load(loadOf(files, { schema })), {
      loaded: [
        { fileId: 2, rows: 1, rejects: 2 },
        { fileId: 3, rows: 1, rejects: 1 },
      ],
      present: [],
    });
    assert.deepEqual(await lab.query('SELECT id, name FROM people ORDER BY id'), [
      { id: '1', name: 'Ann' },
      { id: '2', name: 'Bob' },
      { id: '3', name: 'Cem' },
      { id: '4', name: 'Dan' },
    ]);
    assert.deepEqual(
      await lab.query('SELECT line, "column", value FROM wharfinger_rejects ORDER BY sha256 = $1, line', [
        files[1]?.csv.audit.sha256,
      ]),
      [
        { line: '2', column: 'id', value: '2' },
        { line: '4', column: 'id', value: 'NULL' },
        { line: '2', column: 'id', value: '3' },
      ],
    );
    assert.deepEqual(await lab.query('SELECT rows, rejects FROM wharfinger_loads ORDER BY file_id'), [
      { rows: '2', rejects: '0' },
      { rows: '1', rejects: '2' },
      { rows: '1', rejects: '1' },
    ]);
  },
);

test(
  'keys that are one for the server alone are found, and so are those of a table whose rows nobody loaded',
  needsPostgres,
  async (t) => {
    const lab = await PostgresLab.open(t, server());
    await lab.query('CREATE TABLE people (id numeric, name text); INSERT INTO people VALUES (1.5, $$old$$)');
    const target = await lab.target();
    const columns = (await target.describe('people')) ?? [];
    const schema = { ...SCHEMA, columns, key: ['id'] };
    const file = await lab.file('id,name\n1.50,Ann\n2.0,Bob\n2.00,Cem\n', { schema });
    assert.deepEqual((await target.load(loadOf([file], { schema, lineage: true }))).loaded, [
      { fileId: 1, rows: 1, rejects: 2 },
    ]);
    assert.deepEqual(await lab.query('SELECT line, value, reason FROM wharfinger_rejects ORDER BY line'), [
      { line: '2', value: '1.50', reason: 'the key is in the table already' },
      { line: '4', value: '2.00', reason: 'the key came before in the same load' },
    ]);
    assert.deepEqual(await lab.query('SELECT id, _line FROM people ORDER BY id'), [
      { id: '1.5', _line: null },
      { id: '2.0', _line: '3' },
    ]);
    const other = await lab.file('id,name\n1.5,Ann\n2,Bob\n7,Dan\n', { schema });
    await assert.rejects(target.load(loadOf([other], { schema, lineage: true, maxRejects: 1 })), {
      code: 'load.rejects',
    });
    assert.deepEqual(await lab.query('SELECT count(*) FROM people'), [{ count: '2' }]);
  },
);

test(
  'a file with more rejects by its keys than it may have is at fault, and nothing of the load is there',
  needsPostgres,
  async (t) => {
    const lab = await PostgresLab.open(t, server());
    const target = await lab.target();
    const schema = { ...SCHEMA, key: ['id'] };
    const files = [await lab.file('id,name\n1,Ann\n'), await lab.file('id,name\n1,A\n1,B\n2,C\n')];
    await assert.rejects(target.load(loadOf(files, { schema, maxRejects: 1 })), (error) => {
      assert.ok(error instanceof FileFaultError);
      assert.deepEqual([error.fault.fileId, error.code], [2, 'load.rejects']);
      return true;
    });
    assert.equal(await target.describe('people'), undefined);
    assert.deepEqual(await lab.query('SELECT count(*) FROM wharfinger_loads'), [{ count: '0' }]);
  },
);

test(
  "a row that the table of a person does not take is its file's fault, with the server's reason",
  needsPostgres,
  async (t) => {
    const lab = await PostgresLab.open(t, server());
    await lab.query('CREATE TABLE people (id bigint, name varchar(3), PRIMARY KEY (id))');
    const target = await lab.target();
    assert.deepEqual(await target.describe('people'), SCHEMA.columns);
    const files = [
      await lab.file('id,name\n1,Ann\n'),
      await lab.file('id,name\n2,Bob\n3,Constantine\n'),
      await lab.file('id,name\n1,Dan\n'),
    ];
    const faultOf = async (some: typeof files) => {
      const error = await target.load(loadOf(some)).then(
        () => assert.fail('it was loaded'),
        (error: unknown) => error,
      );
      assert.ok(error instanceof FileFaultError, String(error));
      return error.fault;
    };
    const long = await faultOf(files);
    assert.deepEqual([long.fileId, long.code], [2, 'load.row-refused']);
    assert.match(long.reason, /its column name has room for 3 characters, and it has 11: "Constantine"$/);
    // Two files that are good alone: the later one is to blame.
    const twice = await faultOf(files.filter(({ fileId }) => fileId !== 2));
    assert.equal(twice.fileId, 3);
    assert.match(twice.reason, /duplicate key/);
    assert.deepEqual(await lab.query('SELECT * FROM people'), []);
    assert.deepEqual(await target.load(loadOf(files.slice(0, 1))), {
      loaded: [{ fileId: 1, rows: 1, rejects: 0 }],
      present: [],
    });
  },
);

test(
  'a table of another schema has its records there, whichever way it is named',
  needsPostgres,
  async (t) => {
    const lab = await PostgresLab.open(t, server());
    await lab.query('CREATE SCHEMA staff');
    const target = await lab.target();
    const file = await lab.file('id,name\n1,Ann\n');
    await target.load(loadOf([file], { table: 'staff.people' }));
    assert.deepEqual(await lab.query('SELECT table_name FROM staff.wharfinger_loads'), [
      { table_name: 'people' },
    ]);
    await lab.query('ALTER ROLE wharf SET search_path = staff, public');
    t.after(() => lab.query('ALTER ROLE wharf RESET search_path'));
    const other = await lab.target();
    assert.deepEqual((await other.load(loadOf([file]))).loaded, []);
    await assert.rejects(other.load(loadOf([file], { table: 'nowhere.people' })), {
      code: 'load.no-schema',
      trouble: 'refused',
    });
  },
);

test('the census has rows and records of one moment', needsPostgres, async (t) => {
  const lab = await PostgresLab.open(t, server());
  const target = await lab.target();
  assert.equal(await target.census('people'), undefined);
  const file = await lab.file('id,name\n1,Ann\nx,Bob\n');
  await target.load(loadOf([file]));
  const census = await target.census('people');
  await target.load(loadOf([await lab.file('id,name\n2,Cem\n')]));
  assert.equal(census?.rows, 1);
  const records = [];
  for await (const record of census?.records ?? []) records.push(record);
  assert.deepEqual(records, [{ sha256: file.csv.audit.sha256, fileName: file.name, rows: 1, rejects: 1 }]);
  await lab.query('CREATE TABLE by_hand (a int); INSERT INTO by_hand VALUES (1)');
  assert.equal((await target.census('by_hand'))?.rows, 1);
});

test('what a table cannot be loaded for is said at once, with a hint', needsPostgres, async (t) => {
  const lab = await PostgresLab.open(t, server());
  const target = await lab.target();
  const file = await lab.file('id,name\n1,Ann\n');
  await target.load(loadOf([file]));
  const refusal = async (table: string, code: string) => {
    const error = await target
      .load(loadOf([await lab.file(`id,name\n2,${table}\n`)], { table }))
      .catch((error: unknown) => error);
    assert.ok(error instanceof TargetError, String(error));
    assert.deepEqual([error.code, error.trouble, error.message.includes('\n')], [code, 'refused', false]);
    assert.ok(error.hint);
  };
  await lab.query('CREATE VIEW seen AS SELECT 1 AS id');
  await refusal('seen', 'load.not-a-table');
  await lab.query('CREATE UNLOGGED TABLE quick (id bigint, name text)');
  await refusal('quick', 'load.unlogged');
  await lab.query('CREATE TABLE narrow (id bigint)');
  await refusal('narrow', 'load.table-changed');
  await lab.query('CREATE TABLE rounded (id numeric(5,2), name text)');
  await refusal('rounded', 'load.table-changed');
  await refusal('wharfinger_loads', 'load.name');
  await refusal('n'.repeat(64), 'load.name-too-long');
  await lab.query(`CREATE TABLE picky (id bigint, name text);
    CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
    CREATE TRIGGER picks BEFORE INSERT ON picky FOR EACH ROW EXECUTE FUNCTION nothing()`);
  await refusal('picky', 'load.rows-dropped');
  const keyed = target.load(
    loadOf([await lab.file('id,name\n5,Eve\n')], { table: 'picky', schema: { ...SCHEMA, key: ['id'] } }),
  );
  await assert.rejects(keyed, { code: 'load.rows-dropped' });
  await lab.query('DROP TABLE people');
  await refusal('people', 'load.table-gone');
  await assert.rejects(target.load(loadOf([file])), { code: 'load.table-gone' });
  await lab.query("DELETE FROM wharfinger_loads WHERE table_name = 'people'");
  assert.equal((await target.load(loadOf([file]))).loaded.length, 1);
});
