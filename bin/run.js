import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { enableCompileCache, getCompileCacheDir } from 'node:module';
import { fileURLToPath } from 'node:url';

// Compiled once, not at each start of each process. In our own directory, where nobody else can put code; where we may not write there is none.
const cache = fileURLToPath(new URL('../node_modules/.cache/wharfinger', import.meta.url));
try {
  mkdirSync(cache, { recursive: true });
  enableCompileCache(cache);
  process.env.NODE_COMPILE_CACHE ??= getCompileCacheDir();
} catch {
  // Read-only: it starts a little slower.
}

// A checkout has the sources, a package only what was compiled: sources first, so that an old build never runs in a checkout.
const source = new URL('../apps/cli/main.ts', import.meta.url);
const compiled = new URL('../dist/apps/cli/main.js', import.meta.url);

const load = async () => {
  try {
    return await import((existsSync(source) ? source : compiled).href);
  } catch (error) {
    if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
    const [what] = error.message.split(' imported from ');
    process.stderr.write(`wharfinger: ${what}; run \`npm ci\` where it was installed\n`);
    process.exit(5);
  }
};

const { main } = await load();
const { version, bugs } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
await main(process, { version, reportTo: bugs?.url ?? bugs });
