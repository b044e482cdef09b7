import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { followEntry } from '../../../src/core/occurrence/follow.ts';
import { emptyLog, type Log, type Occurrence } from '../../../src/core/occurrence/log.ts';
import { touchedBy } from '../../../src/core/occurrence/touched.ts';
import { plainWords } from '../../../src/model/aside.ts';
import { type BindingResult, EngineName, Subject } from '../../../src/model/binding.ts';
import { canonicalJson, digestOf } from '../../../src/model/canonical.ts';
import type { Command } from '../../../src/model/command.ts';
import type { SourceName } from '../../../src/model/fact.ts';
import { ContractId, MaintenanceId, Path } from '../../../src/model/id.ts';
import { act, change, commit, planned, release, take } from '../acts.ts';
import { demand } from '../demand.ts';
import { fact } from '../fleet-text.ts';
import { hourMs, observe, t0, world, type World } from '../fleet.ts';

const fleet = world('fra1/h1/r1 2×8 H100', 'fra1/h1/r2 1×8 H100');
const n1 = 'fra1/h1/r1/n01';
const c101 = ContractId.parse('C-101');
const engine = EngineName.parse('slurm');

function logOf({ entries, archive }: World): Log {
  return entries.reduce(
    (log, { events, stamp }) => followEntry(log, { seq: stamp.seq, atMs: stamp.atMs, events }, archive),
    emptyLog,
  );
}

const hoursFrom = (ms: number) => `${(ms - t0) / hourMs}h`;

/** `fault n01/gpu3 0h..1h: XID 79`, in hours from t0; without an end while it goes on. */
function line({ kind, place, contract, maintenance, atMs, untilMs, what }: Occurrence): string {
  const about = place?.replace('fra1/h1/r1/', '') ?? contract ?? maintenance ?? '';
  return `${kind} ${about} ${hoursFrom(atMs)}..${untilMs === undefined ? '' : hoursFrom(untilMs)}: ${plainWords(what)}`;
}

const lines = (now: World) => [...logOf(now).all].map(line);

/** What a source says of a subject after so many hours. */
function said(
  before: World,
  hours: number,
  set: object,
  { subject = `${n1}/gpu3`, source = 'prometheus' }: { subject?: string; source?: SourceName } = {},
): World {
  const kind = subject.includes('/gpu') ? 'gpu' : subject.includes('/nic') ? 'nic' : 'node';
  return observe(before, [fact(kind, subject, set)], { source, observedAtMs: t0 + hours * hourMs });
}

const down = (healthReason: string) => ({ health: 'down', healthReason });

