import { describe, expect, test } from 'vitest';

import { EngineName, Subject } from '../../../src/model/binding.ts';
import { digestOf } from '../../../src/model/canonical.ts';
import { ContractId, Path } from '../../../src/model/id.ts';
import { act, change, release, take } from '../acts.ts';
import { demand } from '../demand.ts';
import { hourMs, t0, verdictAll, world, type World } from '../fleet.ts';
import { c101, look, minuteMs } from './look.ts';

const fleet = world('fra1/h1/r1 3×8 H100 cpu128 mem1024', 'ams1/h1/r2 2×8 H100 cpu128 mem1024');
const one = take(fleet, demand('1×8 H100 24h', { where: ['fra1/h1/r1'] }));
const good = ['r1/n01/gpu0-7 gpu-fault 0 0 0 0 0'];
const bad = [
  'r1/n01/gpu0-2 gpu-fault 0 0 0 0 0',
  'r1/n01/gpu3 gpu-fault 0 0 1 1 1',
  'r1/n01/gpu4-7 gpu-fault 0 0 0 0 0',
];
const later = (minutes: number) => ({ atMs: t0 + hourMs + minutes * minuteMs });

const refused = (before: World, told: Parameters<typeof look>[2]) => {
  const { decision, events } = look(before, good, told);
  expect(events).toEqual([]);
  return decision.kind === 'refused' ? decision.refusal : decision;
};

const watts = (value: string) => `r1/n01/gpu0-7 gpu-watts ${value}`;

const fault = (node: number, value: number) =>
  `r1/n0${node}/gpu0-7 gpu-fault ${`${value} `.repeat(5).trim()}`;

describe('a term without samples', () => {
  test('is not measured, and nothing is breached', () => {
    const looked = look(one, []);
    expect(looked.decision).toMatchObject({ kind: 'contract-observed', kept: 1, broken: 0 });
    expect(looked.term('devices')).toBe('not-measured: no samples tell of it');
    expect(looked.standing?.breach).toBeUndefined();
  });

  test('nor is one of whose GPUs one is silent', () => {
    const looked = look(one, ['r1/n01/gpu0-6 gpu-fault 0 0 0 0 0']);
    expect(looked.term('devices')).toMatch(
      /^not-measured: .*7 of 8 GPUs without a fault, 1 without samples$/,
    );
  });

  test('but a fault is seen whoever else is silent', () => {
    const looked = look(one, ['r1/n01/gpu5 gpu-fault - - 1 1 1']);
    expect(looked.term('devices')).toBe(
      'broken: 0 of 8 GPUs without a fault, 7 without samples: fra1/h1/r1/n01/gpu5',
    );
  });
});

