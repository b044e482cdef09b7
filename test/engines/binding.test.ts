import { describe, expect, test } from 'vitest';

import type { Answer, Engine, Reading } from '../../src/engines/port.ts';
import { slurmCompiler } from '../../src/engines/slurm/engine.ts';
import { EngineObject } from '../../src/model/binding.ts';
import type { ContractId } from '../../src/model/id.ts';
import { limitedTo, operator, rejection } from '../control/desk.ts';
import { type Lab, openLab, subjectOf } from './lab.ts';

type Fake = {
  readonly engine: Engine;
  readonly objects: Map<string, EngineObject>;
  readonly applied: string[];
};

/** An engine in memory that reads back what it was told; what it answers and what it does may be two things. */
function fakeEngine(
  more: {
    readonly answer?: () => Answer;
    readonly reading?: () => Reading | undefined;
    readonly meanwhile?: () => Promise<void>;
  } = {},
): Fake {
  const objects = new Map<string, EngineObject>();
  const applied: string[] = [];
  const engine: Engine = {
    ...slurmCompiler,
    probe: () => Promise.resolve({ answers: true, text: 'fake', options: {} }),
    read: ({ id }) =>
      Promise.resolve(
        more.reading?.() ?? {
          kind: 'read',
          objects: [...objects.values()].filter(({ key }) => key.includes(id)),
        },
      ),
    apply: async (step) => {
      await more.meanwhile?.();
      applied.push(`${step.act} ${step.key}`);
      const answer = more.answer?.() ?? { kind: 'done' };
      if (answer.kind === 'refused' || answer.kind === 'unreachable') return answer;
      if (step.act === 'remove') objects.delete(step.key);
      else objects.set(step.key, foundOf(step.wanted));
      return answer;
    },
  };
  return { engine, objects, applied };
}

function foundOf({ key, body }: EngineObject): EngineObject {
  return EngineObject.parse({ key, body: { ...body, isWhole: true, unusable: [] } });
}

async function bound(
  lab: Lab,
  contract: ContractId,
  engine: Engine,
  options: Record<string, string> = { users: 'a' },
) {
  return lab.control.bind(operator, { subject: subjectOf(contract), options }, engine);
}

