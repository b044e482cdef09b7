import type { DatabaseSync } from 'node:sqlite';

import { describe, expect, test } from 'vitest';

import { sha256Of } from '../../src/ledger/chain.ts';
import { EntryDraft } from '../../src/model/entry.ts';
import { ContractId, PlanId, planIdOf } from '../../src/model/id.ts';
import { identify, Plan } from '../../src/model/plan.ts';
import { Tenant } from '../../src/model/tenant.ts';
import { demoHome } from '../cli/run.ts';
import { firstGrant, key, lastEntry, openDesk, operator, planned, rejection, wish } from './desk.ts';
import { appendRow, draftOf, entriesAt, forge, grantOf, planAt, replace, tamper, verified } from './forge.ts';

/**
 * Entries of the demo: 1 to 3 register tenants, 4 records the fleet, 5 to 7 record facts, 8 to 10 grant C-101 to C-103,
 * then come who may do what, and C-104 and C-105 with their approvals.
 */
const fleetSeq = 4;
const lastSeq = lastEntry;
/** A grant that nothing follows: of one more contract. */
const grantSeq = lastSeq + 1;

test('the demo world passes every check', async () => {
  const result = await verified(await demoHome());
  expect(result).toMatchObject({ ok: true, entries: lastSeq, failed: [] });
  expect(result.checks.map(({ check, checked }) => [check, checked])).toEqual([
    ['chain', lastSeq],
    ['tree', lastSeq],
    ['words', 0],
    ['blobs', 8],
    ['keys', lastSeq],
    ['clock', lastSeq],
    ['replay', lastSeq],
    ['plans', 5],
    ['placements', 112],
  ]);
});

test('a forger who changes nothing passes: the forgeries below fail for what they forge', async () => {
  const home = await demoHome();
  const copy = await forge(home, (draft) => draft);
  const [one, other] = [await verified(home), await verified(copy)];
  expect({ ...other, place: one.place }).toEqual(one);
});

describe('rows that were changed in the file', () => {
  test.each([5, 7, lastSeq])('entry %i edited', async (seq) => {
    const home = await demoHome();
    tamper(home, (db) => {
      db.prepare(
        'UPDATE entry SET json = replace(json, \'"clock":"set"\', \'"clock":"system"\') WHERE seq = ?',
      ).run(seq);
    });
    const result = await verified(home);
    expect(result.ok).toBe(false);
    expect(result.readOnly).toContain(
      `entry ${seq} does not match its digest; entries 1 to ${seq - 1} are sound`,
    );
    expect(result.failed.map(({ check }) => check)).toContain('chain');
  });

  test('entry 6 edited and its digest made to match', async () => {
    const home = await demoHome();
    const entries = await entriesAt(home);
    tamper(home, (db) => {
      db.exec('DELETE FROM entry WHERE seq = 6');
      const [before, entry] = [entries[4], entries[5]];
      if (before === undefined || entry === undefined) throw new Error('the demo has more entries');
      appendRow(db, { ...draftOf(entry), clock: 'system' }, before);
    });
    const result = await verified(home);
    expect(result.readOnly).toContain('entry 7 does not continue the entry before it');
  });

  test('the last two entries deleted', async () => {
    const home = await demoHome();
    tamper(home, (db) => db.exec('DELETE FROM entry WHERE seq > 24'));
    const result = await verified(home);
    expect(result).toMatchObject({ ok: false, entries: lastSeq - 2 });
    expect(result.readOnly).toContain(
      `ends at entry ${lastSeq - 2}, but its checkpoint has seen entry ${lastSeq}`,
    );
  });

  test('an entry in the middle deleted', async () => {
    const home = await demoHome();
    tamper(home, (db) => db.exec('DELETE FROM entry WHERE seq = 6'));
    const result = await verified(home);
    expect(result).toMatchObject({ ok: false, entries: 5 });
    expect(result.readOnly).toContain('entry 6');
  });

  test('all of history rewritten, chain and all', async () => {
    const home = await demoHome();
    replace(
      home,
      await forge(home, (draft) => ({ ...draft, actor: { ...draft.actor, client: 'somebody-else' } })),
    );
    const result = await verified(home);
    expect(result.ok).toBe(false);
    expect(result.readOnly).toContain(`has another entry ${lastSeq} than its checkpoint has seen`);
  });

  test('an entry that is older than the one before it', async () => {
    const home = await demoHome();
    const last = (await entriesAt(home)).at(-1);
    if (last === undefined) throw new Error('the demo has entries');
    const draft = { ...draftOf(last), idemKey: key('another-key') };
    tamper(home, (db) => appendRow(db, draft, last, last.atMs - 5000));
    const result = await verified(home);
    expect(result).toMatchObject({ ok: false, entries: lastSeq });
    expect(result.readOnly).toContain(`entry ${lastSeq + 1} is 5000 ms older than the entry before it`);
  });

  test('an idempotency key used twice', async () => {
    const home = await demoHome();
    const last = (await entriesAt(home)).at(-1);
    if (last === undefined) throw new Error('the demo has entries');
    const twice = (db: DatabaseSync) => appendRow(db, draftOf(last), last);
    expect(() => tamper(home, twice)).toThrow('UNIQUE constraint failed');

    const other = await demoHome();
    tamper(other, (db) => {
      db.exec('DROP INDEX entry_idem_key');
      twice(db);
    });
    const result = await verified(other);
    expect(result.failed).toEqual(
      expect.arrayContaining([
        { check: 'keys', firstBadSeq: lastSeq + 1 },
        { check: 'replay', firstBadSeq: lastSeq + 1 },
      ]),
    );
    expect(result.readOnly).toContain('its tables or triggers are not the ones Berth made');
  });
});

