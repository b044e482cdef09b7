import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';
import { z } from 'zod';

import { berth } from '../cli/run.ts';
import { nodeHeader, podHeader, traceFolder } from './trace.ts';

const Report = z.looseObject({
  alloc: z.record(z.string(), z.number().nullable()),
  powerW: z.record(z.string(), z.int().nullable()).nullable(),
  gpuPowerW: z.record(z.string(), z.number().nullable()).nullable(),
  leastPowerW: z.record(z.string(), z.int().nullable()).nullable(),
  fgd: z
    .strictObject({
      alloc: z.record(z.string(), z.number().nullable()),
      powerW: z.record(z.string(), z.int().nullable()).nullable(),
      gpuPowerW: z.record(z.string(), z.number().nullable()).nullable(),
    })
    .nullable(),
  failed: z.int(),
  usedMilli: z.int(),
  decisionCount: z.int(),
  decisionsPerSecond: z.int(),
  us: z.object({ mean: z.number(), p50: z.number(), p99: z.number(), p999: z.number() }),
  scanRatio: z.number(),
  contracts: z
    .strictObject({
      alloc: z.record(z.string(), z.number().nullable()),
      failed: z.int(),
      usedMilli: z.int(),
      decisionsPerSecond: z.int(),
      us: z.looseObject({ p50: z.number() }),
      digest: z.string(),
    })
    .nullable(),
  digest: z.string(),
  order: z.string(),
  nodeCount: z.int(),
  gpuCount: z.int(),
});

const run = (...args: readonly string[]) => berth(['bench', 'openb', ...args]);

async function report(...args: readonly string[]) {
  const ran = await run(...args, '--json');
  expect(ran.stderr).toBe('');
  return Report.parse(JSON.parse(ran.stdout));
}

/** Requests 0, 3, 6, 5, 4, 1, 2 and then 3 again; nodes win ties backwards. */
const orders = JSON.stringify([
  { seed: 7, pods: [0, 3, 6, 5, 4, 1, 2, 3, 6, 6], nodePerm: [3, 2, 1, 0] },
  { seed: 8, pods: [0], nodePerm: [0, 1, 2, 3] },
]);

