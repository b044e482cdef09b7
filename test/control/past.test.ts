import { expect, test } from 'vitest';

import { committed, type Desk, nowMs, openDesk, operator, wish } from './desk.ts';

const dayMs = 86_400_000;
const hourMs = 3_600_000;

/** Who held something in rack r12 for a minute from then on. */
async function holdersAt({ control }: Desk, fromMs: number): Promise<readonly string[]> {
  const filter = { within: 'fra1/h1/r12', fromMs, toMs: fromMs + 60_000, limit: 20 };
  const { nodes } = await control.searchNodes(operator, filter);
  return [...new Set(nodes.flatMap(({ contracts }) => contracts))];
}

async function wattsAt({ control }: Desk, atMs: number): Promise<number | undefined> {
  const { racks } = await control.summary(operator, { racks: true, atMs });
  return racks?.find(({ id }) => id === 'fra1/h1/r12')?.powerReservedW;
}

test('what was held long ago is shown, also when decisions have forgotten it', async () => {
  const desk = await openDesk();
  const { contract } = await committed(desk, wish({ start: '2026-11-25T09:00:00Z', hours: 2 }), 'key-one');
  if (contract === undefined) throw new Error('nothing was granted');
  const [watts, after] = [await wattsAt(desk, nowMs + hourMs), await wattsAt(desk, nowMs + 3 * hourMs)];
  desk.clock.atMs = nowMs + 9 * dayMs;
  await committed(desk, wish({ start: '2026-12-04T10:00:00Z', hours: 2, nodes: 2 }), 'key-two');
  expect(await holdersAt(desk, nowMs + hourMs)).toContain(contract.id);
  expect(await holdersAt(desk, nowMs + 3 * hourMs)).not.toContain(contract.id);
  expect(await wattsAt(desk, nowMs + hourMs)).toBe(watts);
  expect(await wattsAt(desk, nowMs + 3 * hourMs)).toBe(after);
  expect(watts).toBeGreaterThan(after ?? 0);
});
