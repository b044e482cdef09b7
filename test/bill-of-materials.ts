import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { z } from 'zod';

// `npm sbom --omit dev` leaves out what tools for development need too (express, zod). So npm is shown a lockfile
// without development, and lists all of that.
const Lock = z.looseObject({
  packages: z.record(z.string(), z.looseObject({ dev: z.boolean().optional() })),
});

const root = new URL('../', import.meta.url);
const { packages, ...lock } = Lock.parse(
  JSON.parse(readFileSync(new URL('package-lock.json', root), 'utf8')),
);
const { devDependencies: _, ...manifest } = z
  .looseObject({ devDependencies: z.unknown() })
  .parse(JSON.parse(readFileSync(new URL('package.json', root), 'utf8')));
const kept = Object.entries(packages).filter(([path, { dev }]) => path !== '' && dev !== true);

const folder = mkdtempSync(join(tmpdir(), 'berth-sbom-'));
try {
  const own = { ...packages[''], devDependencies: {} };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
  writeFileSync(
    join(folder, 'package-lock.json'),
    JSON.stringify({ ...lock, packages: { '': own, ...Object.fromEntries(kept) } }),
  );
  const args = ['sbom', '--sbom-format', 'cyclonedx', '--package-lock-only', '--loglevel', 'error'];
  process.stdout.write(execFileSync('npm', args, { cwd: folder, maxBuffer: 64 * 1024 * 1024 }));
} finally {
  rmSync(folder, { recursive: true });
}