describe('berth bench openb', () => {
  test('places what fits, counts what does not, and writes every decision', async () => {
    const folder = traceFolder({ 'orders.json': orders });
    const placements = join(folder, 'out.csv');
    const files = ['--data', folder, '--orders', join(folder, 'orders.json'), '--placements', placements];
    const found = await report(...files, '--seed', '7', '--policy', 'bestfit');
    const text = readFileSync(placements, 'utf8');
    const lines = text.trimEnd().split('\n');
    expect(lines[0]).toBe('index,node,gpus');
    expect(lines).toHaveLength(11);
    // Least left over first: n-2 before n-1 by rank, then what stands on them.
    expect(lines[1]).toBe('0,n-2,0');
    expect(lines[2]).toBe('1,n-1,0 1');
    expect(lines[3]).toBe('2,n-4,0 1 2 3');
    expect(lines.at(-1)).toBe('9,-,-');
    expect(found).toMatchObject({ decisionCount: 10, order: 'from-file', nodeCount: 4, gpuCount: 12 });
    expect(found.failed).toBe(lines.filter((line) => line.endsWith(',-,-')).length);
    expect(found.digest).toBe(`sha256:${createHash('sha256').update(text).digest('hex')}`);
    // When 10,830 of 12,000 GPU milli were asked for, all but the 330 on a T4 were in use. No request fell on 95 %.
    expect(found.alloc).toEqual({ 90: 87.5, 95: null, 100: null, 110: null, 120: null, 130: null });
  });

  test('gives the same decisions every time, and other ones for another seed', async () => {
    const folder = traceFolder();
    const [first, again, other] = [
      await report('--data', folder, '--seed', '1'),
      await report('--data', folder, '--seed', '1'),
      await report('--data', folder, '--seed', '2'),
    ];
    expect(again.digest).toBe(first.digest);
    expect(other.digest).not.toBe(first.digest);
    expect(first.order).toBe('drawn');
  });

  test('a scale repeats nodes under names of their own, and the arrivals', async () => {
    const folder = traceFolder();
    const placements = join(folder, 'out.csv');
    const one = await report('--data', folder);
    const three = await report('--data', folder, '--scale', '3', '--placements', placements);
    expect(three).toMatchObject({ decisionCount: 3 * one.decisionCount, nodeCount: 12, gpuCount: 36 });
    expect(readFileSync(placements, 'utf8')).toMatch(/,n-\d\.[23],/);
  });

  test('the same requests as contracts: as many fit, and asked twice they stand where they stood', async () => {
    const folder = traceFolder({ 'orders.json': orders });
    const files = ['--data', folder, '--orders', join(folder, 'orders.json'), '--seed', '7'];
    const [plain, first, again] = [
      await report(...files),
      await report(...files, '--contracts'),
      await report(...files, '--contracts'),
    ];
    expect(plain.contracts).toBeNull();
    expect(first.digest).toBe(plain.digest);
    expect(first.contracts?.digest).toBe(again.contracts?.digest);
    expect(first.contracts).toMatchObject({ failed: plain.failed, usedMilli: plain.usedMilli });
    expect((await run(...files, '--contracts')).stdout).toContain(
      `as contracts ${plain.failed} requests failed`,
    );
  });

  test.each(['default', 'power', 'fgd', 'bestfit', 'packing', 'clustering', 'dotprod'])(
    'knows the policy %s',
    async (policy) => {
      const found = await report('--data', traceFolder(), '--policy', policy);
      expect(found.usedMilli).toBeGreaterThan(6000);
    },
  );

  test('says what the fleet draws, to the watt, beside what it draws under fgd', async () => {
    const folder = traceFolder({
      'openb_pod_list_halves.csv': [podHeader, 'p,2000,1,1,600,,,,,,', 'q,2000,1,1,600,,,,,,'].join('\n'),
      'orders.json': JSON.stringify([{ seed: 7, pods: [0, 1, 0, 1, 0, 1, 0, 1], nodePerm: [0, 1, 2, 3] }]),
    });
    const files = ['--data', folder, '--orders', join(folder, 'orders.json'), '--seed', '7'];
    const args = [...files, '--list', 'halves', '--policy'];
    const bestfit = await report(...args, 'bestfit');
    // 40 % are asked for by 8 requests on 8 GPUs: both pairs (n-1: 2 T4, n-2: 2 A10), and of n-3 all 4 A10, which best
    // fit prefers to n-4 by rank. 6 A10 and 2 T4 in use, 4 T4 idle; a socket each of n-1, n-2 and n-3, none of n-4.
    expect(bestfit.powerW).toEqual({
      20: 2 * 150 + 2 * 70 + 4 * 30 + 4 * 10 + 2 * 120 + 2 * 15,
      40: 6 * 150 + 2 * 70 + 4 * 10 + 3 * 120 + 15,
      60: null,
      80: null,
      100: null,
    });
    // Of the 12 GPUs, 2.4 are in use then, and 4.8.
    expect(bestfit.gpuPowerW).toEqual({ 20: 362.5, 40: 303.1, 60: null, 80: null, 100: null });
    // At the first request of each column, 4 and 8 of them stood there. They need GPUs of their own: 4 and 6 T4, then 2
    // A10; and 8 and 16 CPUs of sockets that are full. All idle: 6 T4, 6 A10, 4 sockets.
    const idleW = 6 * 10 + 6 * 30 + 4 * 15;
    expect(bestfit.leastPowerW).toEqual({
      20: idleW + 4 * 60 + 27,
      40: idleW + 6 * 60 + 2 * 120 + 53,
      60: null,
      80: null,
      100: null,
    });
    const fgd = await report(...args, 'fgd');
    expect(fgd.fgd).toBeNull();
    expect(bestfit.fgd).toEqual({ alloc: fgd.alloc, powerW: fgd.powerW, gpuPowerW: fgd.gpuPowerW });
    const { stdout } = await run(...args, 'power');
    expect(stdout).toMatch(/^power under fgd, kW +0\.\d +1\.\d +–/m);
    expect(stdout).toMatch(/^bound below any, kW +0\.\d +1\.\d +–/m);
    expect(stdout).toMatch(/^bound of what is saved, % +\d+\.\d +\d+\.\d +–/m);
    expect(stdout).toMatch(/^saved a GPU in use, % +-?\d+\.\d +-?\d+\.\d +–/m);
  });

  test('the policy that saves power is told how much watts weigh; half of the score where it is not', async () => {
    const folder = traceFolder();
    const power = (...args: readonly string[]) => report('--data', folder, '--policy', 'power', ...args);
    const [usual, half, none] = [
      await power(),
      await power('--power-weight', '500'),
      await power('--power-weight', '0'),
    ];
    expect(half.digest).toBe(usual.digest);
    expect(none.digest).not.toBe(usual.digest);
  });

  test('a list without the column of models is one that names none', async () => {
    const rows = ['cpu_milli,memory_mib,num_gpu,gpu_milli', '4000,8192,1,1000', '2000,4096,1,500'];
    const folder = traceFolder({ 'openb_pod_list_few.csv': rows.join('\n') });
    expect(await report('--data', folder, '--list', 'few')).toMatchObject({ list: 'few', nodeCount: 4 });
  });

  test('without the draw of a GPU there is no figure for power, and no policy that saves it', async () => {
    const nodeList = [nodeHeader, 'n-1,16000,65536,2,H900', 'n-2,16000,65536,2,T4'].join('\n');
    const folder = traceFolder({ 'openb_node_list_all_node.csv': nodeList });
    expect(await report('--data', folder)).toMatchObject({
      powerW: null,
      gpuPowerW: null,
      leastPowerW: null,
      fgd: { powerW: null, gpuPowerW: null },
    });
    expect((await run('--data', folder)).stdout).not.toContain('kW');
    const ran = await run('--data', folder, '--policy', 'power');
    expect(ran).toMatchObject({ code: 2, stdout: '' });
    expect(ran.stderr).toContain('`H900` draws is not known');
  });

  test('prints a table with the published figures beside', async () => {
    const anchors = JSON.stringify({
      note: 'made up',
      variants: { default: { FGD: { allocMean: { 90: 12.345 }, perSeedAlloc: { 7: { 90: 54.3 } } } } },
    });
    const folder = traceFolder({ 'anchors.json': anchors, 'orders.json': orders });
    const drawn = (await run('--data', folder)).stdout;
    expect(drawn).toContain('order of arrivals: drawn by berth');
    expect(drawn).toMatch(/^published FGD, mean +12\.3[45] +–/m);
    const given = (await run('--data', folder, '--orders', join(folder, 'orders.json'), '--seed', '7'))
      .stdout;
    expect(given).toContain('order of arrivals: from the file');
    expect(given).toMatch(/^published FGD +54\.30 +–/m);
  });
});

