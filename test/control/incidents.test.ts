import * as fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';

import { demoSeal } from '../../src/control/demo-key.ts';
import { dutiesOf } from '../../src/control/incidents.ts';
import { isoIn } from '../../src/control/zone.ts';
import { factBody, GovernanceFact } from '../../src/model/governance-fact.ts';
import { ContractId } from '../../src/model/id.ts';
import { dayMs } from '../../src/model/unit.ts';
import { type Desk, key, lastEntry, limitedTo, nowMs, openDesk, operator } from './desk.ts';
import { person } from './people.ts';

vi.setConfig({ testTimeout: 60_000 });

const berlin = 'Europe/Berlin';
const ms = (iso: string) => Date.parse(iso);

describe('24 and 72 hours after the entity became aware', () => {
  test.each([
    ['2026-11-25T10:00:00+01:00', '2026-11-26T10:00:00+01:00', '2026-11-28T10:00:00+01:00'],
    // Hours are hours when clocks go forward, and back.
    ['2026-03-28T12:00:00+01:00', '2026-03-29T13:00:00+02:00', '2026-03-31T13:00:00+02:00'],
    ['2026-10-24T12:00:00+02:00', '2026-10-25T11:00:00+01:00', '2026-10-27T11:00:00+01:00'],
    ['2026-12-30T23:59:59+01:00', '2026-12-31T23:59:59+01:00', '2027-01-02T23:59:59+01:00'],
    ['2028-02-28T08:00:00+01:00', '2028-02-29T08:00:00+01:00', '2028-03-02T08:00:00+01:00'],
  ])('%s', (aware, warning, notification) => {
    const duties = dutiesOf({ awareMs: ms(aware) }, { nowMs, zone: berlin });
    expect(isoIn(duties.earlyWarning.dueMs, berlin)).toBe(warning);
    expect(isoIn(duties.notification.dueMs, berlin)).toBe(notification);
  });
});

/** The last moment of the final report on what was notified then, in the same zone. */
function due(notified: string, zone: string): string {
  const dates = { awareMs: ms(notified) - 3_600_000, notifiedMs: ms(notified) };
  return isoIn(dutiesOf(dates, { nowMs, zone }).finalReport.dueMs, zone);
}

describe('one month after the notification', () => {
  test.each([
    ['a plain one', '2026-11-15T10:00:00+01:00', '2026-12-15T10:00:00+01:00'],
    ['over the year', '2026-12-31T10:00:00+01:00', '2027-01-31T10:00:00+01:00'],
    ['into a shorter month', '2027-01-31T10:00:00+01:00', '2027-02-28T10:00:00+01:00'],
    ['into February of a leap year', '2028-01-30T10:00:00+01:00', '2028-02-29T10:00:00+01:00'],
    ['from the last day of a short month', '2027-02-28T10:00:00+01:00', '2027-03-28T10:00:00+02:00'],
    ['into a month of 30 days', '2026-08-31T23:30:00+02:00', '2026-09-30T23:30:00+02:00'],
    ['over the clock change', '2026-10-10T09:00:00+02:00', '2026-11-10T09:00:00+01:00'],
    ['to an hour that the clocks leave out', '2027-02-28T02:30:00+01:00', '2027-03-28T03:30:00+02:00'],
  ])('%s', (_, notified, report) => {
    expect(due(notified, berlin)).toBe(report);
  });

  test('is counted in the zone of the entity: the same instant is another day elsewhere', () => {
    const notified = '2027-02-01T00:30:00+01:00';
    expect(due(notified, berlin)).toBe('2027-03-01T00:30:00+01:00');
    expect(due(notified, 'America/New_York')).toBe('2027-02-28T18:30:00-05:00');
    expect(due(notified, 'UTC')).toBe('2027-02-28T23:30:00Z');
  });

  test('while there is none, after the last hour for it', () => {
    const { finalReport } = dutiesOf({ awareMs: ms('2027-01-28T09:00:00+01:00') }, { nowMs, zone: berlin });
    expect(isoIn(finalReport.dueMs, berlin)).toBe('2027-02-28T09:00:00+01:00');
  });

  test('is 28 to 31 days, give or take the hour of a clock change, wherever and whenever', () => {
    const zone = fc.constantFrom(berlin, 'UTC', 'America/New_York', 'Pacific/Chatham', 'Asia/Kolkata');
    const at = fc.integer({ min: ms('2020-01-01T00:00:00Z'), max: ms('2040-01-01T00:00:00Z') });
    fc.assert(
      fc.property(at, zone, (notifiedMs, where) => {
        const { finalReport } = dutiesOf({ awareMs: notifiedMs, notifiedMs }, { nowMs, zone: where });
        const days = (finalReport.dueMs - notifiedMs) / dayMs;
        expect(days).toBeGreaterThanOrEqual(28 - 1 / 24);
        expect(days).toBeLessThanOrEqual(31 + 1 / 24);
      }),
      { seed: 23, numRuns: 500 },
    );
  });
});

