import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

import { expect, test, vi } from 'vitest';

import { ChangeResult } from '../../src/model/deed-view.ts';
import { PlanId } from '../../src/model/id.ts';
import { lastEntry, key, nodesOf, nowMs, openDesk, operator, planned, wish } from './desk.ts';

// Every test starts processes of its own, which take their time on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

const racerFile = fileURLToPath(new URL('racer.ts', import.meta.url));

/** Commits a plan in a process of its own, as soon as all of them are ready. */
async function race(home: string, plans: readonly PlanId[]): Promise<readonly ChangeResult[]> {
  const racers = plans.map((plan, i) =>
    spawn(process.execPath, [racerFile, join(home, 'ledger.db'), String(nowMs), plan, `race-key-${i}`]),
  );
  await Promise.all(racers.map(({ stdout }) => once(stdout, 'readable')));
  for (const { stdin } of racers) stdin.write('go\n');
  const said = await Promise.all(racers.map(({ stdout }) => text(stdout)));
  return said.map((lines) => ChangeResult.parse(JSON.parse(lines.replace('ready\n', ''))));
}

/** Of two that wanted the same node, one has it, and the other is told so and offered another. */
function expectOneWinner(changes: readonly ChangeResult[]): void {
  const won = changes.filter(({ decision }) => decision === 'committed');
  const lost = changes.filter(({ decision }) => decision === 'rejected');
  expect([won.length, lost.length]).toEqual([1, 1]);
  expect(won[0]?.contract?.id).toBe('C-106');
  expect(lost[0]?.refusal?.kind).toBe('plan-stale');
  expect(lost[0]?.refusal?.summary).toContain('is held by C-106');
  expect(nodesOf(lost[0]?.freshPlan)).toHaveLength(1);
}

test('of two processes that commit the same node at once exactly one gets it', async () => {
  const desk = await openDesk();
  const plans = [await planned(desk, wish()), await planned(desk, wish({ tenant: 'acme' }))];
  expect(nodesOf(plans[0])).toEqual(nodesOf(plans[1]));
  const before = await desk.control.head();
  const changes = await race(
    desk.home,
    plans.map(({ id }) => id),
  );
  expectOneWinner(changes);
  expect((await desk.control.head()).seq).toBe(before.seq + 1);
  expect(await desk.control.verify()).toMatchObject({ ok: true });
});

test('two processes that commit different nodes at once both get theirs', async () => {
  const desk = await openDesk();
  const plans = [await planned(desk, wish()), await planned(desk, wish({ where: ['iad3'] }))];
  const changes = await race(
    desk.home,
    plans.map(({ id }) => id),
  );
  expect(changes.map(({ decision }) => decision)).toEqual(['committed', 'committed']);
  expect(new Set(changes.map(({ contract }) => contract?.id))).toEqual(new Set(['C-106', 'C-107']));
  expect(await desk.control.verify()).toMatchObject({ ok: true });
});

test('of two controls in one process that commit the same node at once exactly one gets it', async () => {
  const one = await openDesk();
  const other = await openDesk(one.home);
  const plans = [await planned(one, wish()), await planned(other, wish({ tenant: 'acme' }))];
  const changes = await Promise.all(
    [one, other].map(({ control }, i) =>
      control.commit(operator, { plan: PlanId.parse(plans[i]?.id), idemKey: key(`race-key-${i}`) }),
    ),
  );
  expectOneWinner(changes);
  expect(await other.control.head()).toEqual(await one.control.head());
  expect(await one.control.verify()).toMatchObject({ ok: true });
});

test('one retry sent twice at once is done once', async () => {
  const one = await openDesk();
  const other = await openDesk(one.home);
  const { id } = await planned(one, wish());
  const changes = await Promise.all(
    [one, other, one, other].map(({ control }) =>
      control.commit(operator, { plan: id, idemKey: key('race-key') }),
    ),
  );
  expect(changes.map(({ contract }) => contract?.id)).toEqual(Array.from({ length: 4 }, () => 'C-106'));
  expect(changes.filter(({ replayed }) => replayed)).toHaveLength(3);
  expect((await one.control.head()).seq).toBe(lastEntry + 1);
});

test('whatever else is read at that moment, a commit is answered from a state that holds it', async () => {
  const desk = await openDesk();
  const days = Array.from({ length: 32 }, (_, i) => new Date(nowMs + (i + 1) * 86_400_000).toISOString());
  for (const [i, start] of days.entries()) {
    const { id } = await planned(desk, wish({ where: ['iad3'], start, nodes: 8, hours: 23 }));
    const commit = desk.control.commit(operator, { plan: id, idemKey: key(`race-key-${i}`) });
    // Each time the reading begins one step later inside the commit.
    for (let step = 0; step < i; step++) await Promise.resolve();
    const read = desk.control.contracts(operator, { limit: 1 });
    expect(await commit).toMatchObject({ decision: 'committed', contract: { id: `C-${106 + i}` } });
    expect((await read).total).toBeGreaterThanOrEqual(5 + i);
  }
  expect(await desk.control.verify()).toMatchObject({ ok: true, entries: lastEntry + days.length });
});