describe('what cannot be replayed is refused with what to do', () => {
  test.each<
    readonly [
      what: string,
      changed: Readonly<Record<string, string | undefined>>,
      args: readonly string[],
      says: string,
    ]
  >([
    ['no node list', { 'openb_node_list_all_node.csv': undefined }, [], 'github.com/alibaba/clusterdata'],
    ['an unknown list', {}, ['--list', 'nope'], 'openb_pod_list_nope.csv'],
    ['an unknown policy', {}, ['--policy', 'defualt'], 'did you mean `default`'],
    [
      'more watts than all',
      {},
      ['--policy', 'power', '--power-weight', '1001'],
      'more than 1000 thousandths',
    ],
    ['watts in another policy', {}, ['--power-weight', '10'], 'not for the policy `default`'],
    ['a scale of nothing', {}, ['--scale', '0'], 'not from 1 to 100'],
    ['a share of two GPUs', lists('p,1,1,2,500,,,,,,'), [], 'line 2: `gpu_milli` is 500 for 2 GPUs'],
    ['a GPU of nothing', lists('p,1,1,1,0,,,,,,'), [], 'line 2: `gpu_milli` is 0 for 1 GPUs'],
    ['a fraction', lists('p,1.5,1,0,0,,,,,,'), [], 'line 2: `cpu_milli` is `1.5`'],
    ['a number without end', lists(`p,${'9'.repeat(40)},1,0,0,,,,,,`), [], '`cpu_milli`'],
    ['a broken line', lists('p,1'), [], 'not well-formed CSV'],
    ['an empty list', lists(), [], 'it lists no request'],
    ['another table', { 'openb_pod_list_default.csv': 'a,b\n1,2' }, [], 'the column `cpu_milli` is missing'],
    ['a node twice', nodes('n,1,1,1,T4', 'n,1,1,1,T4'), [], 'node `n` is listed twice'],
    ['nodes without GPUs', nodes('n,1,1,0,'), [], 'it lists no node with a GPU'],
    ['too many GPUs', nodes('n,1,1,33,T4'), [], '`gpu` is `33`'],
    ['orders that are none', { o: '{}' }, ['--orders', 'o'], 'orders'],
    ['orders in no JSON', { o: '[' }, ['--orders', 'o'], 'it is not JSON'],
    ['a seed without an order', { o: orders }, ['--orders', 'o', '--seed', '9'], 'use one of the seeds 7, 8'],
    [
      'orders of another list',
      { o: '[{"seed":7,"pods":[7],"nodePerm":[0,1,2,3]}]' },
      ['--orders', 'o', '--seed', '7'],
      'the list of 7 does not have',
    ],
    [
      'orders of another fleet',
      { o: '[{"seed":7,"pods":[0],"nodePerm":[0,1,1,3]}]' },
      ['--orders', 'o', '--seed', '7'],
      'does not rank the 4 nodes',
    ],
    ['anchors that are none', { 'anchors.json': '[]' }, [], '`anchors.json`'],
    ['a file that cannot be written', {}, ['--placements', '/dev/null/x'], 'cannot write'],
  ])('%s', async (_, changed, args, says) => {
    const folder = traceFolder(changed);
    const ran = await run('--data', folder, ...args.map((arg) => (arg === 'o' ? join(folder, 'o') : arg)));
    expect(ran).toMatchObject({ code: 2, stdout: '' });
    expect(ran.stderr).toContain(says);
    expect(ran.stderr).toMatch(/^berth: .+\n {2}\S.+\n$/);
  });

  test('without a folder it says where the trace is published', async () => {
    const ran = await run();
    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain('clusterdata');
    expect(ran.stderr).toContain('cluster-trace-gpu-v2023');
  });

  test('text from files does not reach the terminal raw', async () => {
    const ran = await run('--data', traceFolder(lists('p,\u001b[31m,1,0,0,,,,,,')));
    expect(ran.stderr).not.toContain('\u001b');
  });
});

