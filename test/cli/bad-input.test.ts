import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, beforeAll, describe, expect, test } from 'vitest';

import { ContractList } from '../../src/model/contract-view.ts';
import { PlanResult } from '../../src/model/plan-view.ts';
import { flaws, headOf } from './refusal.ts';
import { berth, demoHome, newFolder } from './run.ts';

let home = '';
let head = '';

beforeAll(async () => {
  home = await demoHome();
  head = await headOf(home);
});

afterEach(async () => {
  if ((await headOf(home)) !== head) throw new Error('the ledger was changed');
});

/** A demand for one H100 node, with a few lines of its YAML replaced. */
function demand(lines: Readonly<Record<string, string>> = {}): string {
  const all = {
    tenant: 'globex',
    parts: '[{ name: train, count: 1, each: { gpus: { count: 8, models: [H100] } } }]',
    window: '{ earliestStart: 2026-12-01T00:00:00Z, durationS: 3600 }',
    ...lines,
  };
  return Object.entries(all)
    .map(([name, value]) => `${name}: ${value}\n`)
    .join('');
}

function part(count: string, gpus: string): Record<string, string> {
  return { parts: `[{ name: a, count: ${count}, each: { gpus: { count: ${gpus} } } }]` };
}

function bytes(...numbers: readonly number[]): Uint8Array {
  return Uint8Array.from(numbers);
}

function plan(stdin: string | Uint8Array, ...args: readonly string[]) {
  return berth(['plan', '-f', '-', ...args], { home, stdin });
}

test('the demand that the bad ones differ from is planned', async () => {
  const { code, stdout } = await plan(demand(), '--json');
  expect({ code, decision: PlanResult.parse(JSON.parse(stdout)).decision }).toEqual({
    code: 3,
    decision: 'planned',
  });
});

describe('keys that are not known, with what was meant', () => {
  test.each([
    [{ windw: '{}' }, '`windw` is not known', 'write `window`'],
    [
      { parts: '[{ name: a, count: 1, each: { gpu: { count: 8 } } }]' },
      '`parts[0].each.gpu` is not known',
      'write `gpus`',
    ],
    [
      { parts: '[{ name: a, count: 1, each: { gpus: { count: 8, modles: [H100] } } }]' },
      '`parts[0].each.gpus.modles` is not known',
      'write `models`',
    ],
    [{ frobnicate: '3' }, '`frobnicate` is not known', 'allowed there: `tenant`'],
    [{ __proto__x: '3' }, '`__proto__x` is not known', 'allowed there'],
  ])('%j', async (lines, what, fix) => {
    expect(flaws(await plan(demand(lines)), 2, what, fix)).toEqual([]);
  });
});