describe('a hand-over', () => {
  test('is recorded before anything is done, and what came of it afterwards', async () => {
    const lab = await openLab();
    const contract = await lab.granted({});
    const seen: string[] = [];
    const { engine } = fakeEngine({
      meanwhile: async () => {
        seen.push(...(await lab.control.bindings(operator)).bindings.map(({ state }) => state));
      },
    });
    const done = await bound(lab, contract, engine);
    expect(seen).toEqual(['begun']);
    const { entries } = await lab.control.audit(operator, { limit: 2, contract });
    expect(entries.map(({ command }) => command)).toEqual(['report-binding', 'bind']);
    expect(done.entry?.seq).toBe(entries[0]?.seq);
  });

  test('remembers its options: the next one needs none, and others replace them', async () => {
    const lab = await openLab();
    const contract = await lab.granted({});
    const { engine, objects } = fakeEngine();
    await bound(lab, contract, engine);
    expect((await lab.control.bind(operator, { subject: subjectOf(contract) }, engine)).isRecorded).toBe(
      false,
    );
    await bound(lab, contract, engine, { users: 'b' });
    expect([...objects.values()].map(({ body }) => body['users'])).toEqual([['b']]);
  });

  test('takes what follows from the engine that answers, unless a person has said otherwise, now or before', async () => {
    const lab = await openLab();
    const contract = await lab.granted({ gpus: 4, cpus: 32 });
    const { engine, objects } = fakeEngine();
    const newer: Engine = {
      ...engine,
      probe: () => Promise.resolve({ answers: true, text: 'newer', options: { gpus: 'tres' } }),
    };
    const gpus = () => [...objects.values()].map(({ body }) => body['gpusPerNode']);
    await bound(lab, contract, newer);
    expect(gpus()).toEqual([4]);
    await bound(lab, contract, newer, { gpus: 'nodes' });
    expect(gpus()).toEqual([undefined]);
    await lab.control.bind(operator, { subject: subjectOf(contract) }, newer);
    expect(gpus()).toEqual([undefined]);
  });

  test('that somebody replaces meanwhile gives way: the engine holds what came last', async () => {
    const lab = await openLab();
    const contract = await lab.granted({});
    const other = fakeEngine();
    let isFirst = true;
    const slow = fakeEngine({
      meanwhile: async () => {
        if (isFirst) {
          isFirst = false;
          await bound(lab, contract, other.engine, { users: 'late' });
        }
      },
    });
    const done = await bound(lab, contract, slow.engine, { users: 'early' });
    expect(done.account?.result).toBe('kept');
    expect([...slow.objects.values()].map(({ body }) => body['users'])).toEqual([['late']]);
    expect((await lab.control.verify()).ok).toBe(true);
  });

  test('that a change overtakes on its way is handed over anew, and holds what took over', async () => {
    const lab = await openLab();
    const contract = await lab.granted({ nodes: 3, on: ['n01', 'n02', 'n03'] });
    let steps = 0;
    let laterMs = 0;
    const { engine, objects } = fakeEngine({
      meanwhile: async () => {
        steps += 1;
        laterMs = 61_000;
      },
      // Slurm keeps no reservation whose end has passed, and refuses what is to end in the past.
      answer: () =>
        laterMs > 0 && steps === 1 ? { kind: 'refused', why: 'Invalid time' } : { kind: 'done' },
    });
    const fixedMs = lab.clock.nowMs();
    lab.clock.nowMs = () => fixedMs;
    await lab.changed(contract, { replicas: { train: 2 } });
    lab.clock.nowMs = () => fixedMs + laterMs;
    const done = await bound(lab, contract, engine);
    expect([done.account?.result, done.objects]).toEqual(['kept', [`reservation/berth_${contract}`]]);
    expect([...objects.values()].map(({ body }) => body['nodes'])).toEqual([['lab-r1-n01', 'lab-r1-n02']]);
    expect((await lab.control.bindings(operator)).bindings.map(({ due }) => due)).toEqual([undefined]);
    expect((await lab.control.verify()).ok).toBe(true);
  });

  test('of a contract that ends on the way leaves nothing behind', async () => {
    const lab = await openLab();
    const contract = await lab.granted({ hours: 1 });
    let laterMs = 0;
    const { engine, objects } = fakeEngine({
      meanwhile: async () => {
        laterMs = 3_700_000;
      },
    });
    const fixedMs = lab.clock.nowMs();
    lab.clock.nowMs = () => fixedMs + laterMs;
    const done = await bound(lab, contract, engine);
    expect([done.account?.result, objects.size]).toEqual(['kept', 0]);
    expect((await lab.control.bindings(operator)).bindings.map(({ state }) => state)).toEqual(['taken-away']);
  });

  test('is taken up at most three times, however fast time runs', async () => {
    const lab = await openLab();
    const contract = await lab.granted({ nodes: 3, on: ['n01', 'n02', 'n03'] });
    const fixedMs = lab.clock.nowMs();
    lab.clock.nowMs = () => fixedMs;
    await lab.changed(contract, { replicas: { train: 2 } });
    let laterMs = 0;
    lab.clock.nowMs = () => fixedMs + laterMs;
    let readCount = 0;
    const { engine } = fakeEngine({
      reading: () => {
        readCount += 1;
        laterMs += 40_000;
        return { kind: 'unreachable', why: 'away' };
      },
    });
    const done = await bound(lab, contract, engine);
    expect(done.account?.result).toBe('unreachable');
    expect(readCount).toBeLessThanOrEqual(3);
  });

  test('asked for by two at once is one hand-over', async () => {
    const lab = await openLab();
    const contract = await lab.granted({});
    const { engine, objects } = fakeEngine();
    const both = await Promise.all([bound(lab, contract, engine), bound(lab, contract, engine)]);
    expect(both.map(({ account }) => account?.result)).toEqual(['kept', 'kept']);
    expect(objects.size).toBe(1);
    expect((await lab.control.verify()).ok).toBe(true);
  });

  test.each<[string, Answer, string]>([
    ['refused', { kind: 'refused', why: 'no' }, 'refused'],
    ['not reached', { kind: 'unreachable', why: 'away' }, 'unreachable'],
    ['not answered, and done', { kind: 'unknown', why: 'timed out' }, 'kept'],
  ])('%s', async (_, answer, result) => {
    const lab = await openLab();
    const contract = await lab.granted({});
    const { engine } = fakeEngine({ answer: () => answer });
    const done = await bound(lab, contract, engine);
    expect([done.account?.result, done.isRecorded]).toEqual([result, true]);
  });

  test('of what was released takes it away, and then there is nothing to do', async () => {
    const lab = await openLab();
    const contract = await lab.granted({});
    const { engine, objects, applied } = fakeEngine();
    await bound(lab, contract, engine);
    await lab.control.release(operator, { contract, idemKey: lab.key('lab-gone') });
    await bound(lab, contract, engine);
    expect([objects.size, applied.at(-1)]).toEqual([0, `remove reservation/berth_${contract}`]);
    expect((await lab.control.bindings(operator)).bindings.map(({ due }) => due)).toEqual([undefined]);
  });

  test('is the operator’s, and printing it is for whoever may see the contract', async () => {
    const lab = await openLab();
    const contract = await lab.granted({});
    const { engine } = fakeEngine();
    const wish = { subject: subjectOf(contract), options: { users: 'a' } };
    const no = await rejection(lab.control.bind(limitedTo('acme'), wish, engine));
    expect(no.code).toBe('FORBIDDEN');
    expect((await lab.control.planBinding(limitedTo('acme'), wish, engine)).objects).toHaveLength(1);
    const hidden = await rejection(lab.control.planBinding(limitedTo('globex'), wish, engine));
    expect(hidden.code).toBe('NOT_FOUND');
  });

  test.each([
    ['a contract that is not', 'C-999', {}],
    ['a place where it does not stand', 'C-101', { places: ['lab/r1/n04'] }],
  ])('of %s is an error', async (_, subject, more) => {
    const lab = await openLab();
    await lab.granted({ on: ['n01'] });
    const wish = { subject: subjectOf(subject), options: { users: 'a' }, ...more };
    expect((await rejection(lab.control.bind(operator, wish, fakeEngine().engine))).message).toMatch(
      /^(?:no contract|C-101 has no node)/u,
    );
  });
});

test('a long history of answers of every kind replays, and is kept once the engine keeps it', async () => {
  const lab = await openLab();
  const contract = await lab.granted({});
  const answers: Answer[] = [
    { kind: 'refused', why: 'overlaps' },
    { kind: 'unreachable', why: 'away' },
    { kind: 'refused', why: 'in use' },
    { kind: 'done' },
  ];
  const { engine } = fakeEngine({ answer: () => answers.shift() ?? { kind: 'done' } });
  const attempts: (number | undefined)[] = [];
  for (let round = 0; round < 4; round++) attempts.push((await bound(lab, contract, engine)).attempts);
  expect(attempts).toEqual([1, 2, 3, 0]);
  const { ok, checks } = await lab.control.verify();
  expect([ok, checks.filter((check) => !check.ok)]).toEqual([true, []]);
});

test('an engine whose listing cannot be read is not touched', async () => {
  const lab = await openLab();
  const contract = await lab.granted({});
  const { engine, applied } = fakeEngine({ reading: () => ({ kind: 'unreadable', why: 'garbage' }) });
  const done = await bound(lab, contract, engine);
  expect([done.account?.result, done.account?.differences, applied]).toEqual(['unreadable', ['garbage'], []]);
});
