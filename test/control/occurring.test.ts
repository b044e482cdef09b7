import { describe, expect, test } from 'vitest';

import type { OccurrenceFilter } from '../../src/control/occurring.ts';
import { Observation } from '../../src/model/fact.ts';
import { ContractId } from '../../src/model/id.ts';
import { type Desk, limitedTo, nowMs, openDesk, operator, rejection, retold } from './desk.ts';

const gpu = 'fra1/h1/r11/n01/gpu3';

/** Every GPU of a machine is scraped: those that nothing is said of are well. */
function withNeighbours(words: Readonly<Record<string, object>>): [string, object][] {
  const nodes = new Set(Object.keys(words).flatMap((subject) => subject.match(/^.+(?=\/gpu\d+$)/u) ?? []));
  const gpus = [...nodes].flatMap((node) => Array.from({ length: 8 }, (_, at) => `${node}/gpu${at}`));
  const others = Object.entries(words).filter(([subject]) => !gpus.includes(subject));
  return gpus.map((one): [string, object] => [one, { health: 'healthy', ...words[one] }]).concat(others);
}

/** What a scrape says of some devices, so many hours from now. */
async function scraped(
  { control }: Desk,
  hours: number,
  words: Readonly<Record<string, object>>,
): Promise<void> {
  const observation = Observation.parse({
    schema: 'berth/observation/1',
    source: 'prometheus',
    observedAtMs: nowMs + hours * 3_600_000,
    evidence: [],
    assumptions: [],
    facts: withNeighbours(words).map(([subject, set]) => ({
      kind: /gpu\d+$/u.test(subject) ? 'gpu' : 'node',
      subject,
      set,
      confidence: 'derived',
      origin: { file: 'metrics.txt', line: 7 },
    })),
    unknown: [],
  });
  await control.importObservation(operator, observation, false);
}

const find = ({ control }: Desk, filter: Partial<OccurrenceFilter> = {}, caller = operator) =>
  control.occurrences(caller, { limit: 50, ...filter });

async function ids(desk: Desk, filter: Partial<OccurrenceFilter> = {}, caller = operator): Promise<string[]> {
  return (await find(desk, filter, caller)).events.map(
    ({ kind, place, what }) => `${kind} ${place ?? ''} ${what}`,
  );
}

test('a fault is told with its source, its time and the contracts on it', async () => {
  const desk = await openDesk();
  await scraped(desk, 0, { [gpu]: { health: 'down', healthReason: 'XID 79: restart the machine' } });
  expect((await find(desk)).events).toEqual([
    {
      id: 'E-27.1',
      kind: 'fault',
      at: '2026-11-25T10:00:00+01:00',
      what: 'XID 79: restart the machine',
      severity: 'down',
      place: gpu,
      contracts: ['C-101'],
      said: {
        source: 'prometheus',
        observedAt: '2026-11-25T10:00:00+01:00',
        confidence: 'derived',
        file: 'metrics.txt',
        line: 7,
      },
      entry: 27,
    },
  ]);
});

describe('many', () => {
  async function busy(): Promise<Desk> {
    const desk = await openDesk();
    const bad = { health: 'down', healthReason: 'XID 79' };
    await scraped(desk, -2, { [gpu]: bad, 'fra1/h1/r12/n01/gpu0': { ...bad, healthReason: 'heat' } });
    await scraped(desk, -1, { [gpu]: { health: 'healthy' }, 'iad3/h1/c01/n02': { schedulable: false } });
    await scraped(desk, 0, { 'ams2/h1/a01/n01': bad });
    return desk;
  }

  test('stand the latest first, in pages that neither lose nor repeat any', async () => {
    const desk = await busy();
    const all = (await find(desk)).events.map(({ id }) => id);
    expect(all.length).toBeGreaterThan(3);
    const paged: string[] = [];
    for (let cursor: string | undefined; ;) {
      const page = await find(desk, { limit: 1, ...(cursor === undefined ? {} : { cursor }) });
      paged.push(...page.events.map(({ id }) => id));
      expect(page.total - all.length).toBe(paged.length === 1 ? 0 : 1);
      expect(page.truncated).toBe(page.nextCursor !== undefined);
      cursor = page.nextCursor;
      if (cursor === undefined) break;
      // What is told meanwhile is later than every page to come.
      if (paged.length === 1) await scraped(desk, 1, { 'edge-muc/n01': { schedulable: false } });
    }
    expect(paged).toEqual(all);
  });

  test.each<[string, Partial<OccurrenceFilter>, readonly string[]]>([
    ['a kind', { kind: 'thermal' }, ['thermal fra1/h1/r12/n01/gpu0 heat']],
    ['a site', { within: 'iad3' }, ['drain iad3/h1/c01/n02 it takes no new work']],
    ['a rack by its tail', { within: 'r11' }, [`fault ${gpu} XID 79`]],
    ['a node by its name', { within: 'fra1-r11-n01' }, [`fault ${gpu} XID 79`]],
    ['a device', { within: 'fra1-r11-n01/gpu3' }, [`fault ${gpu} XID 79`]],
    ['another device', { within: 'fra1-r11-n01/gpu4' }, []],
    ['a contract', { contract: ContractId.parse('C-102') }, ['thermal fra1/h1/r12/n01/gpu0 heat']],
    ['what is over by then', { kind: 'fault', fromMs: nowMs - 3_600_000 }, ['fault ams2/h1/a01/n01 XID 79']],
    ['what had begun', { kind: 'fault', toMs: nowMs - 3_600_000 }, [`fault ${gpu} XID 79`]],
  ])('are found by %s', async (_, filter, expected) => {
    expect(await ids(await busy(), filter)).toEqual(expected);
  });

  test('show nobody whose contracts they touch but those of its tenants', async () => {
    const desk = await busy();
    const touched = async (...tenants: string[]) =>
      (await find(desk, {}, limitedTo(...tenants))).events.flatMap(({ contracts }) => contracts);
    expect(await touched('acme')).toEqual(['C-101']);
    expect(await touched('globex')).toEqual(['C-102']);
    const other = find(desk, { contract: ContractId.parse('C-102') }, limitedTo('acme'));
    expect(await rejection(other)).toMatchObject({ code: 'NOT_FOUND' });
  });

  test('refuse what is no place, contract or cursor', async () => {
    const desk = await busy();
    expect(await rejection(find(desk, { within: 'fra9' }))).toMatchObject({
      code: 'NOT_FOUND',
      didYouMean: 'fra1',
    });
    expect(await rejection(find(desk, { cursor: 'before-1' }))).toMatchObject({ field: 'cursor' });
    expect(await rejection(find(desk, { contract: ContractId.parse('C-999') }))).toMatchObject({
      code: 'NOT_FOUND',
    });
  });
});

test('machines that the operator no longer lists are gone', async () => {
  const desk = await openDesk();
  const observation = retold({});
  const facts = observation.facts.filter(({ subject }) => !subject.startsWith('iad3/h1/c01/n04'));
  await desk.control.importObservation(operator, { ...observation, facts }, false);
  expect(await ids(desk, { kind: 'gone' })).toEqual(['gone iad3/h1/c01/n04 inventory no longer lists it']);
});

test('what another process has appended is there', async () => {
  const desk = await openDesk();
  const other = await openDesk(desk.home);
  expect(await ids(desk)).toEqual([]);
  await scraped(other, 0, { [gpu]: { health: 'degraded', healthReason: 'XID 48' } });
  const both = await Promise.all([ids(desk), ids(desk)]);
  expect(both).toEqual([[`fault ${gpu} XID 48`], [`fault ${gpu} XID 48`]]);
});