describe('numbers and times that cannot be', () => {
  test.each([
    [part('-1', '8'), '`parts[0].count` is `-1`', 'send at least 1'],
    [part('0', '8'), '`parts[0].count` is `0`', 'send at least 1'],
    [part('.nan', '8'), '`parts[0].count`', 'send a number'],
    [part('.inf', '8'), '`parts[0].count`', 'send a number'],
    [part('1.5', '8'), '`parts[0].count`', 'a whole number'],
    [part('"8"', '8'), '`parts[0].count` is the text `8`', 'send a number'],
    [part('1', '1e12'), '`parts[0].each.gpus.count` is `1000000000000`', 'send at most 72'],
    [part('100001', '8'), '`parts[0].count` is `100001`', 'send at most 100000'],
    [part('1', '-8'), '`parts[0].each.gpus.count` is `-8`', 'send at least 1'],
    [
      { window: '{ earliestStart: 2026-12-01T00:00:00Z, durationS: 0 }' },
      '`window.durationS` is `0`',
      'at least 1',
    ],
    [
      { window: '{ earliestStart: 2026-12-01T00:00:00Z, durationS: 99999999999 }' },
      '`window.durationS`',
      'at most',
    ],
    [
      { window: '{ earliestStart: tomorrow, durationS: 60 }' },
      '`window.earliestStart` cannot be `tomorrow`',
      'ISO 8601',
    ],
    [{ window: '{ earliestStart: 2026-12-01, durationS: 60 }' }, '`window.earliestStart`', 'ISO 8601'],
    [
      { window: '{ earliestStart: 2026-02-30T00:00:00Z, durationS: 60 }' },
      '`window.earliestStart`',
      'ISO 8601',
    ],
    [
      { window: '{ earliestStart: 2199-12-31T00:00:00Z, durationS: 86400 }' },
      'may end after 2199',
      'start earlier',
    ],
    [{ budget: '{ totalEur: -1 }' }, '`budget.totalEur` is `-1`', 'at least 0'],
    [{ budget: '{ totalEur: 0.0000000001 }' }, '`budget.totalEur`', 'at most six decimals'],
  ])('%j', async (lines, what, fix) => {
    expect(flaws(await plan(demand(lines)), 2, what, fix)).toEqual([]);
  });

  test.each([
    [
      '{ earliestStart: 2026-12-02T00:00:00Z, latestStart: 2026-12-01T00:00:00Z, durationS: 60 }',
      'the latest start lies before the earliest',
    ],
    [
      '{ earliestStart: 2026-12-02T00:00:00Z, deadline: 2026-12-01T00:00:00Z, durationS: 60 }',
      'the latest start lies before the earliest',
    ],
    [
      '{ earliestStart: 2026-12-02T00:00:00Z, deadline: 2026-12-03T00:00:00Z }',
      'a deadline needs a duration',
    ],
    ['{ earliestStart: 2020-01-01T00:00:00Z, durationS: 60 }', 'the latest start has passed'],
  ])('a window that nothing fits into is an answer: %s', async (window, why) => {
    const { code, stdout, stderr } = await plan(demand({ window }), '--json');
    expect({ code, stderr }).toEqual({ code: 4, stderr: '' });
    const { refusal } = PlanResult.parse(JSON.parse(stdout));
    expect(refusal).toMatchObject({ kind: 'window-impossible' });
    expect(refusal?.summary).toContain(why);
  });
});

describe('names that nobody knows', () => {
  test.each([
    [
      'tenant-unknown',
      { tenant: 'nosuch' },
      'tenant `nosuch` is not registered; known: acme, globex, initech-bank',
    ],
    [
      'model-unknown',
      { parts: '[{ name: a, count: 1, each: { gpus: { count: 8, models: [H1000] } } }]' },
      'no node has H1000; known: A100-PCIE-40GB',
    ],
  ])('%s', async (kind, lines, summary) => {
    const { code, stdout, stderr } = await plan(demand(lines), '--json');
    expect({ code, stderr }).toEqual({ code: 2, stderr: '' });
    const { refusal } = PlanResult.parse(JSON.parse(stdout));
    expect(refusal?.kind).toBe(kind);
    expect(refusal?.summary).toContain(summary);
  });

  test.each([
    [['plan', '-f', '-'], 'no place is called `fra9`', 'did you mean `fra1`?'],
    [['inventory', 'fra9'], 'no place is called `fra9`', 'did you mean `fra1`?'],
    [['inventory', 'nowhere-at-all'], 'no place is called `nowhere-at-all`', 'berth inventory'],
    [['whatif', '--lose', 'r99'], 'no place is called `r99`', 'berth inventory'],
    [['drain', 'r99'], 'no place is called `r99`', 'berth inventory'],
    [['contracts', '--within', 'r99'], 'no place is called `r99`', 'berth inventory'],
    [['contracts', 'C-999'], 'no contract `C-999`', 'berth contracts'],
    [['contracts', 'C-1'], 'no contract `C-1`', 'berth contracts'],
    [['explain', 'C-999'], 'no contract `C-999`', 'berth contracts'],
    [['release', 'C-999'], 'no contract `C-999`', 'berth contracts'],
    [['commit', 'plan-0000000000000000'], 'no plan `plan-0000000000000000` is kept', 'berth plan -f'],
    [['explain', 'plan-0000000000000000'], 'no plan `plan-0000000000000000` is kept', 'berth plan -f'],
  ])('%j', async (args, what, fix) => {
    expect(flaws(await berth(args, { home, stdin: demand({ where: '[fra9]' }) }), 2, what, fix)).toEqual([]);
  });

  test.each([
    [['contracts', 'C106'], '`contract` cannot be `C106`', 'a contract id looks like `C-106`'],
    [['commit', 'C-106'], '`plan` cannot be `C-106`', 'a plan id looks like'],
    [['commit', 'plan-0000000000000000', '--key', 'k'], '`--key`', '6 to 100'],
    [['explain', '../../etc/passwd'], 'is neither a plan nor a contract', 'name a contract such as'],
    [['contracts', '--state', 'actve'], '`--state` cannot be `actve`', 'write `active`'],
    [['contracts', '--cursor', 'x'], '`x` is not a cursor', '`--cursor`'],
    [['contracts', '--limit', '0'], '`--limit` is `0`', 'at least 1'],
    [['inventory', '--from', 'now'], '`--from` cannot be `now`', 'ISO 8601'],
    [
      ['inventory', '--from', '2026-12-02T00:00:00Z', '--to', '2026-12-01T00:00:00Z'],
      '`--to`',
      'must be later than `--from`',
    ],
    [['inventory', '--link', 'wire'], '`--link` cannot be `wire`', '`nvlink`'],
    [['inventory', 'n02'], '`n02` could be', 'write one of'],
    [['tenants', 'add', 'New!'], '`id` cannot be `New!`', 'lower-case letters'],
    [['tenants', 'add', 'new', '--zone', 'Mars/Base'], '`Mars/Base` is not a time zone', 'Europe/Berlin'],
    [
      ['tenants', 'add', 'new', '--regime', 'gdrp'],
      '`rules.regimes[0]` cannot be `gdrp`',
      'write one of `gdpr`, `dora`',
    ],
    [
      ['tenants', 'add', 'new', '--country', 'de'],
      '`rules.countries[0]` cannot be `de`',
      'two capital letters',
    ],
    [['tenants', '--as', 'robot:x'], '`robot:x` is not a principal', '--as agent:ops-bot'],
    [['tenants', '--tenant', 'Acme Inc'], '`Acme Inc` is not a tenant id', '--tenant acme'],
  ])('%j', async (args, what, fix) => {
    expect(flaws(await berth(args, { home }), 2, what, fix)).toEqual([]);
  });
});

