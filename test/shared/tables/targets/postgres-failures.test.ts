import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { needsPostgres, postgresOfFile } from '../../../support/postgres.ts';
import { loadOf, PostgresLab, SCHEMA } from './postgres-lab.ts';
import { stranger, troubleOf, waits } from './postgres-others.ts';

const server = postgresOfFile();
const TEXT = 'id,name\n1,Ann\n2,Bob\n';
const ALL = [{ count: '2' }];

async function backendOf(lab: PostgresLab): Promise<number> {
  const [found] = await lab.query(
    "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'wharfinger'",
  );
  return Number(found?.pid);
}

for (const point of ['load.in-transaction', 'load.before-commit'] as const)
  test(
    `a connection that ends at ${point} leaves nothing, and the load succeeds later`,
    needsPostgres,
    async (t) => {
      const lab = await PostgresLab.open(t, server());
      let backend: number | undefined;
      const target = await lab.target({
        crash: {
          reach: (passed) => {
            if (passed !== point || backend === undefined) return;
            // What pg_terminate_backend does.
            process.kill(backend, 'SIGTERM');
            backend = undefined;
          },
        },
      });
      const file = await lab.file(TEXT);
      await target.describe('people');
      backend = await backendOf(lab);
      await troubleOf(target.load(loadOf([file])), 'away', 'load.away');
      assert.equal(await target.describe('people'), undefined);
      assert.equal((await target.load(loadOf([file]))).loaded.length, 1);
      assert.deepEqual(await lab.query('SELECT count(*) FROM people'), ALL);
    },
  );

test('a connection that ends amid the rows leaves nothing', needsPostgres, async (t) => {
  const lab = await PostgresLab.open(t, server());
  await lab.query(`CREATE TABLE people (id bigint, name text);
    CREATE FUNCTION dies() RETURNS trigger LANGUAGE plpgsql AS
      'BEGIN IF NEW.id = 5000 THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF; RETURN NEW; END';
    CREATE TRIGGER dies BEFORE INSERT ON people FOR EACH ROW EXECUTE FUNCTION dies()`);
  const target = await lab.target();
  const rows = Array.from({ length: 200_000 }, (_, at) => `${at},name ${at}\n`);
  const file = await lab.file(`id,name\n${rows.join('')}`);
  await troubleOf(target.load(loadOf([file])), 'away', 'load.away');
  assert.deepEqual(await lab.query('SELECT count(*) FROM people'), [{ count: '0' }]);
  assert.deepEqual(await lab.query('SELECT count(*) FROM wharfinger_loads'), [{ count: '0' }]);
  await lab.query('DROP TRIGGER dies ON people');
  assert.deepEqual((await target.load(loadOf([file]))).loaded, [{ fileId: 1, rows: 200_000, rejects: 0 }]);
});

test(
  'a load whose commit was never acknowledged is found the next time, and loaded once',
  needsPostgres,
  async (t) => {
    const lab = await PostgresLab.open(t, server());
    const sockets: Socket[] = [];
    let isCut = false;
    const proxy = createServer((client) => {
      const upstream = connect(server().port, '127.0.0.1');
      sockets.push(client, upstream);
      for (const socket of [client, upstream]) socket.on('error', () => undefined);
      let commits = false;
      client.on('data', (data) => {
        commits ||= !isCut && data.includes('Q\0\0\0\x0bCOMMIT\0');
        upstream.write(data);
      });
      upstream.on('data', (data) => {
        if (!commits) return client.write(data);
        isCut = true;
        client.destroy();
        return upstream.destroy();
      });
      client.on('close', () => upstream.destroy());
      upstream.on('close', () => client.destroy());
    }).listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    t.after(() => {
      proxy.close();
      for (const socket of sockets) socket.destroy();
    });
    const address = proxy.address();
    assert.ok(typeof address === 'object' && address !== null);
    const url = lab.url.replace(`:${server().port}`, `:${address.port}`);
    const target = await lab.target({ url });
    const file = await lab.file(TEXT);

    await troubleOf(target.load(loadOf([file])), 'away', 'load.away');
    assert.ok(isCut);
    assert.deepEqual(await target.load(loadOf([file])), {
      loaded: [],
      present: [{ fileId: 1, rows: 2, rejects: 0 }],
    });
    assert.deepEqual(await lab.query('SELECT count(*) FROM people'), ALL);
  },
);