describe('blobs that were changed in the file', () => {
  const swapPlans = `UPDATE blob SET bytes = (SELECT bytes FROM blob WHERE digest = (SELECT digest FROM plan WHERE id = $other))
    WHERE digest = (SELECT digest FROM plan WHERE id = $one)`;

  test('a plan swapped for another', async () => {
    const home = await demoHome();
    const [one = '', other = ''] = await plansOf(home);
    tamper(home, (db) => {
      db.prepare(swapPlans).run({ one, other });
    });
    expect((await verified(home)).failed).toEqual(
      expect.arrayContaining([
        { check: 'blobs', firstBadSeq: firstGrant },
        { check: 'replay', firstBadSeq: firstGrant },
      ]),
    );
  });

  test.each([
    [
      'one byte of the fleet',
      "UPDATE blob SET bytes = CAST(replace(CAST(bytes AS TEXT), $one, $other) AS BLOB) WHERE instr(CAST(bytes AS TEXT), 'berth/observation/1') > 0",
    ],
    [
      'the fleet, deleted',
      "DELETE FROM blob WHERE instr(CAST(bytes AS TEXT), 'berth/observation/1') > 0 AND $one <> $other",
    ],
  ])('%s', async (_what, sql) => {
    const home = await demoHome();
    tamper(home, (db) => {
      db.exec('PRAGMA foreign_keys = OFF');
      const { changes } = db.prepare(sql).run({ one: '"healthy"', other: '"healthx"' });
      if (changes !== 1) throw new Error(`${changes} blobs were changed`);
    });
    const result = await verified(home);
    expect(result.ok).toBe(false);
    expect(result.failed).toEqual(
      expect.arrayContaining([
        { check: 'blobs', firstBadSeq: fleetSeq },
        { check: 'replay', firstBadSeq: fleetSeq },
      ]),
    );
  });

  test('the handle of a committed plan that names another', async () => {
    const home = await demoHome();
    const [one = '', other = ''] = await plansOf(home);
    const sql = 'UPDATE plan SET digest = (SELECT digest FROM plan WHERE id = $other) WHERE id = $one';
    tamper(home, (db) => {
      db.prepare(sql).run({ one, other });
    });
    expect((await verified(home)).failed).toEqual([{ check: 'blobs', firstBadSeq: firstGrant }]);
  });

  test('the handle of a plan that waits: what was shown is not swapped under the hand that commits it', async () => {
    const home = await demoHome();
    const before = await openDesk(home);
    const shown = await planned(before, wish());
    const other = await planned(before, wish({ where: ['iad3'], nodes: 8 }));
    await before.control.close();
    tamper(home, (db) => {
      db.prepare('UPDATE plan SET digest = ? WHERE id = ?').run(other.digest, shown.id);
    });
    const desk = await openDesk(home);
    const head = await desk.control.head();
    const commit = desk.control.commit(operator, { plan: shown.id, idemKey: key('key-one') });
    expect(await rejection(commit)).toMatchObject({ code: 'LEDGER_REFUSED' });
    expect(await desk.control.head()).toEqual(head);
  });
});

