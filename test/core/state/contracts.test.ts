import { describe, expect, test } from 'vitest';

import { contractNumbered, contractOf, firstContract, nextContract } from '../../../src/core/state.ts';
import { Actor } from '../../../src/model/actor.ts';
import { stateAt } from '../../../src/model/contract.ts';
import { ContractId } from '../../../src/model/id.ts';
import { change, commit, lease, planned, release } from '../acts.ts';
import { demand } from '../demand.ts';
import { t0, type World, world } from '../fleet.ts';
import { at, busy, contract, held, offer, tell } from './busy.ts';

const fleet = world('fra1/h1/r1 4×4 H100', { sites: { fra1: { gpuPrices: { H100: 1_000_000 } } } });
const answer = planned(fleet, demand('1×4 H100 10h'));
const one = commit(fleet, answer).world;
const granting = { kind: 'contract-granted', contract: 'C-101', plan: answer.id, planDigest: answer.digest };

describe('contracts are counted', () => {
  test('from 101 on, one after the other, and none is found where none is', () => {
    expect(firstContract).toBe(101);
    expect(nextContract(fleet.state)).toBe('C-101');
    expect(nextContract(one.state)).toBe('C-102');
    expect(contractNumbered(one.state, 101)?.id).toBe('C-101');
    for (const number of [-1, 0, 100, 102]) expect(contractNumbered(one.state, number)).toBeUndefined();
    expect(contractNumbered(fleet.state, 101)).toBeUndefined();
    expect(contractOf(one.state, ContractId.parse('C-102'))).toBeUndefined();
  });

  test('and a number is never given again, whatever becomes of its contract', () => {
    const gone = release(one, ContractId.parse('C-101')).world;
    expect(nextContract(gone.state)).toBe('C-102');
  });
});

describe('a contract that is granted', () => {
  test('says what its plan said, who granted it, when and in which entry', () => {
    const { plan } = answer;
    expect(contract(one)).toEqual({
      id: 'C-101',
      version: 1,
      tenant: 'acme',
      state: 'granted',
      plan: answer.id,
      planDigest: answer.digest,
      demand: plan.demand,
      placement: plan.placement,
      price: plan.price,
      terms: plan.terms,
      grantedBy: { principal: 'person:ada' },
      grantedAtMs: t0,
      grantedSeq: one.state.seq,
    });
  });

  test('after an approval is granted by whoever had asked for it, not by whoever keeps the entry', () => {
    const bot = Actor.parse({ principal: 'agent:bot', onBehalfOf: 'person:olga' });
    const asked = tell(fleet, t0, {
      kind: 'approval-requested',
      approval: 'A-1',
      command: { kind: 'commit-plan', plan: answer.id, planDigest: answer.digest },
      digest: answer.digest,
      tier: 3,
      persons: 1,
      why: [],
      need: { gpus: 4, blastGpus: 4 },
      expiresAtMs: at(4),
    });
    const { authority } = asked.state;
    const [approval] = [...authority.approvals];
    if (approval === undefined) throw new Error('it was asked for');
    const byBot = { ...approval, requestedBy: bot };
    const state = {
      ...asked.state,
      authority: { ...authority, approvals: authority.approvals.with(0, byBot) },
    };
    const done = tell({ ...asked, state }, at(1), { ...granting, approval: 'A-1' });
    expect(contract(done).grantedBy).toEqual(bot);
    expect(contract(done)).toMatchObject({ grantedAtMs: at(1), grantedSeq: asked.state.seq + 1 });
    // An approval that nobody asked for names nobody: then whoever keeps the entry did it.
    expect(contract(tell(fleet, t0, { ...granting, approval: 'A-7' })).grantedBy).toEqual({
      principal: 'person:ada',
    });
  });

  test('takes the place of the lease on its plan, and leaves those of others', () => {
    const mine = lease(fleet, answer, 2).world;
    const theirs = planned(mine, demand('1×4 H100 10h', { tenant: 'globex' }));
    const both = lease(mine, theirs, 2).world;
    const done = tell(both, t0, granting);
    expect([...done.state.leases.keys()]).toEqual([theirs.id]);
    expect(held(done)).toEqual(['n1 C-101 0–10', `n2 ${theirs.id} 0–10`]);
  });
});

/** C-101 with two replicas from hour 3 on. */
const grown = change(one, ContractId.parse('C-101'), { replicas: { train: 2 } }, { atMs: at(3) });