describe('faults', () => {
  test('begin with the first word and end with another one', () => {
    const told = said(said(fleet, 1, down('XID 79: restart the machine')), 3, { health: 'healthy' });
    expect(lines(told)).toEqual(['fault n01/gpu3 1h..3h: XID 79: restart the machine']);
  });

  test('go on while they are said again, and are others for another reason', () => {
    const again = said(said(fleet, 1, down('XID 79')), 2, down('XID 79'));
    expect(lines(again)).toEqual(['fault n01/gpu3 1h..: XID 79']);
    expect(lines(said(again, 3, down('XID 95')))).toEqual([
      'fault n01/gpu3 1h..3h: XID 79',
      'fault n01/gpu3 3h..: XID 95',
    ]);
    expect(lines(said(again, 3, { health: 'degraded', healthReason: 'XID 79' }))).toHaveLength(2);
  });

  test('end where the source no longer says so; another source does not end them', () => {
    const told = said(fleet, 1, down('XID 79'));
    expect(lines(said(told, 2, { model: 'H100-SXM-80GB' }))).toEqual(['fault n01/gpu3 1h..2h: XID 79']);
    expect(lines(said(told, 2, { health: 'healthy' }, { source: 'nvidia-smi' }))).toEqual([
      'fault n01/gpu3 1h..: XID 79',
    ]);
  });

  test('of a time before the last word are no news', () => {
    const told = said(fleet, 5, { health: 'healthy' });
    expect(lines(said(told, 2, down('XID 79')))).toEqual([]);
    expect(lines(said(told, 5, down('XID 79')))).toEqual(['fault n01/gpu3 5h..: XID 79']);
  });

  test('of machines and NICs count too, with who said so', () => {
    const told = said(
      said(fleet, 1, down('switched off'), { subject: n1, source: 'redfish' }),
      1,
      down('link down'),
      {
        subject: `${n1}/nic2`,
        source: 'redfish',
      },
    );
    expect(lines(told)).toEqual(['fault n01 1h..: switched off', 'fault n01/nic2 1h..: link down']);
    expect([...logOf(told).all][0]?.said).toEqual({
      source: 'redfish',
      observedAtMs: t0 + hourMs,
      confidence: 'stated',
      origin: { file: 'fleet.yaml' },
    });
  });

  test.each([
    ['the hardware slows it down: heat', 'thermal'],
    ['the driver slows it down: heat', 'thermal'],
    ['the hardware, or heat, slows it down', 'thermal'],
    ['slowed down in the window of the exporter: hw_thermal', 'thermal'],
    ['slowed down in the window of the exporter: sw_thermal', 'thermal'],
    ['leak detector `CDU 1` reports Critical', 'thermal'],
    ['slowed down in the window of the exporter: hw_power_brake', 'fault'],
    ['XID 79: restart the machine', 'fault'],
    ['cheating', 'fault'],
  ])('%s is %s', (reason, kind) => {
    expect([...logOf(said(fleet, 1, down(reason))).all][0]?.kind).toBe(kind);
  });

  test('of one observation stand once for a subject, the later line on top', () => {
    const facts = [
      fact('gpu', `${n1}/gpu3`, down('XID 79')),
      fact('gpu', `${n1}/gpu3`, { health: 'healthy' }),
    ];
    const when = { source: 'prometheus' as const, observedAtMs: t0 + hourMs };
    expect(lines(observe(fleet, facts, when))).toEqual([]);
    expect(lines(observe(fleet, facts.toReversed(), when))).toEqual(['fault n01/gpu3 1h..: XID 79']);
  });
});

describe('machines that take no new work', () => {
  const kubernetes = { subject: n1, source: 'kubernetes' as const };

  test('from the cordon until it is lifted', () => {
    const told = said(fleet, 1, { schedulable: false }, kubernetes);
    expect(lines(told)).toEqual(['drain n01 1h..: it takes no new work']);
    expect(lines(said(told, 2, { schedulable: true }, kubernetes))).toEqual([
      'drain n01 1h..2h: it takes no new work',
    ]);
  });

  test('and places that are closed', () => {
    const window = {
      place: Path.parse('fra1/h1/r2'),
      fromMs: t0 + hourMs,
      toMs: t0 + 2 * hourMs,
      reason: 'firmware',
    };
    const closed = act(fleet, { kind: 'start-maintenance', ...window }).world;
    expect(lines(closed)).toEqual(['drain fra1/h1/r2 1h..2h: firmware']);
    const cancel: Command = { kind: 'cancel-maintenance', id: MaintenanceId.parse('MW-1') };
    expect(lines(act(closed, cancel).world)).toEqual(['drain fra1/h1/r2 1h..1h: firmware']);
    expect(lines(act(closed, cancel, { atMs: t0 + 1.5 * hourMs }).world)).toEqual([
      'drain fra1/h1/r2 1h..1.5h: firmware',
    ]);
  });
});

const list = (before: World, hours: number, nodes: readonly string[], source: SourceName = 'kubernetes') =>
  observe(
    before,
    nodes.map((node) => fact('node', node, { schedulable: true })),
    { source, observedAtMs: t0 + hours * hourMs },
  );

