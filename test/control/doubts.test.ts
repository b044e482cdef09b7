import { describe, expect, test } from 'vitest';

import type { Control } from '../../src/control/control.ts';
import { Unknown } from '../../src/model/fact.ts';
import { type Line, said } from '../core/inventory/identity/said.ts';
import { nowMs, openDesk, operator, planned, rejection, wish } from './desk.ts';

const path = 'fra1/h1/r12/n03';
const hour = 3_600_000;

/** The demo world, and what another source says about one of its nodes. */
async function withWord(set: object, { source = 'slurm' as const, agoMs = 0 } = {}): Promise<Control> {
  const { control } = await openDesk();
  const line: Line = ['node', 'unplaced/fra1-r12-n03', { hostName: 'fra1-r12-n03', ...set }];
  await control.importObservation(operator, said(source, [line], { observedAtMs: nowMs - agoMs }), false);
  return control;
}

describe('conflicts', () => {
  test('show every word with file and line, the one that is used first', async () => {
    const control = await withWord({ cpuMilli: 1000 });
    const { conflicts, total } = await control.conflicts({ limit: 50 });
    expect(total).toBe(1);
    expect(conflicts[0]).toMatchObject({ subject: path, kind: 'node', attribute: 'cpuMilli' });
    expect(conflicts[0]?.values.map(({ source, used, value }) => [source, used, value])).toEqual([
      ['slurm', true, '1000'],
      ['inventory', false, '224000'],
    ]);
    expect(conflicts[0]?.values[0]).toMatchObject({
      file: 'slurm.txt',
      line: 1,
      stale: false,
      confidence: 'stated',
    });
  });

  test('are those of a place', async () => {
    const control = await withWord({ cpuMilli: 1000 });
    expect((await control.conflicts({ within: 'r12', limit: 50 })).total).toBe(1);
    expect((await control.conflicts({ within: 'fra1/h1/r11', limit: 50 })).total).toBe(0);
    const unknown = await rejection(control.conflicts({ within: 'nowhere', limit: 50 }));
    expect(unknown.code).toBe('NOT_FOUND');
  });

  test('come page by page', async () => {
    const control = await withWord({ cpuMilli: 1000, memoryMib: 1, storageGib: 1 });
    const all = await control.conflicts({ limit: 50 });
    expect(all).toMatchObject({ truncated: false });
    const [first, second] = [
      await control.conflicts({ limit: 1 }),
      await control.conflicts({ limit: 50, cursor: 'at-1' }),
    ];
    expect(first).toMatchObject({ truncated: true, nextCursor: 'at-1', total: all.total });
    expect([...first.conflicts, ...second.conflicts]).toEqual(all.conflicts);
  });
});

test('what sources left open is listed with the source and its place', async () => {
  const { control } = await openDesk();
  const gap = Unknown.parse({
    subject: 'unplaced/fra1-r12-n03',
    attribute: 'health',
    why: 'no probe',
    origin: { file: 'a.txt', line: 7 },
  });
  const line: Line = ['node', 'unplaced/fra1-r12-n03', { hostName: 'fra1-r12-n03' }];
  await control.importObservation(operator, { ...said('slurm', [line]), unknown: [gap] }, false);
  const { unknown } = await control.unknowns({ within: 'r12', limit: 50 });
  expect(unknown).toMatchObject([
    { subject: path, attribute: 'health', why: 'no probe', source: 'slurm', file: 'a.txt', line: 7 },
  ]);
  expect((await control.unknowns({ within: 'fra1/h1/r11', limit: 50 })).total).toBe(0);
});

describe('provenance', () => {
  test('tells who says what about a node, used or not', async () => {
    const control = await withWord({ cpuMilli: 1000, serial: 'S3' });
    const { subjects } = await control.provenance({ within: 'fra1-r12-n03', limit: 50 });
    const node = subjects.find(({ id }) => id === path);
    const wordsOn = (name: string) => node?.attributes.find((attribute) => attribute.name === name)?.said;
    expect(wordsOn('serial')).toMatchObject([{ value: '"S3"', source: 'slurm', used: true }]);
    expect(wordsOn('cpuMilli')?.map(({ used }) => used)).toEqual([true, false]);
  });

  test('says what is too old to rely on', async () => {
    const control = await withWord({ health: 'degraded' }, { agoMs: 2 * hour });
    const { subjects } = await control.provenance({ within: path, limit: 50 });
    const health = subjects[0]?.attributes.find(({ name }) => name === 'health');
    expect(health?.said.find(({ source }) => source === 'slurm')).toMatchObject({ stale: true });
  });
});

async function assumptionsOf(control: Control): Promise<readonly string[]> {
  return (await planned({ control }, wish({ where: [path] }))).assumptions;
}

describe('a plan says what it rests on', () => {
  test('where sources contradict each other', async () => {
    const control = await withWord({ cpuMilli: 1000 });
    expect(await assumptionsOf(control)).toContainEqual(
      expect.stringMatching(
        /^rests on cpuMilli of fra1\/h1\/r12\/n03, 1000 by slurm, which others contradict: \d+ by inventory$/u,
      ),
    );
  });

  test('where a word is too old', async () => {
    const control = await withWord({ measuredW: 100 }, { agoMs: 2 * hour });
    expect(await assumptionsOf(control)).toContainEqual(
      expect.stringMatching(
        /^rests on measuredW of fra1\/h1\/r12\/n03, 100 by slurm, which is too old to rely on$/u,
      ),
    );
  });

  test('and not where the doubt is about another node, or about what only people read', async () => {
    const control = await withWord({ machine: 'another box' });
    expect((await assumptionsOf(control)).filter((text) => text.startsWith('rests on'))).toEqual([]);
  });
});
