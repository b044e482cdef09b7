import type { IdemScope } from '../../src/ledger/port.ts';
import { EntryDraft } from '../../src/model/entry.ts';
import { Digest, IdemKey, PrincipalId, TenantId } from '../../src/model/id.ts';

export const noonMs = Date.parse('2026-11-25T12:00:00Z');

export function digest(digit: string): Digest {
  return Digest.parse(`sha256:${digit.repeat(64)}`);
}

/** What may differ from a plain recorded observation. */
export type DraftParts = {
  readonly key?: string;
  readonly tenant?: string;
  readonly principal?: string;
  readonly atMs?: number;
  readonly subjectCount?: number;
};

/** A draft of an entry that records an observation. */
export function draft({ key, tenant, principal = 'person:ada', atMs = noonMs, ...parts }: DraftParts = {}) {
  return EntryDraft.parse({
    atMs,
    clock: 'set',
    actor: { principal, client: 'berth-cli' },
    ...(tenant === undefined ? {} : { tenant }),
    ...(key === undefined ? {} : { idemKey: key }),
    requestHash: digest('a'),
    inputs: { inventory: digest('b'), calendar: digest('c'), policy: digest('d'), core: 'core/1', seq: 0 },
    command: { kind: 'record-observation', observation: digest('e') },
    decision: {
      kind: 'observation-recorded',
      observation: digest('e'),
      subjectCount: parts.subjectCount ?? 4,
    },
    events: [{ kind: 'observation-recorded', observation: digest('e') }],
  });
}

/** A draft that can be made as large as wanted: a refusal that unknown models were asked for. */
export function longDraft(bytes: number): EntryDraft {
  const refusal = { kind: 'model-unknown', asked: ['x'.repeat(bytes)], known: [] };
  return EntryDraft.parse({ ...draft(), decision: { kind: 'refused', refusal }, events: [] });
}

export function scope(key: string, principal = 'person:ada', tenant?: string): IdemScope {
  return {
    key: IdemKey.parse(key),
    principal: PrincipalId.parse(principal),
    tenant: tenant === undefined ? undefined : TenantId.parse(tenant),
  };
}
