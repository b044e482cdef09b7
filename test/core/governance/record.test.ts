import { describe, expect, test } from 'vitest';

import type { Sealed } from '../../../src/core/given.ts';
import { followGovernance } from '../../../src/core/governance/governance.ts';
import { liftOverride, overrideRule, recordFacts, retractFact } from '../../../src/core/governance/record.ts';
import { emptyState, type State } from '../../../src/core/state.ts';
import { digestOf } from '../../../src/model/canonical.ts';
import { Command } from '../../../src/model/command.ts';
import type { Outcome } from '../../../src/model/decision.ts';
import { t0, world } from '../fleet.ts';

const dayMs = 86_400_000;
const { archive } = world('fra1/h1/r1 1×1 H100');
const key = `ed25519:${'a'.repeat(43)}=`;
const signature = `${'b'.repeat(86)}==`;

type Kinds = 'record-facts' | 'retract-fact' | 'override-rule' | 'lift-override';

function of<Kind extends Kinds>(kind: Kind, more: object): Extract<Command, { kind: Kind }> {
  const command = Command.parse({ kind, ...more });
  const isIt = (one: Command): one is Extract<Command, { kind: Kind }> => one.kind === kind;
  if (!isIt(command)) throw new Error(`it is a ${kind}`);
  return command;
}

/** A word of the refusal, or `done`. */
const why = ({ decision }: Outcome): string =>
  decision.kind === 'refused' && decision.refusal.kind === 'governance-refused'
    ? decision.refusal.why
    : 'done';

const fact = (more: object = {}) => ({
  subject: 'site:fra1',
  attribute: 'encryptedAtRest',
  value: true,
  assertedBy: 'the operator',
  evidence: digestOf('the paper'),
  assertedAtMs: t0 - dayMs,
  expiresAtMs: t0 + dayMs,
  ...more,
});

/** A conclusion of law: a person signs it. */
const legal = (by = 'person:ada') =>
  fact({
    subject: 'agreement:acme@mainkern',
    attribute: 'transferToolValid',
    signed: { by, key, signature },
  });

const given = (sealed?: Sealed, atMs = t0) => ({
  atMs,
  archive,
  ...(sealed === undefined ? {} : { sealed }),
});

/** The state once the ledger holds what an outcome says. */
function after(state: State, { events }: Outcome, atMs = t0): State {
  let { governance } = state;
  for (const event of events)
    if (
      event.kind === 'facts-recorded' ||
      event.kind === 'fact-retracted' ||
      event.kind === 'rule-overridden' ||
      event.kind === 'override-lifted'
    )
      governance = followGovernance(governance, event, { atMs });
  return { ...state, governance };
}

const record = (facts: readonly object[], signatures: Sealed['signatures'] = []) =>
  recordFacts(emptyState, given({ signatures }), of('record-facts', { facts }));

const told = (value: string) =>
  why(record([fact({ subject: 'incident:acme/db', attribute: 'notifiedAt', value })]));

const values = ({ governance }: State) =>
  [...governance.facts].map(([subject, facts]) => [subject, facts.get('encryptedAtRest')?.value]);