test('a server that is down is away, and the same target loads when it is back', needsPostgres, async (t) => {
  const lab = await PostgresLab.open(t, server());
  const target = await lab.target();
  const file = await lab.file(TEXT);
  await target.describe('people');
  await server().stop();
  await troubleOf(target.load(loadOf([file])), 'away', 'load.away');
  await troubleOf(target.load(loadOf([file])), 'away', 'load.away');
  await server().start();
  assert.equal((await target.load(loadOf([file]))).loaded.length, 1);
  await server().kill();
  await server().start();
  assert.deepEqual(await lab.query('SELECT count(*) FROM people'), ALL);
});

test(
  'of two that load one content at once, into a table that is not there yet, one loads it',
  needsPostgres,
  async (t) => {
    const lab = await PostgresLab.open(t, server());
    const file = await lab.file(TEXT);
    const others = await Promise.all([1, 2, 3].map((at) => lab.file(`id,name\n${at},Other\n`)));
    const targets = await Promise.all(others.map(() => lab.target()));
    const results = await Promise.all(
      targets.map((target, at) => target.load(loadOf([file, ...others.slice(at, at + 1)]))),
    );
    assert.deepEqual(
      results.map(({ loaded, present }) => loaded.length + present.length),
      [2, 2, 2],
    );
    assert.equal(results.flatMap(({ present }) => present).length, 2);
    assert.deepEqual(await lab.query('SELECT count(*) FROM people'), [{ count: '5' }]);
  },
);

test(
  'two that load the same contents in another order do not wait for each other',
  needsPostgres,
  async (t) => {
    const lab = await PostgresLab.open(t, server());
    const files = await Promise.all(Array.from({ length: 20 }, (_, at) => lab.file(`id,name\n${at},Ann\n`)));
    const [one, two] = [await lab.target(), await lab.target()];
    await Promise.all([one.load(loadOf(files)), two.load(loadOf(files.toReversed()))]);
    assert.deepEqual(await lab.query('SELECT count(*) FROM people'), [{ count: '20' }]);
  },
);

test('who comes while another loads the content waits, and does not read it', needsPostgres, async (t) => {
  const lab = await PostgresLab.open(t, server());
  const target = await lab.target();
  await target.load(loadOf([await lab.file('id,name\n7,Eve\n')]));
  const file = await lab.file(TEXT);
  const other = await stranger(t, lab);
  await other.query('BEGIN');
  await other.query(
    "INSERT INTO wharfinger_loads (table_name, sha256, file_id, file_name, task_id, rows, rejects) VALUES ('people', $1, 77, 'x', 1, 2, 3)",
    [file.csv.audit.sha256],
  );
  const loading = target.load(loadOf([{ ...file, csv: { ...file.csv, readPath: '/nowhere' } }]));
  await waits(lab);
  await other.query('COMMIT');
  assert.deepEqual(await loading, { loaded: [], present: [{ fileId: 2, rows: 2, rejects: 3 }] });

  const impatient = await lab.target({ lockWaitMs: 50 });
  const third = await lab.file('id,name\n3,Cem\n');
  await other.query('BEGIN');
  await other.query(
    "INSERT INTO wharfinger_loads (table_name, sha256, file_id, file_name, task_id, rows, rejects) VALUES ('people', $1, 77, 'x', 1, 2, 3)",
    [third.csv.audit.sha256],
  );
  await troubleOf(impatient.load(loadOf([third])), 'busy', 'load.busy');
  await other.query('ROLLBACK');
  assert.equal((await impatient.load(loadOf([third]))).loaded.length, 1);
});

test('a table that somebody has locked is waited for, and not for ever', needsPostgres, async (t) => {
  const lab = await PostgresLab.open(t, server());
  const target = await lab.target({ lockWaitMs: 50 });
  await target.load(loadOf([await lab.file('id,name\n7,Eve\n')]));
  const other = await stranger(t, lab);
  await other.query('BEGIN');
  await other.query('LOCK TABLE people IN ACCESS EXCLUSIVE MODE');
  const file = await lab.file(TEXT);
  await troubleOf(target.load(loadOf([file])), 'away', 'load.locked');
  const schema = { ...SCHEMA, key: ['id'] };
  await troubleOf(target.load(loadOf([file], { schema })), 'away', 'load.locked');

  const patient = await lab.target();
  const controller = new AbortController();
  const loading = patient.load(loadOf([file], { signal: controller.signal }));
  await waits(lab);
  controller.abort(new Error('stop'));
  await assert.rejects(loading, { message: 'stop' });
  const again = patient.load(loadOf([file]));
  await waits(lab);
  await other.query('COMMIT');
  assert.equal((await again).loaded.length, 1);
});

