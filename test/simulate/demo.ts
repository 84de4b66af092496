/** `npm run demo [-- files|tables|archives]`: half a minute that shows what the program is for. */

const DEMOS: Readonly<Record<string, () => Promise<unknown>>> = {
  files: () => import('./demo-files.ts'),
  tables: () => import('./demo-tables.ts'),
  archives: () => import('./demo-archives.ts'),
};

const [name = 'files'] = process.argv.slice(2);
const demo = DEMOS[name];
if (demo === undefined) {
  process.stderr.write(
    `there is no demo ${JSON.stringify(name)}; there are ${Object.keys(DEMOS).join(', ')}\n`,
  );
  process.exitCode = 2;
} else await demo();
