import { chmodSync, chownSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test, vi } from 'vitest';

import { compileCacheFolder } from '../../src/cli/compile-cache.ts';
import { newFolder, spawned } from './run.ts';

vi.setConfig({ testTimeout: 60_000 });

const isRoot = process.getuid?.() === 0;
const help = (env: Readonly<Record<string, string>>) => spawned(['--help'], { env });
const fine = { code: 0, stderr: '' };

describe('what was compiled is kept', () => {
  test('in the cache folder of the home, and the second start reads it', async () => {
    const home = newFolder();
    expect(await help({ HOME: home })).toMatchObject(fine);
    const kept = readdirSync(join(home, '.cache', 'berth', 'compiled'), { recursive: true });
    expect(kept.length).toBeGreaterThan(10);
    expect(await help({ HOME: home })).toMatchObject(fine);
    expect(readdirSync(join(home, '.cache', 'berth', 'compiled'), { recursive: true })).toEqual(kept);
  });

  test('in the XDG cache folder where there is one; a relative one means nothing', () => {
    const home = newFolder();
    const folder = (cache: string) => compileCacheFolder({ HOME: home, XDG_CACHE_HOME: cache });
    expect(folder(join(home, 'cache'))).toBe(join(home, 'cache', 'berth', 'compiled'));
    expect(folder('cache')).toBe(join(home, '.cache', 'berth', 'compiled'));
  });
});

describe('nothing is kept, and all goes on', () => {
  test.each([
    {},
    { HOME: 'home' },
    { HOME: '/nonexistent' },
    { HOME: '/dev/null' },
    { HOME: '/dev/null/ada' },
  ])('at no home: %j', async (env) => {
    expect(compileCacheFolder(env)).toBeUndefined();
    expect(await help({ HOME: '', ...env })).toMatchObject(fine);
  });

  test('where the folder is a file, or nothing can be made in it', async () => {
    const home = newFolder();
    writeFileSync(join(home, '.cache'), '');
    expect(await help({ HOME: home })).toMatchObject(fine);
    expect(await help({ HOME: home, XDG_CACHE_HOME: '/proc' })).toMatchObject(fine);
    expect(await help({ HOME: home, XDG_CACHE_HOME: '/proc/none' })).toMatchObject(fine);
  });

  test.skipIf(isRoot)('where the home is read-only', async () => {
    const home = newFolder();
    chmodSync(home, 0o500);
    expect(await help({ HOME: home })).toMatchObject(fine);
    expect(readdirSync(home)).toEqual([]);
  });

  test.runIf(isRoot)('where somebody else could have written what is run', async () => {
    const home = newFolder();
    mkdirSync(join(home, '.cache', 'berth', 'compiled'), { recursive: true });
    chownSync(join(home, '.cache', 'berth', 'compiled'), 12_345, 12_345);
    expect(await help({ HOME: home })).toMatchObject(fine);
    expect(readdirSync(join(home, '.cache', 'berth', 'compiled'))).toEqual([]);
    chownSync(home, 12_345, 12_345);
    expect(compileCacheFolder({ HOME: home })).toBeUndefined();
  });
});