describe('machines that are no longer listed', () => {
  const all = [n1, 'fra1/h1/r1/n02', 'fra1/h1/r2/n03'];

  test('are gone until they are listed again', () => {
    const gone = list(list(fleet, 1, all), 2, all.slice(1));
    expect(lines(gone)).toEqual(['gone n01 2h..: kubernetes no longer lists it']);
    expect(lines(list(gone, 3, all.slice(1)))).toEqual(lines(gone));
    expect(lines(list(gone, 3, all))).toEqual(['gone n01 2h..3h: kubernetes no longer lists it']);
    expect(lines(list(list(gone, 3, all), 4, all.slice(1)))).toHaveLength(2);
  });

  test('of a source that reads one machine at a time are not missed', () => {
    expect(lines(list(list(fleet, 1, all, 'redfish'), 2, all.slice(1), 'redfish'))).toEqual([]);
  });

  test('at another site are not missed', () => {
    const two = world('fra1/h1/r1 1×8 H100', 'ams1/h1/r1 1×8 H100');
    expect(lines(list(list(two, 1, ['fra1/h1/r1/n01']), 2, ['ams1/h1/r1/n01']))).toEqual([]);
  });
});

const did = (before: World, command: Command, atMs: number) => {
  const { world: after, decision } = act(before, command, { atMs });
  if (decision.kind === 'refused') throw new Error(JSON.stringify(decision));
  return after;
};

const begun = (before: World, atMs = t0, version = 1, objectCount = 1) =>
  did(
    before,
    {
      kind: 'bind',
      subject: Subject.parse('C-101'),
      engine,
      version,
      objects: digestOf(version),
      objectCount,
      places: [],
    },
    atMs,
  );
const read = (
  before: World,
  result: BindingResult,
  hours: number,
  differences: string[] = [],
  version = 1,
) => {
  const account = { result, steps: [], stepCount: 0, differences };
  const about = { subject: Subject.parse('C-101'), engine, objects: digestOf(version) };
  return did(before, { kind: 'report-binding', ...about, account }, t0 + hours * hourMs);
};

describe('engines', () => {
  const granted = take(fleet, demand('1×8 H100 24h'));
  const later = take(
    fleet,
    demand('1×8 H100 24h', { window: { earliestStartMs: t0 + 2 * hourMs, durationS: 3600 } }),
  );

  test('that hold something else, until they hold it', () => {
    const differs = read(begun(later), 'differs', 1, ['nodes: n01, wanted n02']);
    expect(lines(differs)).toEqual(['engine C-101 1h..: slurm holds something else: nodes: n01, wanted n02']);
    expect(lines(read(differs, 'differs', 1.2, ['nodes: n01, wanted n02']))).toHaveLength(1);
    expect(lines(read(differs, 'unreachable', 1.2))).toEqual([
      'engine C-101 1h..1.2h: slurm holds something else: nodes: n01, wanted n02',
      'engine C-101 1.2h..: slurm did not answer',
    ]);
    expect(lines(read(differs, 'kept', 1.5))).toEqual([
      'engine C-101 1h..1.5h: slurm holds something else: nodes: n01, wanted n02',
    ]);
  });

  test('that hold it in time are nothing to tell', () => {
    expect(lines(read(begun(later), 'kept', 2))).toEqual([]);
    expect(lines(read(begun(later), 'kept', 2 + 1 / 60))).toEqual([]);
  });

  test('that hold it late, from its start on, once', () => {
    const late = read(begun(later), 'kept', 2.5);
    expect(lines(late)).toEqual(['late C-101 2h..2.5h: slurm did not hold it at its start']);
    expect(lines(read(late, 'differs', 2.6))[0]).toBe(
      'late C-101 2h..2.5h: slurm did not hold it at its start',
    );
    expect(
      lines(read(read(late, 'differs', 2.6), 'kept', 2.7)).filter((one) => one.startsWith('late')),
    ).toHaveLength(1);
  });

  test('that still do not hold it, until it ends', () => {
    const waiting = read(begun(granted), 'refused', 1);
    expect(lines(waiting)).toEqual([
      'late C-101 0h..: slurm did not hold it at its start',
      'engine C-101 1h..: slurm refused it',
    ]);
    const ended = release(waiting, c101, { atMs: t0 + 2 * hourMs }).world;
    expect(lines(ended)[0]).toBe('late C-101 0h..2h: slurm did not hold it at its start');
  });

  test('a change keeps the begin that it had', () => {
    const longer = change(read(begun(later), 'kept', 1), c101, {
      end: { kind: 'at', atMs: t0 + 48 * hourMs },
    });
    expect(lines(read(begun(longer, t0 + 20 * hourMs, 2), 'kept', 21, [], 2))).toEqual([]);
  });
});