describe('a breach', () => {
  test('needs three windows, names the device, and goes by one event', () => {
    expect(look(one, good).decision.kind).toBe('contract-observed');
    expect(look(one, ['r1/n01/gpu0-7 gpu-fault 0 0 0 1 1']).decision.kind).toBe('contract-observed');
    const looked = look(one, bad);
    expect(looked.decision).toMatchObject({ kind: 'contract-breached', contract: c101, broken: 1 });
    expect(looked.events.map(({ kind }) => kind)).toEqual(['contract-observed', 'contract-breached']);
    expect(looked.standing?.breach).toEqual({
      sinceMs: t0 + hourMs,
      terms: ['devices'],
      places: ['fra1/h1/r1/n01/gpu3'],
      why: 'devices: 7 of 8 GPUs without a fault: fra1/h1/r1/n01/gpu3',
    });
  });

  test('is found once, goes on while nothing is known, and ends with windows that keep it', () => {
    const first = look(one, bad);
    const again = look(first.world, bad, later(1));
    expect(again.decision.kind).toBe('contract-observed');
    const silent = look(again.world, [], later(2));
    expect(silent.decision.kind).toBe('contract-observed');
    expect(silent.standing?.breach?.sinceMs).toBe(t0 + hourMs);
    const mixed = look(silent.world, ['r1/n01/gpu0-7 gpu-fault 1 0 0 0 0'], later(3));
    expect(mixed.term('devices')).toMatch(/^broken/);
    expect(mixed.standing?.breach).toBeDefined();
    const ended = look(mixed.world, good, later(4));
    expect(ended.decision).toMatchObject({ kind: 'contract-restored', broken: 0 });
    expect(ended.events.at(-1)).toMatchObject({
      kind: 'contract-restored',
      terms: ['devices'],
      sinceMs: t0 + hourMs,
      atMs: t0 + hourMs + 4 * minuteMs,
    });
    expect(ended.standing?.breach).toBeUndefined();
  });

  test('grows by another term, and ends when the last one is kept', () => {
    const verdict = verdictAll(one.state, 'forbidden');
    const first = look(one, bad);
    const second = look(first.world, bad, { ...later(1), verdict });
    expect(second.decision.kind).toBe('contract-breached');
    expect(second.events.at(-1)).toMatchObject({ kind: 'contract-breached', terms: ['residency'] });
    expect(second.standing?.breach).toMatchObject({
      sinceMs: t0 + hourMs,
      terms: ['devices', 'residency'],
      places: ['fra1/h1/r1/n01/gpu3'],
    });
    const halfway = look(second.world, good, { ...later(2), verdict });
    expect(halfway.decision.kind).toBe('contract-observed');
    const ended = look(halfway.world, good, later(3));
    expect(ended.events.at(-1)).toMatchObject({ kind: 'contract-restored', terms: ['devices', 'residency'] });
  });

  test('of a preemptible contract is a finding, and no breach: its devices are not guaranteed', () => {
    const loose = take(fleet, demand('1×8 H100 24h', { where: ['fra1/h1/r1'], guarantee: 'preemptible' }));
    const looked = look(loose, bad);
    expect(looked.term('devices')).toMatch(/^broken/);
    expect(looked.decision.kind).toBe('contract-observed');
  });

  test('lasts through a replacement until the new devices have been good for three windows', () => {
    const first = look(one, bad);
    const moved = change(first.world, c101, { avoid: [Path.parse('fra1/h1/r1/n01')] }, later(2));
    const node = moved.state.contracts.at(0)?.placement.members[0]?.node;
    expect(node).toBe('fra1/h1/r1/n02');
    const fresh = ['r1/n02/gpu0-7 gpu-fault 0 0 0 0 0'];
    const early = look(moved, fresh, { ...later(4), version: 2 });
    expect(early.term('devices')).toMatch(
      /^not-measured: too few samples: 1 of 5|^not-measured: too few samples: 2 of 5/,
    );
    expect(early.standing?.breach).toBeDefined();
    const ended = look(early.world, fresh, { ...later(6), version: 2 });
    expect(ended.decision.kind).toBe('contract-restored');
  });
});

describe('what may not be judged', () => {
  test.each([
    [{ version: 2 }, 'other-version'],
    [{ untilMs: t0 + hourMs + 1 }, 'future'],
    [{ untilMs: t0 + hourMs - 5 * minuteMs - 1 }, 'too-old'],
    [{ windowCount: 1 }, 'other-windows'],
    [{ windowS: 1 }, 'other-windows'],
    [{ contract: ContractId.parse('C-102') }, 'other-contract'],
  ])('%j is refused: %s', (told, why) => {
    expect(refused(one, told)).toMatchObject({ kind: 'observation-refused', contract: c101, why });
  });

  test('what is not newer than what was recorded, what has not begun, and what has ended', () => {
    const { world: after } = look(one, good);
    expect(refused(after, { untilMs: t0 + hourMs - 1 })).toMatchObject({ why: 'not-newer' });
    const waiting = take(
      fleet,
      demand('1×8 H100 24h', { window: { earliestStartMs: t0 + 2 * hourMs, durationS: 3600 } }),
    );
    expect(refused(waiting, {})).toMatchObject({ why: 'not-begun' });
    const over = release(one, c101).world;
    expect(refused(over, {})).toMatchObject({ kind: 'contract-ended' });
    expect(refused(fleet, {})).toMatchObject({ kind: 'contract-unknown' });
  });
});