describe('how a duty stands', () => {
  const awareMs = nowMs - dayMs;
  const dueMs = nowMs;
  test.each([
    ['open at the last millisecond', dueMs, undefined, 'open'],
    ['overdue after it', dueMs + 1, undefined, 'overdue'],
    ['done at the last millisecond', dueMs + 9, dueMs, 'in-time'],
    ['done after it', dueMs + 9, dueMs + 1, 'late'],
  ])('%s', (_, at, warnedMs, state) => {
    const { earlyWarning } = dutiesOf({ awareMs, warnedMs }, { nowMs: at, zone: berlin });
    expect(earlyWarning).toEqual({ dueMs, doneMs: warnedMs, state });
  });
});

describe('the export of incidents', () => {
  const subject = 'incident:acme/2026-11-db';

  test('shows what is due and what was done, in the zone of the tenant', async () => {
    const desk = await openDesk();
    await record(desk, subject, { awareAt: '2026-11-24T08:00:00Z', earlyWarningAt: '2026-11-24T20:00:00Z' });
    expect(await rows(desk)).toEqual([
      {
        incident: 'acme/2026-11-db',
        entity: 'acme',
        awareAt: '2026-11-24T09:00:00+01:00',
        earlyWarningDue: '2026-11-25T09:00:00+01:00',
        earlyWarningAt: '2026-11-24T21:00:00+01:00',
        earlyWarning: 'in-time',
        notificationDue: '2026-11-27T09:00:00+01:00',
        notification: 'open',
        finalReportDue: '2026-12-27T09:00:00+01:00',
        finalReport: 'open',
        missing: [`${subject} significant`],
      },
    ]);
    desk.clock.atMs = ms('2026-11-28T10:00:00+01:00');
    await record(desk, subject, { notifiedAt: '2026-11-28T09:00:00+01:00' });
    expect(await rows(desk)).toMatchObject([
      { notification: 'late', finalReportDue: '2026-12-28T09:00:00+01:00', finalReport: 'open' },
    ]);
    expect(await desk.control.verify()).toMatchObject({ ok: true });
  });

  test('asks for nothing where a person has concluded that it is not significant, and only a person may', async () => {
    const desk = await openDesk();
    await record(desk, subject, { awareAt: '2026-11-24T08:00:00Z' });
    const unsigned = await record(desk, subject, { significant: false });
    expect(unsigned.refusal?.summary).toContain('is signed by the person who draws it');
    const conclusion = fact(subject, 'significant', false);
    const signed = demoSeal(person('rita').principal, factBody(conclusion));
    const facts = [{ ...conclusion, signed }];
    const { decision } = await desk.control.recordFacts(operator, { facts, idemKey: key('signed-1') });
    expect(decision).toBe('recorded');
    expect(await rows(desk)).toEqual([
      {
        incident: 'acme/2026-11-db',
        entity: 'acme',
        isSignificant: false,
        awareAt: '2026-11-24T09:00:00+01:00',
        missing: [],
      },
    ]);
  });

  test('is of tenants that the caller may act for, or of contracts', async () => {
    const desk = await openDesk();
    for (const tenant of ['globex', 'acme', 'initech-bank'])
      await record(desk, `incident:${tenant}/one`, { awareAt: '2026-11-24T08:00:00Z' });
    const entities = async (caller = operator, contracts?: readonly ContractId[]) =>
      (await rows(desk, caller, contracts)).map(({ entity }) => entity);
    expect(await entities()).toEqual(['acme', 'globex', 'initech-bank']);
    expect(await entities(limitedTo('globex'))).toEqual(['globex']);
    const [contract] = (await desk.control.contracts(limitedTo('acme'), { limit: 1 })).contracts;
    expect(await entities(operator, [ContractId.parse(contract?.id)])).toEqual(['acme']);
  });

  test('says what is missing when a fact has expired, and drops what was taken back whole', async () => {
    const desk = await openDesk();
    await record(desk, subject, { awareAt: '2026-11-24T08:00:00Z' }, { expiresAtMs: nowMs + 1000 });
    desk.clock.atMs = nowMs + 1000;
    expect(await rows(desk)).toEqual([
      {
        incident: 'acme/2026-11-db',
        entity: 'acme',
        missing: [`${subject} awareAt`, `${subject} significant`],
      },
    ]);
    await desk.control.retractFact(operator, {
      subject: fact(subject, 'awareAt', '').subject,
      attribute: 'awareAt',
      reason: 'a false alarm',
      idemKey: key('false-1'),
    });
    expect(await rows(desk)).toEqual([]);
  });

  test.each([
    ['an instant that is still to come', subject, '2026-11-25T10:00:01+01:00', 'lies in the future'],
    ['a day that there is not', subject, '2026-02-30T08:00:00Z', 'is an instant with an offset'],
    ['no offset', subject, '2026-11-24T08:00:00', 'is an instant with an offset'],
    ['a day', subject, '2026-11-24', 'is an instant with an offset'],
    ['an incident of nobody', 'incident:acme', '2026-11-24T08:00:00Z', 'is named by its tenant'],
    ['a site', 'site:fra1', '2026-11-24T08:00:00Z', 'is a fact about'],
  ])('does not take %s', async (_, about, awareAt, words) => {
    const desk = await openDesk();
    expect((await record(desk, about, { awareAt })).refusal?.summary).toContain(words);
    expect((await desk.control.head()).seq).toBe(lastEntry);
  });
});

function fact(subject: string, attribute: string, value: unknown, changes: object = {}): GovernanceFact {
  return GovernanceFact.parse({
    subject,
    attribute,
    value: value === '' ? 'x' : value,
    assertedBy: 'the duty officer',
    evidence: `sha256:${'c'.repeat(64)}`,
    assertedAtMs: nowMs - dayMs,
    expiresAtMs: nowMs + 900 * dayMs,
    ...changes,
  });
}

async function record(
  { control }: Desk,
  subject: string,
  values: Readonly<Record<string, unknown>>,
  changes: object = {},
) {
  const facts = Object.entries(values).map(([name, value]) => fact(subject, name, value, changes));
  const { seq } = await control.head();
  return control.recordFacts(operator, { facts, idemKey: key(`incident-${seq}`) });
}

async function rows({ control }: Desk, caller = operator, contracts?: readonly ContractId[]) {
  const asked = { kind: 'nis2' as const, ...(contracts === undefined ? {} : { contracts }) };
  const found = await control.policyRecord(caller, asked);
  if (found.kind !== 'nis2') throw new Error(`it is a record of ${found.kind}`);
  return found.rows;
}