test('a contract that ends for another is told of with when it ends', () => {
  const small = world('fra1/h1/r1 1×8 H100');
  const first = take(small, demand('1×8 H100 24h', { guarantee: 'preemptible' }));
  const wish = demand('1×8 H100 24h', {
    tenant: 'globex',
    mayPreempt: true,
    window: { earliestStartMs: t0, durationS: 3600 },
  });
  expect(lines(commit(first, planned(first, wish)).world)).toEqual(['preempted C-101 0h..: ends for C-102']);
});

const touched = (now: World) => [...logOf(now).all].map((one) => touchedBy(now.state, one));

describe('the contracts that are touched', () => {
  const two = take(
    take(fleet, demand('1×4 H100 2h', { where: [n1] })),
    demand('1×2 H100 24h', { where: [n1] }),
  );

  test('hold the very device, or anything of the machine', () => {
    const held = [...two.state.contracts].map(({ placement }) => placement.members[0]?.gpus[0] ?? 0);
    for (const [at, gpu] of held.entries())
      expect(touched(said(two, 1, down('XID 79'), { subject: `${n1}/gpu${gpu}` }))).toEqual([
        [`C-10${at + 1}`],
      ]);
    const free = [0, 1, 2, 3, 4, 5, 6, 7].find(
      (gpu) => ![...two.state.contracts].some(({ placement }) => placement.members[0]?.gpus.includes(gpu)),
    );
    expect(touched(said(two, 1, down('XID 79'), { subject: `${n1}/gpu${free ?? 7}` }))).toEqual([[]]);
    expect(touched(said(two, 1, down('off'), { subject: n1 }))).toEqual([['C-101', 'C-102']]);
    expect(touched(said(two, 1, down('off'), { subject: 'fra1/h1/r1/n02' }))).toEqual([[]]);
  });

  test('held it meanwhile, not before and not after', () => {
    expect(touched(said(two, 2, down('off'), { subject: n1 }))).toEqual([['C-102']]);
    expect(touched(said(two, 24, down('off'), { subject: n1 }))).toEqual([[]]);
    const over = said(said(two, -2, down('off'), { subject: n1 }), 0, { health: 'healthy' }, { subject: n1 });
    expect(touched(over)).toEqual([[]]);
  });
});

test('any history folds to the same log in one go as step by step, with ids that differ', () => {
  const word = fc.record({
    hours: fc.integer({ min: 0, max: 20 }),
    subject: fc.constantFrom(n1, `${n1}/gpu0`, `${n1}/gpu1`, 'fra1/h1/r1/n02'),
    source: fc.constantFrom<SourceName>('prometheus', 'kubernetes'),
    health: fc.constantFrom('healthy', 'degraded', 'down', undefined),
    reason: fc.constantFrom('heat', 'XID 79'),
  });
  fc.assert(
    fc.property(fc.array(word, { maxLength: 12 }), (words) => {
      const now = words.reduce(
        (before, { hours, subject, source, health, reason }) =>
          said(before, hours, health === undefined ? {} : { health, healthReason: reason }, {
            subject,
            source,
          }),
        fleet,
      );
      const log = logOf(now);
      const all = [...log.all];
      expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
      expect(canonicalJson([...logOf(now).all])).toBe(canonicalJson(all));
      for (const { atMs, untilMs = Infinity } of all) expect(untilMs).toBeGreaterThanOrEqual(atMs);
      for (const [key, at] of log.open) expect(`${key} ${all[at]?.untilMs}`).toBe(`${key} undefined`);
      expect(all.filter(({ untilMs }) => untilMs === undefined)).toHaveLength(log.open.size);
    }),
    { seed: 12, numRuns: 150 },
  );
});
