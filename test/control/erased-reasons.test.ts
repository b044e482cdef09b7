import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';

import { describe, expect, test, vi } from 'vitest';

import type { Caller } from '../../src/control/control.ts';
import { demoSeal } from '../../src/control/demo-key.ts';
import { Door } from '../../src/control/door.ts';
import { requestHash } from '../../src/control/once.ts';
import { placeNamed } from '../../src/control/place-name.ts';
import type { Recordable } from '../../src/control/recording.ts';
import type { Command } from '../../src/model/command.ts';
import { FactSubject } from '../../src/model/governance-fact.ts';
import { ApprovalId, ContractId, MandateId, OverrideId, type PrincipalId } from '../../src/model/id.ts';
import { overrideBody, OverrideWish } from '../../src/model/override.ts';
import { committed, type Desk, key, lastEntry, nowMs, openDesk, operator, wish } from './desk.ts';
import { agent, approve, asks, person, signerOf } from './people.ts';

vi.setConfig({ testTimeout: 60_000 });

const reason = 'the leave of Bela';
const window = { place: 'iad3-c01-n01', from: '2026-12-20T00:00:00Z', to: '2026-12-20T06:00:00Z', reason };

const tell = (caller: Caller, command: Recordable) => (desk: Desk) =>
  desk.control.recordAuthority(caller, { command });
const stopIt = tell(person('rita'), {
  kind: 'stop',
  target: { kind: 'principal', id: 'agent:ops-bot' },
  reason,
});

/** Everything that is done with a reason, by whom, and the command that the reason belongs to. */
const told: readonly (readonly [Command['kind'], Caller, (desk: Desk) => Promise<unknown>])[] = [
  [
    'release-contract',
    operator,
    ({ control }) =>
      control.release(operator, { contract: ContractId.parse('C-104'), idemKey: key('key-no-1'), reason }),
  ],
  [
    'reject-plan',
    person('olga'),
    async (desk) => {
      await asks(desk, 'agent-key-1');
      const word = { approval: ApprovalId.parse('A-3'), yes: false, reason, signer: signerOf('olga') };
      await desk.control.decideApproval(person('olga'), word);
    },
  ],
  [
    'start-maintenance',
    person('sven'),
    ({ control }) => control.scheduleMaintenance(person('sven'), { ...window, idemKey: key('key-no-1') }),
  ],
  ['stop', person('rita'), stopIt],
  [
    'resume',
    person('rita'),
    async (desk) => {
      const target = { kind: 'tenant' as const, id: 'acme' };
      await tell(operator, { kind: 'stop', target, reason: 'x' })(desk);
      await tell(person('rita'), { kind: 'resume', target, reason })(desk);
    },
  ],
  [
    'revoke-mandate',
    operator,
    tell(operator, { kind: 'revoke-mandate', mandate: MandateId.parse('M-1'), reason }),
  ],
  [
    'revoke-key',
    operator,
    tell(operator, {
      kind: 'revoke-key',
      principal: person('olga').principal,
      publicKey: signerOf('olga').publicKey,
      reason,
    }),
  ],
  [
    'retract-fact',
    operator,
    async ({ control }) => {
      const [fact] = (await control.facts(operator, { about: 'encryptedAtRest' })).facts;
      const subject = FactSubject.parse(fact?.subject);
      await control.retractFact(operator, {
        subject,
        attribute: 'encryptedAtRest',
        reason,
        idemKey: key('key-no-1'),
      });
    },
  ],
  [
    'lift-override',
    operator,
    async ({ control }) => {
      const asked = OverrideWish.parse({
        rule: 'dora-29-operator-seat',
        tenant: 'initech-bank',
        reason: 'a test of the exit',
        expiresAtMs: nowMs + 86_400_000,
        requestedBy: operator.principal,
      });
      const second = demoSeal(person('rita').principal, overrideBody(asked));
      await control.overrideRule(operator, { wish: asked, second, idemKey: key('key-no-1') });
      await control.liftOverride(operator, { id: OverrideId.parse('O-1'), reason, idemKey: key('key-no-2') });
    },
  ],
];

describe('the reason of', () => {
  test.each(told)(
    '%s is told in the audit, stands in no entry, and goes when its owner has it erased',
    async (kind, by, act) => {
      const desk = await openDesk();
      await act(desk);
      expect(await whyOf(desk, kind)).toEqual([reason, undefined]);
      expect(JSON.stringify(await desk.ledger.read(0, 1000))).not.toContain('Bela');
      expect(holding(desk)).not.toEqual([]);
      await eraseAll(desk, by.principal);
      expect(await whyOf(desk, kind)).toEqual([undefined, true]);
      expect(holding(desk)).toEqual([]);
      expect(await desk.control.verify()).toMatchObject({ ok: true });
    },
  );
});