const published = process.env['BERTH_OPENB'];

describe.skipIf(published === undefined)(
  'the openb trace itself (skipped unless BERTH_OPENB names its folder, with orders/default.json and the reference)',
  { timeout: 120_000 },
  () => {
    const folder = published ?? '';
    const orders42 = ['--data', folder, '--orders', join(folder, 'orders', 'default.json'), '--seed', '42'];

    test('fgd makes every decision of the integer reference', async () => {
      const placements = join(traceFolder(), 'out.csv');
      const found = await report(...orders42, '--policy', 'fgd', '--placements', placements);
      expect(readFileSync(placements, 'utf8')).toBe(
        readFileSync(join(folder, 'reference-fgdi-seed42.csv'), 'utf8'),
      );
      expect(found).toMatchObject({ usedMilli: 5_919_410, failed: 2532, decisionCount: 10_866 });
    });

    test('the other published policies use as much of the GPUs as published', async () => {
      expect(existsSync(join(folder, 'anchors.json'))).toBe(true);
      for (const [policy, at100, at130] of [
        ['bestfit', 92.94, 93.13],
        ['packing', 91.37, 91.57],
        ['clustering', 91.33, 91.53],
        ['dotprod', 90.34, 90.54],
      ] as const) {
        const { alloc } = await report(...orders42, '--policy', policy);
        expect(alloc['100']).toBeCloseTo(at100, 1);
        expect(alloc['130']).toBeCloseTo(at130, 1);
      }
    });

    test('the default policy is not behind fgd anywhere', async () => {
      const [own, fgd] = [await report(...orders42), await report(...orders42, '--policy', 'fgd')];
      for (const column of ['90', '95', '100', '130'])
        expect(own.alloc[column] ?? 0).toBeGreaterThanOrEqual((fgd.alloc[column] ?? 100) - 0.1);
    });
  },
);

function lists(...rows: readonly string[]): Record<string, string> {
  return { 'openb_pod_list_default.csv': [podHeader, ...rows].join('\n') };
}

function nodes(...rows: readonly string[]): Record<string, string> {
  return { 'openb_node_list_all_node.csv': [nodeHeader, ...rows].join('\n') };
}