describe('files that are no demand', () => {
  test.each([
    ['nothing', '', 'the file is `null`, not an object'],
    ['a list', '- a\n- b\n', 'the file is a list, not an object'],
    ['a number', '42\n', 'the file is `42`, not an object'],
    ['YAML that ends too early', 'tenant: globex\nparts: [{\n', '`-` line 3'],
    ['a key twice', 'tenant: a\ntenant: b\n', '`-` line 2, column 1: Map keys must be unique'],
    ['an alias', 'tenant: &x globex\npurpose: *x\n', 'without aliases'],
    [
      'aliases of aliases',
      `a: &a [x, x]\n${'bcdefghij'.replaceAll(/./g, (c) => `${c}: &${c} [*${String.fromCodePoint((c.codePointAt(0) ?? 0) - 1)}, *a]\n`)}`,
      'without aliases',
    ],
    ['a key that is a list', '? [a, b]\n: 3\n', 'is not known'],
    ['Latin 1', bytes(0x74, 0x3a, 0x20, 0xe9), 'is not UTF-8'],
    ['UTF-16', bytes(0xff, 0xfe, 0x74, 0), 'is not UTF-8'],
    ['escape sequences', 'tenant: "\\u001b[2J\\u202eevil"\n', '`tenant` cannot be'],
    ['more than a mebibyte', `purpose: ${'x'.repeat(1024 * 1024)}\n`, 'more than a demand has'],
    ['more than an agent may send', `purpose: ${'x'.repeat(300 * 1024)}\n`, 'at most'],
    ['nested deeply', `${'['.repeat(60)}${']'.repeat(60)}\n`, 'nested deeper than 32 levels'],
  ])('%s', async (_what, text, said) => {
    expect(flaws(await plan(text), 2, said)).toEqual([]);
  });

  test('that are not there, or no files', async () => {
    const folder = newFolder();
    expect(
      flaws(await berth(['plan', '-f', join(folder, 'no.yaml')], { home }), 2, 'no.yaml` (ENOENT)'),
    ).toEqual([]);
    expect(
      flaws(await berth(['plan', '-f', folder], { home }), 2, '(EISDIR)', 'pass a file that exists'),
    ).toEqual([]);
  });
});