test('a load that nobody holds any more writes nothing', needsPostgres, async (t) => {
  const lab = await PostgresLab.open(t, server());
  const target = await lab.target();
  const file = await lab.file(TEXT);
  const lost = new Error('lease ended');
  const assertHeld = () => {
    throw lost;
  };
  await assert.rejects(target.load(loadOf([file], { assertHeld })), lost);
  await assert.rejects(target.load(loadOf([file], { signal: AbortSignal.abort(lost) })), lost);
  assert.equal(await target.describe('people'), undefined);
  assert.equal((await target.load(loadOf([file]))).loaded.length, 1);
});

test(
  'what the server does with a holder that freezes is set in each transaction, and a commit is durable',
  needsPostgres,
  async (t) => {
    const lab = await PostgresLab.open(t, server());
    await lab.query(`CREATE TABLE people (id bigint, name text, said text DEFAULT concat_ws(' ',
    current_setting('lock_timeout'), current_setting('idle_in_transaction_session_timeout'),
    current_setting('statement_timeout'), current_setting('synchronous_commit'), current_setting('application_name')))`);
    await lab.query(`ALTER DATABASE ${new URL(lab.url).pathname.slice(1)} SET synchronous_commit = off`);
    const target = await lab.target();
    await target.load(loadOf([await lab.file(TEXT)]));
    assert.deepEqual(await lab.query('SELECT DISTINCT said FROM people'), [
      { said: '30s 1min 301s on wharfinger' },
    ]);
  },
);

test('who may not come in, or may not write, is told why', needsPostgres, async (t) => {
  const lab = await PostgresLab.open(t, server());
  const load = async (options: Parameters<typeof lab.target>[0]) => {
    const target = await lab.target(options);
    return target.load(loadOf([await lab.file(TEXT)]));
  };
  const { port, env } = server();
  await troubleOf(load({ env: { PGPASSWORD: 'wrong' } }), 'refused', 'load.password');
  await troubleOf(load({ env: {} }), 'refused', 'load.no-password');
  await troubleOf(load({ url: server().urlOf({ database: 'nothing' }) }), 'refused', 'load.no-database');
  await troubleOf(load({ url: 'postgres://wharf@no-such-host.invalid/x' }), 'away', 'load.away');
  const tls = await troubleOf(load({ url: `${lab.url}?sslmode=require` }), 'away', 'load.away');
  assert.match(tls.message, /SSL/);

  await lab.query(`CREATE ROLE guest LOGIN PASSWORD '${env.PGPASSWORD}'`);
  t.after(() => lab.query('DROP OWNED BY guest; DROP ROLE guest'));
  const guest = `postgres://guest@127.0.0.1:${port}${new URL(lab.url).pathname}`;
  const rights = await troubleOf(load({ url: guest }), 'refused', 'load.rights');
  assert.match(rights.hint ?? '', /GRANT/);
  await load({});
  await lab.query(
    'GRANT SELECT, INSERT, UPDATE ON wharfinger_loads, wharfinger_rejects TO guest; GRANT SELECT ON people TO guest',
  );
  await troubleOf(
    (await lab.target({ url: guest })).load(loadOf([await lab.file('id,name\n9,Z\n')])),
    'refused',
    'load.rights',
  );
  await lab.query('GRANT INSERT ON people TO guest');
  assert.equal(
    (await (await lab.target({ url: guest })).load(loadOf([await lab.file('id,name\n9,Z\n')]))).loaded.length,
    1,
  );

  await lab.query(`ALTER ROLE guest SET default_transaction_read_only = on`);
  const readOnly = (await lab.target({ url: guest })).load(loadOf([await lab.file('id,name\n8,Y\n')]));
  const { hint } = await troubleOf(readOnly, 'away', 'load.read-only');
  assert.match(hint ?? '', /primary/);
});

test(
  'a scratch directory that takes no pipe is away, and it is the one that is named',
  needsPostgres,
  async (t) => {
    const lab = await PostgresLab.open(t, server());
    const scratch = join(lab.directory, 'gone');
    mkdirSync(scratch);
    const target = await lab.target({ scratch });
    await target.load(loadOf([await lab.file('id,name\n7,Eve\n')]));
    rmSync(scratch, { recursive: true });
    const file = await lab.file(TEXT);
    const { message } = await troubleOf(target.load(loadOf([file])), 'away', 'load.scratch');
    assert.ok(message.includes(scratch));
    mkdirSync(scratch);
    assert.equal((await target.load(loadOf([file]))).loaded.length, 1);
  },
);
