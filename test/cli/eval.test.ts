import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';
import { z } from 'zod';

import { berth, newFolder } from './run.ts';

const few = ['--only', 'ops-release', '--no-paraphrases'];

test('the report names what failed, and every invariant held', { timeout: 60_000 }, async () => {
  const { code, stdout } = await berth(['eval', '--agent', 'noop', ...few]);
  expect(code).toBe(0);
  expect(stdout).toContain('failed ops-release-own\n  ended: none, wanted: C-105');
  expect(stdout).toContain('no invariant was broken');
  const gold = await berth(['eval', '--agent', 'gold', ...few]);
  expect(gold.stdout).not.toContain('failed');
});

test('a report is written in four forms, and two are compared', { timeout: 60_000 }, async () => {
  const folder = newFolder();
  for (const agent of ['gold', 'noop'])
    expect((await berth(['eval', '--agent', agent, ...few, '--out', join(folder, agent)])).code).toBe(0);
  const read = (name: string) => readFileSync(join(folder, 'noop', name), 'utf8');
  const report = z
    .looseObject({ agent: z.literal('noop'), figures: z.looseObject({ breaches: z.literal(0) }) })
    .parse(JSON.parse(read('report.json')));
  expect(report['schema']).toBe('berth/eval-report/2');
  expect(read('junit.xml')).toMatch(/<testsuite name="noop.ops" tests="\d+" failures="[1-9]\d*">/);
  expect(read('report.md')).toContain('| ops |');
  expect(read('report.html')).toContain("default-src 'none'");

  const files = ['gold', 'noop'].map((agent) => join(folder, agent, 'report.json'));
  const compared = await berth(['eval', 'compare', ...files]);
  expect(compared.stdout).toMatch(/noop passes -\d+\.\d % more than gold/);
  expect(compared.stdout).toContain('only gold: ops-release-own');
});

test('what an agent says cannot end the data of the page', async () => {
  const { html } = await import('../../evals/runner/report/html.ts');
  const { reportOf } = await import('../../evals/runner/report/report.ts');
  const report = reportOf('</script><script>alert(1)</script>', [], {
    runs: [],
    k: 1,
    seed: 0,
    lanes: 1,
    tookMs: 1,
  });
  expect(html(report).match(/<\/script>/g)).toHaveLength(2);
});

test('the tasks can be listed', async () => {
  const { stdout } = await berth(['eval', '--list', '--area', 'placement', '--json']);
  const rows = z
    .array(z.looseObject({ id: z.string(), area: z.literal('placement') }))
    .parse(JSON.parse(stdout));
  expect(rows.length).toBeGreaterThan(10);
});

test.each([
  [['--agent', 'bulitin'], 'there is no agent `bulitin`', 'use `builtin`'],
  [['--agent', 'mcp:'], 'there is no agent `mcp:`', 'mcp:COMMAND'],
  [['--area', 'poetry'], 'no task of', 'berth eval --list'],
  [['--k', '0', '--only', 'ops-release'], '`--k 0` is out of range', '1 to 100'],
])('%j is refused', async (args, message, fix) => {
  const { code, stderr } = await berth(['eval', ...args]);
  expect(code).toBe(2);
  expect(stderr).toContain(message);
  expect(stderr).toContain(fix);
});

test('what is no report is refused by name', async () => {
  const folder = newFolder();
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'report.json');
  writeFileSync(file, '{"schema":"berth/eval-report/2"}');
  const { code, stderr } = await berth(['eval', 'compare', file, join(folder, 'none.json')]);
  expect(code).toBe(2);
  expect(stderr).toContain(`\`${file}\` is not a report of this version of \`berth eval\``);
});

test('agents stand side by side, and what they have earned is promoted', { timeout: 120_000 }, async () => {
  const folder = newFolder();
  const report = (agent: string) => join(folder, agent, 'report.json');
  for (const agent of ['noop', 'gold'])
    await berth(['eval', '--agent', agent, ...few, '--k', '2', '--out', join(folder, agent)]);
  const table = await berth(['eval', 'agents', report('noop'), report('gold')]);
  expect(table.stdout).toContain('| area | noop | gold |');
  expect(table.stdout).toContain('| ops | 0.0 % / 0.0 % | 100.0 % / 100.0 % |');
  const list = join(folder, 'always.json');
  writeFileSync(list, JSON.stringify({ schema: 'berth/eval-always/1', agent: 'gold', tasks: {} }));
  const six = Array.from({ length: 6 }, () => report('gold'));
  const before = await berth(['eval', 'promote', ...six, '--list', list]);
  expect(before.stdout).toContain('7 reports are needed, here are 6');
  await berth(['eval', 'promote', ...six, report('gold'), '--list', list, '--write']);
  const { tasks } = z
    .object({ tasks: z.record(z.string(), z.string()) })
    .parse(JSON.parse(readFileSync(list, 'utf8')));
  expect(Object.keys(tasks)).toContain('ops-release-own');
  const other = await berth(['eval', 'promote', report('noop'), '--list', list]);
  expect(other.code).toBe(2);
  expect(other.stderr).toContain('the list is of `gold`');
});

test('a run that was stopped goes on, and is not made twice', { timeout: 120_000 }, async () => {
  const out = join(newFolder(), 'report');
  await berth(['eval', '--agent', 'noop', ...few, '--out', out]);
  const again = await berth(['eval', '--agent', 'noop', ...few, '--k', '2', '--out', out, '--resume']);
  expect(again.stderr).toMatch(/\d+ runs are there already/);
  const lines = readFileSync(join(out, 'runs.jsonl'), 'utf8').trim().split('\n');
  expect(new Set(lines).size).toBe(lines.length);
  const anew = await berth(['eval', '--agent', 'noop', ...few, '--out', out]);
  expect(anew.stderr).not.toContain('are there already');
});

test.each([
  [['--max-eur', '5'], '`--max-eur` needs to know what tokens cost'],
  [['--max-eur', '5', '--eur-per-million', 'cheap'], '`cheap` is no pair of prices'],
  [['--resume'], '`--resume` needs `--out`'],
  [['--lanes', '0'], '`--lanes 0` is out of range'],
  [['--record', 'x.jsonl'], 'only what a model says can be recorded'],
  [['--agent', 'replay:nowhere.jsonl'], 'is no recording of a model'],
])('%j is refused with what to do', async (options, why) => {
  const { code, stderr } = await berth(['eval', ...few, ...options]);
  expect(code).toBe(2);
  expect(stderr).toContain(why);
});