describe('forged entries in a chain that is sound', () => {
  test('a plan that is stored in another form than its own', async () => {
    const home = await demoHome();
    const plan = await planAt(home, firstGrant + 2);
    const text = JSON.stringify(plan, undefined, 1);
    const { id, digest } = identify(plan);
    const copy = await forge(
      home,
      (draft) =>
        EntryDraft.parse(
          JSON.parse(
            JSON.stringify(draft)
              .replaceAll(digest, sha256Of(text))
              .replaceAll(id, planIdOf(sha256Of(text))),
          ),
        ),
      [text],
    );
    const result = await verified(copy);
    expect(result.failed).toContainEqual({ check: 'blobs', firstBadSeq: firstGrant + 2 });
    expect(result.failed).toContainEqual({ check: 'plans', firstBadSeq: firstGrant + 2 });
  });

  test('a grant of devices that are promised already', async () => {
    const home = await withGrant((plan, taken) => ({
      placement: { ...plan.placement, members: taken.placement.members.slice(0, 1) },
    }));
    const result = await verified(home);
    expect(result.failed).toEqual([
      { check: 'replay', firstBadSeq: grantSeq },
      { check: 'plans', firstBadSeq: grantSeq },
      { check: 'placements', firstBadSeq: grantSeq },
    ]);
    expect(result.checks.map(({ note }) => note)).toContain(
      `entry ${grantSeq} was recorded as contract-granted but comes out as refused (plan-stale)`,
    );
  });

  test('a grant at half the price', async () => {
    const home = await withGrant(({ price }) => ({
      price: { ...price, totalMicroEur: Math.floor((price.totalMicroEur ?? 0) / 2) },
    }));
    expect((await verified(home)).failed).toEqual([
      { check: 'replay', firstBadSeq: grantSeq },
      { check: 'plans', firstBadSeq: grantSeq },
    ]);
  });

  test('a grant whose terms promise more than was found', async () => {
    const home = await withGrant(({ terms }) => ({
      terms: terms.map((term) => ({ ...term, promise: 'anything you like' })),
    }));
    expect((await verified(home)).failed).toEqual([{ check: 'plans', firstBadSeq: grantSeq }]);
  });

  test('a grant of a plan that says it rests on an entry that comes later', async () => {
    const home = await withGrant(({ inputs, terms }) => ({
      inputs: { ...inputs, seq: 5000 },
      terms: terms.map((term) => ({ ...term, promise: 'anything you like' })),
    }));
    expect((await verified(home)).failed).toEqual([
      { check: 'replay', firstBadSeq: grantSeq },
      { check: 'plans', firstBadSeq: grantSeq },
    ]);
  });

  test.each([
    ['its start', (draft: EntryDraft) => ({ decision: { ...draft.decision, startMs: 0 } })],
    ['its contract', (draft: EntryDraft) => ({ decision: { ...draft.decision, contract: 'C-205' } })],
    [
      'what it rests on',
      (draft: EntryDraft) => ({ inputs: { ...draft.inputs, inventory: draft.requestHash } }),
    ],
    [
      'a refusal',
      () => ({
        decision: { kind: 'refused', refusal: { kind: 'contract-unknown', contract: 'C-1' } },
        events: [],
      }),
    ],
  ])('a decision that says otherwise: %s', async (_what, change) => {
    const home = await forge(await grantedHome(), (draft, { seq }) =>
      seq === grantSeq ? EntryDraft.parse({ ...draft, ...change(draft) }) : draft,
    );
    expect((await verified(home)).failed).toEqual([{ check: 'replay', firstBadSeq: grantSeq }]);
  });

  test('an event that does not follow from the decision', async () => {
    const home = await forge(await demoHome(), (draft, { seq }) =>
      seq === 3 ? EntryDraft.parse({ ...draft, events: [] }) : draft,
    );
    expect((await verified(home)).failed).toContainEqual({ check: 'replay', firstBadSeq: 3 });
  });

  test('a tenant whose rules were widened after the fact', async () => {
    const home = await forge(await demoHome(), (draft, { seq }) =>
      seq === 1 && draft.command.kind === 'register-tenant'
        ? EntryDraft.parse({
            ...draft,
            events: [{ kind: 'tenant-registered', tenant: { ...draft.command.tenant, rules: {} } }],
          })
        : draft,
    );
    expect((await verified(home)).failed).toContainEqual({ check: 'replay', firstBadSeq: 1 });
  });
});