describe('a contract that is changed', () => {
  test('is one version further and keeps what it held before, with its end', () => {
    const [before, after] = [contract(one), contract(grown)];
    expect(after).toMatchObject({
      version: 2,
      state: 'granted',
      grantedAtMs: t0,
      grantedSeq: before.grantedSeq,
    });
    expect(after.earlier).toEqual([
      {
        version: 1,
        plan: before.plan,
        planDigest: before.planDigest,
        demand: before.demand,
        placement: before.placement,
        price: before.price,
        untilMs: at(3),
      },
    ]);
    expect(after.planDigest).not.toBe(before.planDigest);
    expect(held(grown)).toEqual(['n1 C-101 0–3', 'n1 C-101 3–10', 'n2 C-101 3–10']);
  });

  test('twice keeps both, oldest first', () => {
    const less = change(grown, ContractId.parse('C-101'), { replicas: { train: 1 } }, { atMs: at(5) });
    expect(contract(less).earlier?.map(({ version, untilMs }) => [version, untilMs])).toEqual([
      [1, at(3)],
      [2, at(5)],
    ]);
    expect(contract(less).version).toBe(3);
    expect(held(less)).toEqual(['n1 C-101 0–3', 'n1 C-101 3–5', 'n1 C-101 5–10', 'n2 C-101 3–5']);
  });

  test('is bound no more: no engine has been told of it', () => {
    const binding = {
      kind: 'binding-begun',
      subject: 'C-101',
      engine: 'slurm',
      version: 1,
      objects: answer.digest,
      objectCount: 1,
      places: [],
    };
    const account = { result: 'kept', steps: [], stepCount: 0, differences: [] };
    const { kind: _kind, version: _version, objectCount: _count, places: _places, ...named } = binding;
    const bound = tell(one, t0, binding, { kind: 'binding-reported', ...named, account, attempts: 0 });
    expect(contract(bound).state).toBe('bound');
    expect(stateAt(contract(bound), t0)).toBe('active');
    const changed = change(bound, ContractId.parse('C-101'), { replicas: { train: 2 } }, { atMs: at(3) });
    expect(contract(changed).state).toBe('granted');
    // What an engine says of the version before binds the new one no more.
    const late = tell(changed, at(3), { kind: 'binding-reported', ...named, account, attempts: 0 });
    expect(contract(late).state).toBe('granted');
    const gone = release(bound, ContractId.parse('C-101'), { atMs: at(2) }).world;
    const after = tell(gone, at(3), { kind: 'binding-reported', ...named, account, attempts: 0 });
    expect(contract(after).state).toBe('released');
  });
});

const ended = (kind: string, number: number, hour: number, more: object = {}): object => ({
  kind,
  contract: `C-${number}`,
  atMs: at(hour),
  ...more,
});

const nodesOf = (now: World, number: number) => held(now).filter((line) => line.includes(`C-${number}`));

describe('a contract that ends', () => {
  test.each([
    ['at once', 0, []],
    ['meanwhile', 4, ['n1 C-101 0–4']],
    ['in its last hour', 9, ['n1 C-101 0–9']],
  ] as const)('by its release %s holds nothing from then on', (_, hour, left) => {
    const gone = tell(busy, t0, ended('contract-released', 101, hour));
    expect(contract(gone)).toMatchObject({ version: 2, state: 'released', releasedAtMs: at(hour) });
    expect(nodesOf(gone, 101)).toEqual(left);
    expect(nodesOf(gone, 102)).toEqual(nodesOf(busy, 102));
  });

  test('for another one says for which, and stands until then', () => {
    const gone = tell(busy, t0, ended('contract-preempted', 102, 4, { by: 'C-101' }));
    expect(contract(gone, 102)).toMatchObject({
      version: 2,
      state: 'granted',
      preemptedAtMs: at(4),
      preemptedBy: 'C-101',
    });
    expect(nodesOf(gone, 102)).toEqual(['n2 C-102 0–4']);
    expect([at(4) - 1, at(4)].map((ms) => stateAt(contract(gone, 102), ms))).toEqual([
      'granted',
      'preempted',
    ]);
  });

  test('in part keeps its lowest replicas, and says what it held before', () => {
    const left = [{ part: 'train', count: 1 }];
    const less = tell(busy, t0, ended('contract-shrunk', 103, 4, { by: 'C-101', left }));
    const after = contract(less, 103);
    expect(after).toMatchObject({ version: 2, state: 'granted' });
    expect(after.placement.members.map(({ replica }) => replica)).toEqual([0]);
    expect(after.earlier?.map(({ version, untilMs }) => [version, untilMs])).toEqual([[1, at(4)]]);
    expect(nodesOf(less, 103)).toEqual(['n3 C-103 0–4', 'n3 C-103 4–10', 'n4 C-103 0–4']);
  });

  test('was it changed before, gives up what it held then as well', () => {
    const gone = tell(grown, at(3), ended('contract-released', 101, 2));
    expect(held(gone)).toEqual(['n1 C-101 0–2']);
  });
});

test('the plan that is held in this world is nobody’s contract', () => {
  expect([...busy.state.contracts].map(({ plan }) => plan)).not.toContain(offer.id);
});