describe('a reason is shown to whoever may ask for it', () => {
  test('of a stop: in the list and to whoever runs into it, and afterwards that it was erased', async () => {
    const desk = await openDesk();
    await stopIt(desk);
    const seen = async () => {
      const { refusal } = await committed(
        desk,
        wish(),
        `agent-key-${(await desk.control.head()).seq}`,
        agent(),
      );
      const { stops } = await desk.control.authority(operator);
      return [refusal?.summary.split(': ').at(-1), stops[0]?.reason];
    };
    expect(await seen()).toEqual([reason, reason]);
    expect(JSON.stringify(await desk.ledger.read(0, 1000))).not.toContain('Bela');
    await eraseAll(desk, person('rita').principal);
    expect(await seen()).toEqual(['(erased)', '(erased)']);
  });

  test('of a window that waited: nobody signs the words, so they may go before the yes', async () => {
    const desk = await openDesk();
    const ask = (idemKey: string, why: string) =>
      desk.control.scheduleMaintenance(person('sven'), {
        ...window,
        place: 'fra1-r12-n04',
        reason: why,
        idemKey: key(idemKey),
      });
    expect((await ask('close-1', reason)).approval?.id).toBe('A-3');
    // Another reason makes no other wish.
    expect((await ask('close-2', 'firmware')).approval?.id).toBe('A-3');
    await eraseAll(desk, person('sven').principal);
    expect(await approve(desk, 'A-3', 'rita')).toMatchObject({ decision: 'done' });
    expect((await desk.control.maintenance({ all: false })).windows).toMatchObject([{ reason: '(erased)' }]);
    expect(await desk.control.verify()).toMatchObject({ ok: true });
  });

  test('of a no to what waited', async () => {
    const desk = await openDesk();
    await asks(desk, 'agent-key-1');
    const word = { approval: ApprovalId.parse('A-3'), yes: false, signer: signerOf('olga') };
    const said = async (why: string) =>
      (await desk.control.decideApproval(person('olga'), { ...word, reason: why })).approval?.ended?.reason;
    expect(await said(reason)).toBe(reason);
    // Said again it is answered, whatever the second reason is.
    expect(await said('another')).toBe(reason);
    await eraseAll(desk, person('olga').principal);
    expect(await said('another')).toBe('(erased)');
  });
});

describe('what was refused', () => {
  test('leaves no words behind', async () => {
    const desk = await openDesk();
    const past = { ...window, from: '2026-01-01T00:00:00Z', to: '2026-01-01T06:00:00Z' };
    const refused = await desk.control.scheduleMaintenance(operator, { ...past, idemKey: key('key-no-1') });
    expect(refused.refusal?.refusal.kind).toBe('window-impossible');
    expect(await desk.ledger.countAsides(operator.principal)).toBe(0);
    expect((await desk.control.head()).seq).toBe(lastEntry);
  });
});

describe('a retry', () => {
  test('with the same reason is answered, with another one it is another request', async () => {
    const desk = await openDesk();
    const ask = (why: string) =>
      desk.control.scheduleMaintenance(operator, { ...window, reason: why, idemKey: key('key-no-1') });
    const first = await ask(reason);
    expect(await ask(reason)).toMatchObject({ replayed: true, entry: first.entry });
    await expect(ask('another')).rejects.toMatchObject({ detail: { code: 'IDEMPOTENCY_CONFLICT' } });
    expect(await desk.ledger.countAsides(operator.principal)).toBe(1);
  });
});

describe('entries of before, with the reason in plain text', () => {
  test.each(['iad3-c01-n01', 'fra1-r12-n04'])('are read, replayed and audited: %s', async (place) => {
    const desk = await openDesk();
    const seq = await closeAsBefore(desk, person('sven'), place);
    const again = { ...window, place, idemKey: key('older-1') };
    expect(await desk.control.scheduleMaintenance(person('sven'), again)).toMatchObject({
      replayed: true,
      entry: { seq },
    });
    expect(await whyOf(desk, 'start-maintenance')).toEqual([reason, undefined]);
    expect(await desk.control.erase(operator, { of: person('sven').principal })).toMatchObject({ count: 0 });
    expect(await desk.control.verify()).toMatchObject({ ok: true });
  });

  test('what waits from then is still bound to its words, and one yes does it', async () => {
    const desk = await openDesk();
    await closeAsBefore(desk, person('sven'), 'fra1-r12-n04');
    expect(await approve(desk, 'A-3', 'rita')).toMatchObject({ decision: 'done' });
    expect((await desk.control.maintenance({ all: false })).windows).toMatchObject([{ reason }]);
    expect(await desk.control.verify()).toMatchObject({ ok: true });
  });
});

/** What a Berth of before recorded: the reason in the command, and in the hash of the request. */
async function closeAsBefore({ ledger }: Desk, caller: Caller, name: string): Promise<number> {
  const door = new Door({ ledger, clock: { kind: 'set', nowMs: () => nowMs } });
  const { state } = await door.moment();
  const command: Command = {
    kind: 'start-maintenance',
    place: placeNamed(state, name),
    fromMs: Date.parse(window.from),
    toMs: Date.parse(window.to),
    reason,
  };
  const hash = requestHash('maintenance', command);
  const passed = await door.pass(caller, command, { key: key('older-1'), tenant: undefined, hash });
  if (passed.kind !== 'appended') throw new Error(`it was ${passed.kind}`);
  return passed.entry.seq;
}

/** The words of the newest entry of a kind, and whether they were erased. */
async function whyOf({ control }: Desk, kind: Command['kind']): Promise<unknown> {
  const { entries } = await control.audit(operator, { limit: 200 });
  const found = entries.find(({ command }) => command === kind);
  return [found?.why, found?.isErased];
}

async function eraseAll({ control }: Desk, of: PrincipalId): Promise<void> {
  const { count } = await control.erase(operator, { of });
  expect(await control.erase(operator, { of, confirm: count })).toMatchObject({ erased: true });
}

/** Files of a home in which the words stand. A process of its own reads them: it takes no locks of the open ledger. */
function holding({ home }: Desk): string[] {
  return readdirSync(home).filter(
    (name) => name.startsWith('ledger.db') && execFileSync('cat', [`${home}/${name}`]).includes('Bela'),
  );
}