describe('entries of another core', () => {
  test('are audited, counted, and pass when they hold by the check of today', async () => {
    const home = await forge(await demoHome(), (draft, { seq }) =>
      seq >= lastSeq - 1 ? byCore3(draft) : draft,
    );
    const { ok, checks } = await verified(home);
    expect(ok).toBe(true);
    expect(checks.find(({ check }) => check === 'replay')).toMatchObject({
      checked: lastSeq,
      note: 'every decision came out the same again; 2 were made by another version: they hold by the check of today',
    });
  });

  test.each([
    ['promise what was promised already', (draft: EntryDraft) => draft, true, 'plan-stale'],
    [
      'say another start than their plan',
      (draft: EntryDraft) => EntryDraft.parse({ ...draft, decision: { ...draft.decision, startMs: 0 } }),
      false,
      'recorded otherwise',
    ],
    ['say other events', (draft: EntryDraft) => ({ ...draft, events: [] }), false, 'recorded otherwise'],
  ])('fail when they %s', async (_, change, isTaken, why) => {
    const home = isTaken
      ? await withGrant((plan, taken) => ({
          placement: { ...plan.placement, members: taken.placement.members.slice(0, 1) },
        }))
      : await grantedHome();
    const forged = await forge(home, (draft, { seq }) => (seq === grantSeq ? byCore3(change(draft)) : draft));
    const { checks } = await verified(forged);
    const replay = checks.find(({ check }) => check === 'replay');
    expect(replay).toMatchObject({ ok: false, firstBadSeq: grantSeq });
    expect(replay?.note ?? '').toContain(why);
  });
});

test('a ledger that is read-only because it is broken answers questions up to there, and takes nothing', async () => {
  const home = await demoHome();
  tamper(home, (db) => {
    db.exec("UPDATE entry SET json = json || ' ' WHERE seq = 26");
  });
  const desk = await openDesk(home);
  expect((await desk.control.contracts(operator, { limit: 50 })).total).toBe(4);
  const { plan, next } = await desk.control.plan(operator, wish());
  expect(next).toContain('it cannot be committed, the ledger is read-only');
  const id = PlanId.parse(plan?.id);
  const commit = desk.control.commit(operator, { plan: id, idemKey: key('key-one') });
  expect(await rejection(commit)).toMatchObject({ code: 'NOT_FOUND' });
  expect((await desk.control.head()).seq).toBe(lastSeq - 1);
});