describe('a fact that somebody vouches for', () => {
  test('is recorded unless it has ended, is asserted in the future or is no such fact', () => {
    expect(why(record([fact()]))).toBe('done');
    expect(why(record([fact({ expiresAtMs: t0 })]))).toBe('expired');
    expect(why(record([fact({ expiresAtMs: t0 + 1 })]))).toBe('done');
    expect(why(record([fact({ assertedAtMs: t0 })]))).toBe('done');
    expect(why(record([fact({ assertedAtMs: t0 + 1 })]))).toBe('ill-formed');
    expect(why(record([fact({ attribute: 'painted' })]))).toBe('ill-formed');
    expect(why(record([fact({ value: 'yes' })]))).toBe('ill-formed');
  });

  test('names no instant that is still to come', () => {
    expect(told('2026-11-25T09:00:00Z')).toBe('done');
    expect(told('2026-11-25T09:01:00Z')).toBe('ill-formed');
  });

  test('needs no signature, but one that is there must be good', () => {
    expect(why(record([fact()], ['absent']))).toBe('done');
    expect(why(record([fact()], ['valid']))).toBe('done');
    expect(why(record([fact()], ['invalid']))).toBe('signature');
  });

  test('that is a conclusion of law is signed by a person', () => {
    expect(why(record([legal()], ['valid']))).toBe('done');
    expect(why(record([legal()], ['absent']))).toBe('signature');
    expect(why(record([legal()], []))).toBe('signature');
    expect(why(record([legal()], ['invalid']))).toBe('signature');
    expect(why(record([{ ...legal(), signed: undefined }], ['valid']))).toBe('signature');
    expect(why(record([legal('agent:bot')], ['valid']))).toBe('no-person');
  });

  test('is recorded with all others of its command or with none, each by its own signature', () => {
    const both = record([fact(), legal()], ['absent', 'valid']);
    expect(both).toMatchObject({ decision: { kind: 'facts-recorded', factCount: 2 }, events: [{}] });
    expect(why(record([fact(), legal()], ['valid', 'absent']))).toBe('signature');
    expect(record([legal(), fact({ attribute: 'painted' })], ['valid']).events).toEqual([]);
  });

  test('replaces the one before of the same subject and attribute, and can be retracted once', () => {
    const one = after(emptyState, record([fact(), fact({ subject: 'site:ams2' })]));
    const two = after(one, record([fact({ value: false })]));
    const retract = of('retract-fact', { subject: 'site:fra1', attribute: 'encryptedAtRest', reason: 'x' });
    expect(values(two)).toEqual([
      ['site:fra1', false],
      ['site:ams2', true],
    ]);
    const gone = after(two, retractFact(two, retract));
    expect(values(gone)).toEqual([['site:ams2', true]]);
    expect(why(retractFact(gone, retract))).toBe('unknown');
    expect(why(retractFact(two, { ...retract, attribute: 'dedicatedTo' }))).toBe('unknown');
    expect(new Set([one, two, gone].map(({ governance }) => governance.digest)).size).toBe(3);
  });

  test('leaves the others of its subject where it is retracted', () => {
    const two = after(emptyState, record([fact(), fact({ attribute: 'encryptedInTransit' })]));
    const retract = of('retract-fact', { subject: 'site:fra1', attribute: 'encryptedAtRest', reason: 'x' });
    const { facts } = after(two, retractFact(two, retract)).governance;
    expect([...facts.values()].map((known) => [...known.keys()])).toEqual([['encryptedInTransit']]);
  });
});

describe('an override', () => {
  const wish = {
    rule: 'gdpr-art-44',
    tenant: 'acme',
    reason: 'moving out by the end of the week',
    expiresAtMs: t0 + dayMs,
    requestedBy: 'person:ada',
  };
  const sealed: Sealed = { signatures: ['valid'], override: 'second-person' };
  const override = (more: object = {}, by = 'person:eve', seal: Sealed = sealed) =>
    overrideRule(
      emptyState,
      given(seal),
      of('override-rule', { wish: { ...wish, ...more }, second: { by, key, signature } }),
    );

  test('is two persons’ word, signed, on a rule that allows it', () => {
    expect(override().decision).toEqual({ kind: 'rule-overridden', id: 'O-1', untilMs: t0 + dayMs });
    expect(why(override({}, 'person:ada'))).toBe('same-person');
    expect(why(override({}, 'agent:bot'))).toBe('no-person');
    expect(why(override({ requestedBy: 'agent:bot' }))).toBe('no-person');
    for (const signatures of [['absent'], ['invalid'], []] as const)
      expect(why(override({}, 'person:eve', { ...sealed, signatures }))).toBe('signature');
    expect(why(override({}, 'person:eve', { ...sealed, override: 'never' }))).toBe('not-overridable');
    expect(why(override({}, 'person:eve', { ...sealed, override: 'unknown-rule' }))).toBe('unknown');
    expect(why(override({}, 'person:eve', { signatures: ['valid'] }))).toBe('unknown');
  });

  const until = (expiresAtMs: number) => why(override({ expiresAtMs }));

  test('lasts ninety days at most, and some time at least', () => {
    expect([until(t0), until(t0 + 1)]).toEqual(['expired', 'done']);
    expect([until(t0 + 90 * dayMs), until(t0 + 90 * dayMs + 1)]).toEqual(['done', 'ill-formed']);
  });

  test('is lifted before its end, once', () => {
    const now = after(emptyState, override());
    const lift = of('lift-override', { id: 'O-1', reason: 'moved' });
    const at = (state: State, atMs: number) => liftOverride(state, given(undefined, atMs), lift);
    expect(why(at(now, t0 + dayMs))).toBe('expired');
    expect(why(at(now, t0 + dayMs - 1))).toBe('done');
    expect(why(at(emptyState, t0))).toBe('unknown');
    const lifted = after(now, at(now, t0 + 5));
    expect([...lifted.governance.overrides.values()]).toMatchObject([
      { id: 'O-1', sinceMs: t0, liftedAtMs: t0 + 5 },
    ]);
    expect(why(at(lifted, t0 + 6))).toBe('expired');
    const second = overrideRule(
      lifted,
      given(sealed),
      of('override-rule', { wish, second: { by: 'person:eve', key, signature } }),
    );
    expect(second.decision).toMatchObject({ id: 'O-2' });
  });
});
