import { mkdirSync, statSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { dirname, isAbsolute, join } from 'node:path';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Keeps what V8 compiled for the next start, which takes a fifth less for it. Never fails: where nothing can be
 * written, Node compiles as always. `NODE_COMPILE_CACHE` and `NODE_DISABLE_COMPILE_CACHE` of Node win.
 */
export function keepCompiled(env: Environment): void {
  const folder = compileCacheFolder(env);
  if (folder !== undefined && isMade(folder)) enableCompileCache(folder);
}

/**
 * `berth/compiled` in the XDG cache folder of somebody who is at home here. Not Node's usual place, a temporary folder:
 * what lies in the cache is run, so nobody else may write there, and root runs nothing that another user left.
 */
export function compileCacheFolder({ XDG_CACHE_HOME: cache, HOME: home }: Environment): string | undefined {
  if (home === undefined || !isAbsolute(home) || whose(home) !== 'own') return undefined;
  const folder = cache !== undefined && isAbsolute(cache) ? cache : join(home, '.cache');
  return whose(folder) === 'foreign' ? undefined : join(folder, 'berth', 'compiled');
}

/** Step by step: Node 24 never comes back from making a folder in `/proc` together with those above it. */
function isMade(folder: string): boolean {
  try {
    for (const each of [dirname(dirname(folder)), dirname(folder), folder])
      if (whose(each) === 'missing') mkdirSync(each, { mode: 0o700 });
    return whose(folder) === 'own';
  } catch {
    return false;
  }
}

function whose(path: string): 'own' | 'foreign' | 'missing' {
  try {
    const { uid } = statSync(path);
    return uid === (process.getuid?.() ?? uid) ? 'own' : 'foreign';
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ENOENT' ? 'missing' : 'foreign';
  }
}