test('verify tells how far it is, and leaves turns in which it can be interrupted', async () => {
  const desk = await openDesk();
  for (let i = 0; i < 200; i++)
    await desk.control.registerTenant(operator, Tenant.parse({ id: `t${i}`, name: 'T', zone: 'UTC' }));
  const steps: unknown[] = [];
  await desk.control.verify((done, total, what) => steps.push([done, total, what]));
  expect(steps).toEqual([100, 200, 200 + lastSeq].map((done) => [done, 200 + lastSeq, 'entries replayed']));

  const interrupt = new AbortController();
  const verification = desk.control.verify(() => interrupt.signal.throwIfAborted());
  setImmediate(() => interrupt.abort());
  await expect(verification).rejects.toThrow('aborted');
});

async function plansOf(home: string): Promise<readonly string[]> {
  return (await entriesAt(home)).flatMap(({ command }) =>
    command.kind === 'commit-plan' ? [command.plan] : [],
  );
}

/** The demo with a contract more: the entry after its last grants it. */
async function grantedHome(): Promise<string> {
  const home = await demoHome();
  const desk = await openDesk(home);
  const { id } = await planned(desk, wish());
  await desk.control.commit(operator, { plan: id, idemKey: key('one-more') });
  await desk.ledger.close();
  return home;
}

/** The same with the grant replaced by that of a plan of the forger's own. */
async function withGrant(change: (plan: Plan, taken: Plan) => object): Promise<string> {
  const home = await grantedHome();
  const plan = await planAt(home, grantSeq);
  const mine = Plan.parse({ ...plan, ...change(plan, await planAt(home, firstGrant)) });
  return forge(home, (draft, { seq }) => (seq === grantSeq ? grantOf(mine, draft) : draft), [mine]);
}

/** The same entry as an earlier core might have written it. */
function byCore3(draft: EntryDraft): EntryDraft {
  return { ...draft, inputs: { ...draft.inputs, core: 'core/3' } };
}

describe('replaying to a moment, for one contract', () => {
  test.each([
    ['2026-11-24T12:00:00+01:00', 'C-105', 'same', lastSeq],
    ['2026-11-20T12:00:00+01:00', 'C-105', 'not-yet', lastSeq - 2],
    ['2026-11-17T08:30:00+01:00', 'C-104', 'same', lastSeq - 2],
    ['2026-11-17T08:29:59+01:00', 'C-104', 'not-yet', lastSeq - 3],
    ['2026-11-24T12:00:00+01:00', 'C-999', 'not-yet', lastSeq],
    ['2020-01-01T00:00:00Z', 'C-101', 'not-yet', 0],
  ] as const)('until %s, %s: %s', async (until, id, again, entries) => {
    const result = await asked(await demoHome(), until, id);
    expect(result).toMatchObject({ ok: true, entries, contract: { id, again } });
    expect(result.contract?.entry === undefined).toBe(again === 'not-yet');
  });

  test('a grant that the core would not make is different, and says why', async () => {
    const home = await withGrant((plan, taken) => ({
      placement: { ...plan.placement, members: taken.placement.members.slice(0, 1) },
    }));
    const result = await asked(home, '2027-01-01T00:00:00Z', 'C-106');
    expect(result).toMatchObject({ ok: false, contract: { again: 'different', entry: grantSeq } });
    expect(result.contract?.note).toContain('comes out as refused');
  });

  test('a grant of another core is audited, and its plan made again', async () => {
    const home = await forge(await grantedHome(), (draft, { seq }) =>
      seq === grantSeq ? byCore3(draft) : draft,
    );
    const { contract } = await asked(home, '2027-01-01T00:00:00Z', 'C-106');
    expect(contract?.again).toBe('same');
  });
});

async function asked(home: string, until: string, id: string) {
  const { control } = await openDesk(home);
  return control.verify(undefined, { untilMs: Date.parse(until), contract: ContractId.parse(id) });
}
