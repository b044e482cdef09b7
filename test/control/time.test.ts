import { expect, test } from 'vitest';

import { clockAt } from '../../src/control/clock.ts';
import { createControl } from '../../src/control/create.ts';
import { isoIn } from '../../src/control/zone.ts';
import { BerthError } from '../../src/model/error.ts';
import { Tenant } from '../../src/model/tenant.ts';
import { lastEntry, committed, nowMs, openDesk, operator, planned, rejection, wish } from './desk.ts';

test.each([
  ['Europe/Berlin', '2026-12-01T01:00:00+01:00'],
  ['America/New_York', '2026-11-30T19:00:00-05:00'],
  ['Asia/Kolkata', '2026-12-01T05:30:00+05:30'],
  ['Pacific/Auckland', '2026-12-01T13:00:00+13:00'],
  ['UTC', '2026-12-01T00:00:00Z'],
])('a tenant in %s reads its own time, whatever the request was written in', async (zone, start) => {
  const desk = await openDesk();
  await desk.control.registerTenant(operator, Tenant.parse({ id: 'here', name: 'Here', zone }));
  const written = ['2026-12-01T00:00:00Z', '2026-12-01T01:00:00+01:00', '2026-11-30T17:15:00-06:45'];
  const plans = [];
  for (const at of written) plans.push(await planned(desk, wish({ tenant: 'here', start: at })));
  expect(plans.map((plan) => plan.start)).toEqual([start, start, start]);
  expect(new Set(plans.map(({ digest }) => digest)).size).toBe(1);
  const { contract } = await committed(desk, wish({ tenant: 'here', start: written[0] ?? '' }), 'key-one');
  expect(contract).toMatchObject({ start, zone, grantedAt: isoIn(nowMs, zone) });
});

test('over a change of the clocks hours are hours: 2 am on 28 March 2027 does not exist in Berlin', async () => {
  const desk = await openDesk();
  const plan = await planned(desk, wish({ tenant: 'acme', start: '2027-03-28T00:00:00+01:00', hours: 24 }));
  expect(plan).toMatchObject({ start: '2027-03-28T00:00:00+01:00', end: '2027-03-29T01:00:00+02:00' });
  expect(plan.price.totalMicroEur).toBe(8 * 24 * 2_950_000);
  const night = await planned(desk, wish({ tenant: 'acme', start: '2027-03-28T01:30:00+01:00', hours: 1 }));
  expect(night).toMatchObject({ start: '2027-03-28T01:30:00+01:00', end: '2027-03-28T03:30:00+02:00' });
  const autumn = await planned(desk, wish({ tenant: 'acme', start: '2027-10-31T02:30:00+02:00', hours: 1 }));
  expect(autumn).toMatchObject({ start: '2027-10-31T02:30:00+02:00', end: '2027-10-31T02:30:00+01:00' });
});

test('a clock that stands before the head of the ledger never takes time back', async () => {
  const desk = await openDesk();
  const change = await committed(desk, wish(), 'key-one');
  expect(change.snapshot.atMs).toBe(nowMs);
  desk.clock.atMs = Date.parse('2020-01-01T00:00:00Z');
  const late = await committed(desk, wish({ where: ['iad3'] }), 'key-two');
  expect(late.snapshot.atMs).toBe(nowMs);
  const entries = await desk.ledger.read(0, 100);
  const times = entries.map(({ atMs }) => atMs);
  expect(times).toEqual(times.toSorted((a, b) => a - b));
  expect(times.at(-1)).toBe(nowMs);
  expect(entries.at(-1)?.clock).toBe('set');
  expect(await desk.control.verify()).toMatchObject({ ok: true });
});

test('the clock of the machine is recorded as such', async () => {
  const desk = await openDesk();
  const wall = createControl({ ledger: desk.ledger, clock: { kind: 'system', nowMs: () => nowMs + 5 } });
  await committed({ control: wall }, wish(), 'key-one');
  expect((await desk.ledger.read(lastEntry, 1))[0]).toMatchObject({ clock: 'system', atMs: nowMs + 5 });
});

test.each([
  'garbage',
  '',
  '10:00+01:00',
  '2026-11-25',
  '2026-11-25T10:00:00',
  '2026-11-25 10:00:00+01:00',
  '2026-13-25T10:00:00Z',
  '2026-02-30T10:00:00Z',
  '1969-12-31T23:59:59Z',
  '2200-01-01T00:00:00Z',
  '+275760-09-13T00:00:00Z',
  '1795597200000',
])('`%s` is not an instant', (text) => {
  expect(() => clockAt(text)).toThrow(BerthError);
});

test('an instant means the same in whichever offset it is written', () => {
  const written = ['2026-11-25T10:00:00+01:00', '2026-11-25T09:00:00Z', '2026-11-25T09:00Z'];
  expect(written.map((text) => clockAt(text).nowMs())).toEqual(written.map(() => nowMs));
});

test('a window that ends after the last instant that can be written is refused', async () => {
  const { control } = await openDesk();
  const start = '2199-12-31T00:00:00Z';
  for (const demand of [
    wish({ start, hours: 24 }),
    {
      ...wish({ hours: 24 }),
      window: { earliestStart: '2030-01-01T00:00:00Z', latestStart: start, durationS: 86_400 },
    },
  ])
    expect(await rejection(control.plan(operator, demand))).toMatchObject({
      code: 'INVALID_INPUT',
      field: 'demand.window.durationS',
    });
});
