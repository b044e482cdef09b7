import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';

import { afterAll, describe, expect, test } from 'vitest';
import { z } from 'zod';

import type { Io } from '../../../src/cli/io.ts';
import { lineOf, outputOf } from '../../../src/cli/live/command.ts';
import { BerthError } from '../../../src/model/error.ts';
import { berth } from '../run.ts';

const folder = mkdtempSync(join(tmpdir(), 'berth-kubectl-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

let made = 0;

/** A folder for PATH with one program in it. */
function pathWith(program: string, script: string): string {
  const bin = join(folder, `bin${made++}`);
  mkdirSync(bin);
  writeFileSync(join(bin, program), `#!/bin/sh\n${script}\n`);
  chmodSync(join(bin, program), 0o755);
  return `${bin}:/usr/bin:/bin`;
}

function ioWith(path: string, interrupt = new AbortController().signal): Io {
  const sink = { write: () => true };
  return {
    stdin: new PassThrough(),
    stdout: sink,
    stderr: sink,
    env: { PATH: path, WORD: 'kept' },
    interrupt,
  };
}

async function refusalOf(run: Promise<unknown>): Promise<BerthError['detail']> {
  try {
    await run;
  } catch (error) {
    if (error instanceof BerthError) return error.detail;
    throw error;
  }
  throw new Error('nothing was refused');
}

const asText = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

describe('a program of the user', () => {
  test('gets its words as they are, the environment, and no stdin', async () => {
    const path = pathWith('show', 'for word in "$@"; do echo "[$word]"; done; echo "$WORD"; cat');
    const args = ['a b', '$(touch /tmp/never)', '; echo no', "it's"];
    const said = asText(await outputOf(ioWith(path), { program: 'show', args }));
    expect(said).toBe("[a b]\n[$(touch /tmp/never)]\n[; echo no]\n[it's]\nkept\n");
  });

  test('that is not there is named, with what to do', async () => {
    const detail = await refusalOf(outputOf(ioWith('/nowhere'), { program: 'kubectl', args: [] }));
    expect(detail).toMatchObject({ code: 'NOT_FOUND', message: '`kubectl` is not on the PATH' });
    expect(detail.fix).toContain('install `kubectl`');
  });

  test('that may not be run says so', async () => {
    const path = pathWith('kubectl', 'exit 0');
    chmodSync(join(path.split(':')[0] ?? '', 'kubectl'), 0o644);
    const { message } = await refusalOf(
      outputOf(ioWith(path.split(':')[0] ?? ''), { program: 'kubectl', args: [] }),
    );
    expect(message).toBe('`kubectl` cannot be started (EACCES)');
  });

  test('that fails is quoted, cleaned and capped', async () => {
    const path = pathWith(
      'kubectl',
      `printf 'error: \\033[31mno\\033[0m\\n\\342\\200\\256context' >&2; yes x | head -c 90000 >&2; exit 3`,
    );
    const { message, fix } = await refusalOf(outputOf(ioWith(path), { program: 'kubectl', args: ['get'] }));
    expect(message).toMatch(
      /^`kubectl` failed with exit code 3: error: \u{fffd}\[31mno\u{fffd}\[0m \u{fffd}context/u,
    );
    expect(message.length).toBeLessThan(460);
    expect(message).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    expect(fix).toBe('run `kubectl get` until it works, then import again');
  });

  test('that a signal ends, or that says nothing, has failed', async () => {
    const killed = await refusalOf(
      outputOf(ioWith(pathWith('kubectl', 'kill -9 $$')), { program: 'kubectl', args: [] }),
    );
    expect(killed.message).toBe('`kubectl` was killed');
    const silent = await refusalOf(
      outputOf(ioWith(pathWith('kubectl', 'exit 0')), { program: 'kubectl', args: [] }),
    );
    expect(silent.message).toBe('`kubectl` wrote nothing');
  });

  test('may write up to the cap, and no byte more', async () => {
    const path = pathWith('many', 'head -c "$1" /dev/zero');
    const asked = { program: 'many', capBytes: 100_000 };
    expect((await outputOf(ioWith(path), { ...asked, args: ['100000'] })).length).toBe(100_000);
    const { message } = await refusalOf(outputOf(ioWith(path), { ...asked, args: ['100001'] }));
    expect(message).toContain('`many` wrote more than');
  });

  test('that never ends writing is stopped', async () => {
    const run = outputOf(ioWith(pathWith('endless', 'exec yes')), {
      program: 'endless',
      args: [],
      capBytes: 1_048_576,
    });
    expect((await refusalOf(run)).message).toBe('`endless` wrote more than 1 MiB');
  });

  test('that never ends is stopped', async () => {
    const path = pathWith('slow', 'exec sleep 60');
    const detail = await refusalOf(outputOf(ioWith(path), { program: 'slow', args: [], timeoutMs: 100 }));
    expect(detail).toMatchObject({ message: '`slow` did not end in time', retryable: true });
  });

  test('is stopped by an interrupt, before it and during it', async () => {
    const path = pathWith('slow', 'exec sleep 60');
    const before = await refusalOf(
      outputOf(ioWith(path, AbortSignal.abort()), { program: 'slow', args: [] }),
    );
    expect(before.code).toBe('INTERRUPTED');
    const during = new AbortController();
    const run = refusalOf(outputOf(ioWith(path, during.signal), { program: 'slow', args: [] }));
    setTimeout(() => {
      during.abort();
    }, 50);
    expect((await run).code).toBe('INTERRUPTED');
  });

  test('is shown as a line that can be typed', () => {
    const line = lineOf({ program: 'kubectl', args: ['--context=a b', 'get', "it's"] });
    expect(line).toBe(`kubectl '--context=a b' get 'it'\\''s'`);
  });
});

const slice = {
  kind: 'ResourceSlice',
  metadata: { name: 's1' },
  spec: {
    driver: 'gpu.nvidia.com',
    nodeName: 'n1',
    pool: { name: 'n1', generation: 1, resourceSliceCount: 1 },
    devices: [
      { name: 'gpu-0', attributes: { uuid: { string: 'GPU-1' }, productName: { string: 'NVIDIA L4' } } },
    ],
  },
};
const answers: Readonly<Record<string, object>> = {
  nodes: { kind: 'List', items: [{ kind: 'Node', metadata: { name: 'n1' }, spec: {}, status: {} }] },
  'resourceslices.resource.k8s.io': { kind: 'List', items: [slice] },
};

/** A kubectl that writes down what it is asked, and answers from files. */
function fakeKubectl(): { readonly path: string; readonly asked: () => string } {
  const home = mkdtempSync(join(folder, 'fake-'));
  for (const [resource, answer] of Object.entries(answers))
    writeFileSync(join(home, resource), JSON.stringify(answer));
  const path = pathWith('kubectl', `echo "$@" >> ${home}/asked; cat ${home}/"$4"`);
  return { path, asked: () => readFileSync(join(home, 'asked'), 'utf8') };
}

const Result = z.object({
  subjects: z.record(z.string(), z.number()),
  unknown: z.array(z.object({ file: z.string() })),
});

describe('berth import --context', () => {
  test.each([
    ['kubernetes', 'nodes', 'node fra1/n1'],
    ['dra', 'resourceslices.resource.k8s.io', 'gpu fra1/n1/gpu0'],
  ])('%s reads %s with the kubectl of the user', async (source, resource, subject) => {
    const { path, asked } = fakeKubectl();
    const home = mkdtempSync(join(folder, 'home-'));
    const args = ['import', source, '--context', 'prod', '--site', 'fra1', '--json'];
    const { code, stdout } = await berth(args, { home, env: { PATH: path } });
    expect(code).toBe(0);
    expect(asked()).toBe(`--context=prod --request-timeout=60s get ${resource} -o json\n`);
    const result = Result.parse(JSON.parse(stdout));
    expect(result.subjects[subject.split(' ', 1).join()]).toBe(1);
    expect(result.unknown[0]?.file).toBe(
      `kubectl --context=prod --request-timeout=60s get ${resource} -o json`,
    );
  });

  test('a context is never taken for an option', async () => {
    const { path, asked } = fakeKubectl();
    const home = mkdtempSync(join(folder, 'home-'));
    await berth(['import', 'kubernetes', '--context', '--server=evil', '--site', 'fra1'], {
      home,
      env: { PATH: path },
    });
    expect(asked()).toMatch(/^--context=--server=evil /u);
  });

  test.each([
    [['import', 'openb', '--context', 'prod'], 'openb is not read with `--context`'],
    [['import', 'kubernetes', 'a.json', '--context', 'prod'], 'both files and `--context` are given'],
    [['import', 'kubernetes'], "missing required argument 'file'"],
  ])('%j is refused', async (args, message) => {
    const { code, stderr } = await berth(args, {
      home: mkdtempSync(join(folder, 'home-')),
      env: { PATH: '/nowhere' },
    });
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });

  test('a cluster that does not answer records nothing', async () => {
    const path = pathWith('kubectl', 'echo "error: context \\"prod\\" does not exist" >&2; exit 1');
    const home = mkdtempSync(join(folder, 'home-'));
    const { code, stdout, stderr } = await berth(['import', 'dra', '--context', 'prod'], {
      home,
      env: { PATH: path },
    });
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain('`kubectl` failed with exit code 1: error: context "prod" does not exist');
  });

  test('an answer that is no list of nodes says where it is from', async () => {
    const path = pathWith('kubectl', 'echo "<html>log in</html>"');
    const home = mkdtempSync(join(folder, 'home-'));
    const { stderr } = await berth(['import', 'kubernetes', '--context', 'prod', '--site', 'a'], {
      home,
      env: { PATH: path },
    });
    expect(stderr).toContain('`kubectl --context=prod --request-timeout=60s get nodes -o json`');
  });
});