describe('files that cannot be imported', () => {
  const kubernetes = JSON.stringify({
    kind: 'NodeList',
    apiVersion: 'v1',
    items: [{ kind: 'Node', metadata: { name: 'n1' } }],
  });
  const openb = 'sn,cpu_milli,memory_mib,gpu,model\nn1,32000,262144,8,G2\n';
  test.each([
    [
      'a source that there is not',
      'nagios',
      'x',
      'no source is called `nagios`',
      'inventory, kubernetes, nccl',
    ],
    ['nothing', 'kubernetes', '', 'is empty', ''],
    ['half a JSON file', 'kubernetes', kubernetes.slice(0, -4), '`evidence`', ''],
    ['binary', 'openb', 'PNG\u0000\u0001', 'is binary', 'text file'],
    ['gzip', 'kubernetes', Uint8Array.from([0x1f, 0x8b, 8, 0]), 'is gzip', 'gunzip'],
    ['not UTF-8', 'openb', Uint8Array.from([0x73, 0x6e, 0xff]), 'is not UTF-8', 'UTF-8'],
    [
      'openb as kubernetes',
      'kubernetes',
      openb,
      'looks like openb, not like kubernetes',
      'berth import openb',
    ],
    ['kubernetes as inventory', 'inventory', kubernetes, 'looks like kubernetes', 'berth import kubernetes'],
    [
      'a key that is not known',
      'inventory',
      'schema: berth/inventory/1\nsites: { a1: { contry: DE } }\n',
      'contry',
      'country',
    ],
    [
      'a number that cannot be',
      'inventory',
      'schema: berth/inventory/1\nsites: { a1: { leadTimeDays: -4 } }\n',
      'leadTimeDays',
      '',
    ],
    [
      'a node twice',
      'inventory',
      'schema: berth/inventory/1\nsites: { a1: { nodes: [{ names: [n1, n1] }] } }\n',
      'n1',
      '',
    ],
    ['words', 'openb', 'hello world\n', '`evidence`', ''],
  ])('%s', async (_what, source, text, what, fix) => {
    const file = join(newFolder(), 'evidence');
    writeFileSync(file, text);
    expect(flaws(await berth(['import', source, file, '--site', 'fra1'], { home }), 2, what, fix)).toEqual(
      [],
    );
  });

  test('above 100 MiB', async () => {
    const file = join(newFolder(), 'huge.csv');
    writeFileSync(file, Buffer.alloc(100 * 1024 * 1024 + 1, 'n'));
    expect(
      flaws(await berth(['import', 'openb', file], { home }), 2, '`huge.csv` has 101 MiB', 'split it'),
    ).toEqual([]);
  });

  test('that are not there, or folders', async () => {
    const folder = newFolder();
    mkdirSync(join(folder, 'nodes.json'));
    expect(
      flaws(await berth(['import', 'kubernetes', join(folder, 'nodes.json')], { home }), 2, '(EISDIR)'),
    ).toEqual([]);
    expect(
      flaws(await berth(['import', 'kubernetes', join(folder, 'none')], { home }), 2, '(ENOENT)'),
    ).toEqual([]);
  });

  test('a good file beside a bad one is not imported either', async () => {
    const folder = newFolder();
    const [good, bad] = [join(folder, 'good.csv'), join(folder, 'bad.csv')];
    writeFileSync(good, openb);
    writeFileSync(bad, openb.replace('32000', 'many'));
    expect(flaws(await berth(['import', 'openb', good, bad], { home }), 2, '`bad.csv` line 2')).toEqual([]);
  });
});

describe('who may', () => {
  test('somebody with one tenant is refused what concerns the others, and exits with 5', async () => {
    const mine = ['--tenant', 'acme'];
    for (const args of [
      ['plan', '-f', '-', ...mine],
      ['whatif', '--lose', 'r12', ...mine],
      ['drain', 'fra1-r12-n01', ...mine],
      ['tenants', 'add', 'new', ...mine],
    ])
      expect(flaws(await berth(args, { home, stdin: demand() }), 5, 'person:ada may not')).toEqual([]);
    const { stdout } = await berth(['contracts', '--json', ...mine], { home });
    expect(ContractList.parse(JSON.parse(stdout)).contracts.map(({ id }) => id)).toEqual(['C-101', 'C-105']);
    expect(flaws(await berth(['release', 'C-102', ...mine], { home }), 2, 'no contract `C-102`')).toEqual([]);
  });

  test('what the rules forbid exits with 5 as well, and says which', async () => {
    const { code, stdout } = await plan(demand({ tenant: 'acme', where: '[iad3]' }), '--json');
    const { refusal } = PlanResult.parse(JSON.parse(stdout));
    expect({ code, kind: refusal?.kind }).toEqual({ code: 5, kind: 'policy-denied' });
  });
});
