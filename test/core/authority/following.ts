import { type Authority, emptyAuthority } from '../../../src/core/authority/authority.ts';
import { followAuthority } from '../../../src/core/authority/follow.ts';
import { Actor } from '../../../src/model/actor.ts';
import { AuthorityEvent } from '../../../src/model/authority-event.ts';
import { digestOf } from '../../../src/model/canonical.ts';

const endOfAll = 1_000_000;

/** What befell who may do what: an event as it would be written down, when, and whose doing it was. */
export type Told = {
  readonly event: object;
  readonly atMs?: number;
  readonly seq?: number;
  readonly by?: string;
};

/** Authority after one more event. */
export function follow(
  before: Authority,
  event: object,
  { atMs = 0, seq = 1, by = 'person:ada' }: Omit<Told, 'event'> = {},
): Authority {
  return followAuthority(before, AuthorityEvent.parse(event), {
    seq,
    atMs,
    actor: Actor.parse({ principal: by }),
  });
}

/** Authority after several events, from nothing. */
export function told(...events: readonly Told[]): Authority {
  return events.reduce((now, { event, ...when }) => follow(now, event, when), emptyAuthority);
}

export function mandateGranted(id: string, more: object = {}): object {
  const mandate = {
    id,
    agent: 'agent:bot',
    sponsor: 'person:sven',
    tools: ['contract_commit'],
    tenants: ['acme'],
    expiresAtMs: endOfAll,
    ...more,
  };
  return { kind: 'mandate-granted', mandate };
}

export function reserved(mandate: string, contract: string, more: object = {}): object {
  return { kind: 'mandate-reserved', mandate, contract, gpus: 8, ...more };
}

export function freed(mandate: string, contract: string, gpuSeconds: number, spendMicroEur: number): object {
  return { kind: 'mandate-freed', mandate, contract, atMs: 0, gpuSeconds, spendMicroEur };
}

/** A release that waits for a person. */
export function asked(approval: string, more: object = {}): object {
  return {
    kind: 'approval-requested',
    approval,
    command: { kind: 'release-contract', contract: 'C-101' },
    digest: digestOf('the release'),
    tier: 3,
    persons: 1,
    why: ['it is large'],
    need: { gpus: 0, blastGpus: 8 },
    expiresAtMs: 1000,
    ...more,
  };
}

export const used = (approval: string) => ({ kind: 'approval-used', approval });

export const voiced = (approval: string, by: string) => ({
  kind: 'approval-given',
  approval,
  by,
  signedAtMs: 7,
});

export const rejected = (approval: string) => ({
  kind: 'approval-rejected',
  approval,
  by: 'person:max',
  signedAtMs: 7,
  reason: 'not now',
});
