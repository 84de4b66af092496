/** Opens the DuckDB file that is its argument, says so, and holds it until it is killed. */
import { DuckDBInstance } from '@duckdb/node-api';

const [path = ''] = process.argv.slice(2);
const instance = await DuckDBInstance.create(path);
const connection = await instance.connect();
process.stdout.write('open\n');
setInterval(() => connection.run('SELECT 1'), 1_000_000);