describe('term by term', () => {
  test('watts: kept only by the reading of the machine, broken by the GPUs alone', () => {
    const powered = take(
      world('fra1/h1/r1 1×8 H100 cpu128 mem1024', {
        gpus: Object.fromEntries(
          Array.from({ length: 8 }, (_, gpu) => [`fra1/h1/r1/n01/gpu${gpu}`, { powerW: 700 }]),
        ),
        nodes: { 'fra1/h1/r1/n01': {} },
      }),
      demand('1×8 H100 24h'),
    );
    const held = powered.state.contracts.at(0)?.placement.members[0]?.powerW ?? 0;
    expect(held).toBeGreaterThan(0);
    const all = '600 600 600 600 600';
    expect(look(powered, [watts(all)]).term('power')).toMatch(
      new RegExp(`^not-measured: .*drew 4800 W at most, of ${held} W; what the machines draw beside`),
    );
    expect(look(powered, [`r1/n01 node-watts ${all}`]).term('power')).toBe(
      `kept: drew 600 W at most, of ${held} W`,
    );
    const over = `${held + 1} `.repeat(5).trim();
    expect(look(powered, [`r1/n01 node-watts ${over}`]).decision.kind).toBe(
      powered.state.contracts.at(0)?.terms.find(({ kind }) => kind === 'power')?.strength === 'guaranteed'
        ? 'contract-breached'
        : 'contract-observed',
    );
    expect(look(powered, [watts('1000 1000 1000 1000 1000')]).term('power')).toMatch(/^broken: drew 8000 W/);
  });

  test('survival: spares count, and as many as were asked for have to be left', () => {
    const spared = take(
      fleet,
      demand('2×8 H100 24h', { where: ['fra1/h1/r1'], survive: { loss: 'node', membersLeft: 2 } }),
    );
    expect(look(spared, [fault(1, 1), fault(2, 0), fault(3, 0)]).term('survival')).toBe(
      'kept: 2 of 3 replicas and spares without a fault, 2 asked for',
    );
    expect(look(spared, [fault(1, 1), fault(2, 1), fault(3, 0)]).term('survival')).toBe(
      'broken: 1 of 3 replicas and spares without a fault, 2 asked for',
    );
    expect(look(spared, [fault(1, 0)]).term('survival')).toMatch(/^not-measured/);
  });

  test('survival: replicas with slices of GPUs are looked at as those with whole ones are', () => {
    const sharing = take(
      world('fra1/h1/r1 3×8 H100 shared'),
      demand('2×1 share:500 24h', { survive: { loss: 'node', membersLeft: 1 } }),
    );
    expect(look(sharing, [fault(1, 0), fault(2, 0), fault(3, 0)]).term('survival')).toBe(
      'kept: 2 of 2 replicas and spares without a fault, 1 asked for',
    );
    expect(look(sharing, [fault(1, 1), fault(2, 1), fault(3, 1)]).term('survival')).toMatch(
      /^broken: 0 of 2/,
    );
  });

  test('response: the bound itself is kept, a millisecond more is not; it is declared, so no breach', () => {
    const asked = take(fleet, demand('1×8 H100 24h', { response: 'histogram_quantile(0.99, x) <= 250 ms' }));
    expect(look(asked, ['C-101 response-ms 250 250 250 1 1']).term('response')).toBe(
      'kept: answered within 250 ms at worst, at most 250 ms wanted',
    );
    const slow = look(asked, ['C-101 response-ms 251 251 251 1 1']);
    expect(slow.term('response')).toMatch(/^broken: answered within 251 ms/);
    expect(slow.decision.kind).toBe('contract-observed');
    expect(look(asked, []).term('response')).toBe('not-measured: no samples tell of it');
  });

  test('residency: by the rules of now', () => {
    const closed = verdictAll(one.state, 'forbidden');
    const looked = look(one, good, { verdict: closed });
    expect(looked.term('residency')).toMatch(/^broken: forbidden at fra1 now/);
    expect(looked.decision.kind).toBe('contract-breached');
    expect(look(one, good, { verdict: verdictAll(one.state, 'fact-missing') }).term('residency')).toMatch(
      /^not-measured/,
    );
  });

  test('start and length: by what was last read back of engines', () => {
    const bound = act(one, {
      kind: 'bind',
      subject: Subject.parse('C-101'),
      engine: EngineName.parse('slurm'),
      version: 1,
      objects: digestOf('a'),
      objectCount: 1,
      places: [],
    }).world;
    const told = (result: 'kept' | 'differs' | 'unreachable') =>
      act(bound, {
        kind: 'report-binding',
        subject: Subject.parse('C-101'),
        engine: EngineName.parse('slurm'),
        objects: digestOf('a'),
        account: { result, steps: [], stepCount: 0, differences: ['nodes are n02'] },
      }).world;
    expect(look(one, good).term('start-and-length')).toBe('not-measured: no engine was handed it');
    expect(look(bound, good).term('start-and-length')).toMatch(/^not-measured/);
    expect(look(told('kept'), good).term('start-and-length')).toBe('kept: active; held by slurm');
    expect(look(told('unreachable'), good).term('start-and-length')).toMatch(/^not-measured/);
    expect(look(told('differs'), good).term('start-and-length')).toBe(
      'broken: slurm does not hold it: nodes are n02',
    );
  });

  test('how busy GPUs are: of all that are held, in windows where all of them say', () => {
    const half = ['r1/n01/gpu0-3 gpu-busy 1000 1000 1000 1000 1000', 'r1/n01/gpu4-7 gpu-busy 0 0 - 0 0'];
    expect(look(one, half).standing?.last.busyMilli).toBe(500);
    expect(look(one, half.slice(1)).standing?.last.busyMilli).toBeUndefined();
  });
});
