import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { type Act } from '../../../src/core/authority/act.ts';
import { approvalOf, type Authority, emptyAuthority } from '../../../src/core/authority/authority.ts';
import { followAuthority } from '../../../src/core/authority/follow.ts';
import {
  type Besides,
  faultsOf,
  mandateFor,
  sponsorsOf,
  standingFaults,
} from '../../../src/core/authority/mandates.ts';
import { Actor } from '../../../src/model/actor.ts';
import { AuthorityEvent } from '../../../src/model/authority-event.ts';
import { digestOf } from '../../../src/model/canonical.ts';
import { ApprovalId, ContractId, MandateId, Path, PrincipalId, TenantId } from '../../../src/model/id.ts';

const bot = PrincipalId.parse('agent:bot');
const whole = MandateId.parse('M-1');
const part = MandateId.parse('M-2');
const endOfAll = 1_000_000;

function follow(authority: Authority, atMs: number, ...events: readonly object[]): Authority {
  const actor = Actor.parse({ principal: 'person:ada' });
  return events.reduce<Authority>(
    (now, event) => followAuthority(now, AuthorityEvent.parse(event), { seq: 1, atMs, actor }),
    authority,
  );
}

function granted(id: MandateId, limits: object): object {
  const usual = { agent: bot, sponsor: 'person:sven', tools: ['contract_commit'], tenants: ['acme'] };
  return { kind: 'mandate-granted', mandate: { id, ...usual, expiresAtMs: endOfAll, ...limits } };
}

function act(more: Partial<Act> = {}): Act {
  return {
    action: 'commit',
    tenant: TenantId.parse('acme'),
    places: [],
    need: { gpus: 0, blastGpus: 0, gpuSeconds: 0, spendMicroEur: 0 },
    preempts: 0,
    preemptsOthers: 0,
    regimes: [],
    dataClasses: [],
    request: () => digestOf('a wish'),
    ...more,
  };
}

const at = (paths: readonly string[]) => paths.map((path) => Path.parse(path));

const limitsOf = (
  authority: Authority,
  asked: { act: Act; atMs: number; besides?: Besides },
  id: MandateId = whole,
) => faultsOf(authority, id, { besides: {}, ...asked }).map(({ limit }) => limit);

/** A life of two mandates, one part of the other: what was taken, given back and parked, step by step. */
type Step = {
  readonly what: 'reserve' | 'free' | 'park' | 'end';
  readonly name: number;
  readonly under: MandateId;
  readonly gpus: number;
  readonly gpuSeconds: number | undefined;
  readonly forMs: number;
  readonly gapMs: number;
};

const step: fc.Arbitrary<Step> = fc.record({
  what: fc.constantFrom('reserve', 'reserve', 'free', 'park', 'end'),
  name: fc.nat(3),
  under: fc.constantFrom(whole, part),
  gpus: fc.integer({ min: 1, max: 8 }),
  gpuSeconds: fc.option(fc.integer({ min: 1, max: 900 }), { nil: undefined }),
  forMs: fc.integer({ min: 1, max: 400 }),
  gapMs: fc.nat(100),
});

type Holding = Step & { readonly fromMs: number; readonly endMs: number };
type Spent = { readonly under: MandateId; readonly gpuSeconds: number };

/** The same life in plain lists: nothing is folded, and each question goes through all of it. */
type Book = {
  authority: Authority;
  nowMs: number;
  readonly held: Map<number, Holding>;
  readonly parked: Map<number, Holding>;
  readonly over: (Holding | Spent)[];
};

function live(steps: readonly Step[]): Book {
  const limits = { gpus: 1, gpuSeconds: 1, spendMicroEur: 1 };
  const authority = follow(
    emptyAuthority,
    0,
    granted(whole, limits),
    granted(part, { from: whole, ...limits, sponsor: 'person:eve' }),
  );
  const book: Book = { authority, nowMs: 0, held: new Map(), parked: new Map(), over: [] };
  for (const one of steps) {
    book.nowMs += one.gapMs;
    const contract = `C-${one.name + 101}`;
    const before = book.held.get(one.name);
    const standing = before !== undefined && before.endMs > book.nowMs ? before : undefined;
    if (one.what === 'reserve') reserve(book, one, contract, standing);
    if (one.what === 'free' && standing !== undefined) free(book, standing, contract);
    if (one.what === 'park') parkOne(book, one);
    const waits = book.parked.get(one.name);
    if (one.what === 'end' && waits !== undefined) {
      const approval = `A-${one.name + 1}`;
      book.authority = follow(book.authority, book.nowMs, { kind: 'approval-used', approval });
      book.parked.delete(one.name);
    }
  }
  return book;
}

function amounts({ gpus, gpuSeconds }: Step): object {
  return { gpus, ...(gpuSeconds === undefined ? {} : { gpuSeconds, spendMicroEur: gpuSeconds * 7 }) };
}

function reserve(book: Book, one: Step, contract: string, before: Holding | undefined): void {
  if (before !== undefined && before.under !== one.under) free(book, before, contract);
  const last = book.held.get(one.name);
  if (last !== undefined && before === undefined) return;
  const endMs = book.nowMs + one.forMs;
  const event = { kind: 'mandate-reserved', mandate: one.under, contract, ...amounts(one), endMs };
  book.authority = follow(book.authority, book.nowMs, event);
  book.held.set(one.name, { ...one, fromMs: book.nowMs, endMs });
}

function free(book: Book, before: Holding, contract: string): void {
  const gpuSeconds = 3;
  const event = { kind: 'mandate-freed', mandate: before.under, contract, atMs: book.nowMs, gpuSeconds };
  book.authority = follow(book.authority, book.nowMs, { ...event, spendMicroEur: 7 * gpuSeconds });
  book.held.delete(before.name);
  book.over.push({ under: before.under, gpuSeconds });
}

/** Asks for what waits with the number of the next approval; each is asked for once. */
function parkOne(book: Book, one: Step): void {
  const number = book.authority.approvals.size;
  const endMs = book.nowMs + one.forMs;
  const digest = digestOf(number);
  book.authority = follow(book.authority, book.nowMs, {
    kind: 'approval-requested',
    approval: `A-${number + 1}`,
    command: { kind: 'commit-plan', plan: 'plan-aaaaaaaaaaaaaaaa', planDigest: digest },
    digest,
    tier: 3,
    persons: 1,
    why: [],
    need: { blastGpus: 0, ...amounts(one) },
    mandate: one.under,
    expiresAtMs: endMs,
  });
  book.parked.set(number, { ...one, fromMs: book.nowMs, endMs });
}

type Total = { readonly gpus: number; readonly gpuSeconds: number };

/** What is taken under a mandate by now, one contract left out. */
function used({ held, parked, over, nowMs }: Book, id: MandateId, besides?: number): Total {
  const counts = ({ under }: { under: MandateId }) => id === whole || under === part;
  const waiting = [...parked.values()].filter((one) => counts(one) && nowMs < one.endMs);
  const taken = [...held.values()].filter((one) => counts(one) && one.name !== besides);
  const running = taken.filter((one) => nowMs < one.endMs);
  return {
    gpus: [...running, ...waiting].reduce((sum, one) => sum + one.gpus, 0),
    gpuSeconds: [...taken, ...waiting, ...over.filter(counts)].reduce(
      (sum, one) => sum + (one.gpuSeconds ?? 0),
      0,
    ),
  };
}

/** The same authority as if a mandate had been granted with other limits. */
function relimited(authority: Authority, id: MandateId, limits: object): Authority {
  const mandates = new Map(authority.mandates);
  const record = mandates.get(id);
  if (record === undefined) throw new Error(`${id} was granted`);
  mandates.set(id, { ...record, mandate: { ...record.mandate, ...limits } });
  return { ...authority, mandates };
}

const need = { gpus: 2, blastGpus: 9, gpuSeconds: 5, spendMicroEur: 35 };

/** Limits that an act with `need` just reaches. */
function brim({ gpus, gpuSeconds }: Total): { gpus: number; gpuSeconds: number; spendMicroEur: number } {
  return { gpus: gpus + 2, gpuSeconds: gpuSeconds + 5, spendMicroEur: (gpuSeconds + 5) * 7 };
}

/** One less than the brim: what is said of it. */
function tight(total: Total, id: MandateId) {
  const { gpus, gpuSeconds, spendMicroEur } = brim(total);
  return [
    {
      limits: { gpus: gpus - 1 },
      fault: { limit: 'gpus', asked: '2', left: `1 of ${gpus - 1}`, mandate: id },
    },
    {
      limits: { gpuSeconds: gpuSeconds - 1 },
      fault: { limit: 'gpu-seconds', asked: '5', left: `4 of ${gpuSeconds - 1}`, mandate: id },
    },
    {
      limits: { spendMicroEur: spendMicroEur - 1 },
      fault: { limit: 'spend', asked: '35', left: `34 of ${spendMicroEur - 1}`, mandate: id },
    },
  ] as const;
}

describe('what a mandate has left', () => {
  test('is what no contract and no parked act under it has taken, in 1000 lives', () => {
    const seen = { parked: 0, over: 0, held: 0 };
    fc.assert(
      fc.property(fc.array(step, { maxLength: 14 }), fc.nat(4), (steps, other) => {
        const book = live(steps);
        // What has ended is changed by nobody: only a contract that stands can be what an act is about.
        const besides = (book.held.get(other)?.endMs ?? 0) > book.nowMs ? other : -1;
        const totals = [whole, part].map((id) => ({ id, total: used(book, id, besides) }));
        const full = totals.reduce(
          (authority, { id, total }) => relimited(authority, id, brim(total)),
          book.authority,
        );
        const asked = {
          act: act({ need }),
          atMs: book.nowMs,
          besides: besides < 0 ? {} : { contract: ContractId.parse(`C-${besides + 101}`) },
        };
        expect(faultsOf(full, part, asked)).toEqual([]);
        expect(mandateFor(full, bot, asked)).toEqual({ mandate: whole, faults: [] });
        for (const { id, total } of totals)
          for (const { limits, fault } of tight(total, id))
            expect(faultsOf(relimited(full, id, limits), part, asked)).toEqual([fault]);
        seen.parked += book.parked.size;
        seen.over += book.over.length;
        seen.held += book.held.size;
      }),
      { numRuns: 1000, seed: 61 },
    );
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(200);
  });

  test('does not count the approval that is carried out, nor the release of a contract', () => {
    const parked = (command: object) => ({
      kind: 'approval-requested',
      approval: 'A-1',
      command,
      digest: digestOf('x'),
      tier: 3,
      persons: 1,
      why: [],
      need,
      mandate: whole,
      expiresAtMs: 500,
    });
    const commit = { kind: 'commit-plan', plan: 'plan-aaaaaaaaaaaaaaaa', planDigest: digestOf('x') };
    const grant = granted(whole, { gpus: 3 });
    const one = follow(emptyAuthority, 0, grant, parked(commit));
    const asked = { act: act({ need }), atMs: 10 };
    expect(limitsOf(one, asked)).toEqual(['gpus']);
    const approval = approvalOf(one, ApprovalId.parse('A-1'));
    if (approval === undefined) throw new Error('it was asked for');
    expect(limitsOf(one, { ...asked, besides: { approval } })).toEqual([]);
    expect(limitsOf(one, { ...asked, atMs: 499 })).toEqual(['gpus']);
    expect(limitsOf(one, { ...asked, atMs: 500 })).toEqual([]);
    const release = follow(emptyAuthority, 0, grant, parked({ kind: 'release-contract', contract: 'C-101' }));
    expect(limitsOf(release, asked)).toEqual([]);
  });
});

const mandate = (limits: object = {}) => follow(emptyAuthority, 0, granted(whole, limits));

describe('an act of an agent', () => {
  test.each([
    ['commit', 'contract_commit'],
    ['change', 'contract_change'],
    ['release', 'contract_release'],
    ['hold', 'plan_hold'],
    ['maintain', 'maintenance_start'],
    ['bind', 'engine_bind'],
  ] as const)('to %s needs the tool %s', (action, tool) => {
    expect(limitsOf(mandate({ tools: [tool] }), { act: act({ action }), atMs: 0 })).toEqual([]);
    expect(
      faultsOf(mandate({ tools: ['event_search'] }), whole, { act: act({ action }), atMs: 0, besides: {} }),
    ).toEqual([{ limit: 'tools', asked: tool, left: 'event_search', mandate: whole }]);
  });

  test.each([
    'import',
    'grant',
    'vouch',
    'override',
    'approve',
    'stop',
    'record',
    'register-tenant',
  ] as const)('to %s no mandate allows', (action) => {
    const all = mandate({ tools: ['contract_commit', 'plan_hold', action.replaceAll('-', '_')] });
    expect(limitsOf(all, { act: act({ action }), atMs: 0 })).toEqual(['tools']);
  });

  test('is for its tenants and inside its places only', () => {
    const narrow = mandate({ sites: at(['fra1/h1', 'ams2']) });
    expect(limitsOf(narrow, { act: act({ places: at(['fra1/h1/r1/n01', 'ams2/x']) }), atMs: 0 })).toEqual([]);
    expect(
      faultsOf(narrow, whole, {
        act: act({ tenant: TenantId.parse('globex'), places: at(['fra1/h1/r1', 'fra1/h10', 'fra1']) }),
        atMs: 0,
        besides: {},
      }),
    ).toEqual([
      { limit: 'tenants', asked: 'globex', left: 'acme', mandate: whole },
      { limit: 'sites', asked: 'fra1/h10, fra1', left: 'fra1/h1, ams2', mandate: whole },
    ]);
    const { tenant: _tenant, ...nobody } = act();
    expect(limitsOf(narrow, { act: nobody, atMs: 0 })).toEqual([]);
  });

  test('stands until the millisecond before the mandate ends, and not once it was taken back', () => {
    expect(limitsOf(mandate(), { act: act(), atMs: endOfAll - 1 })).toEqual([]);
    expect(limitsOf(mandate(), { act: act(), atMs: endOfAll })).toEqual(['expiry']);
    expect(standingFaults(mandate(), whole, endOfAll - 1)).toEqual([]);
    const back = follow(mandate(), 700, { kind: 'mandate-revoked', mandate: whole, reason: 'over' });
    expect(standingFaults(back, whole, endOfAll)).toEqual([
      { limit: 'revoked', asked: 'begin', left: 'revoked at 700', mandate: whole },
      { limit: 'expiry', asked: 'begin', left: `expired at ${endOfAll}`, mandate: whole },
    ]);
    expect(mandateFor(back, bot, { act: act(), atMs: 800, besides: {} })).toEqual({
      faults: [{ limit: 'mandate', asked: bot, left: 'no mandate was granted to it' }],
    });
  });

  test('may hit as many GPUs as the blast radius says, also where it only gives back', () => {
    for (const action of ['commit', 'release'] as const) {
      const tools = ['contract_commit', 'contract_release'];
      const asked = { act: act({ action, need }), atMs: 0 };
      expect(limitsOf(mandate({ tools, blastGpus: 9 }), asked)).toEqual([]);
      expect(limitsOf(mandate({ tools, blastGpus: 8 }), asked)).toEqual(['blast-radius']);
    }
  });

  test('that gives back, or keeps a place free, takes nothing of what is left', () => {
    const poor = { gpus: 1, gpuSeconds: 0, spendMicroEur: 0 };
    const tools = ['contract_release', 'maintenance_start', 'plan_hold'];
    for (const [action, limits] of [
      ['release', []],
      ['maintain', []],
      ['hold', ['gpus', 'gpu-seconds', 'spend']],
    ] as const)
      expect(limitsOf(mandate({ tools, ...poor }), { act: act({ action, need }), atMs: 0 })).toEqual(limits);
  });

  test('without an end or a price fits into no budget, however large', () => {
    const { gpuSeconds: _seconds, spendMicroEur: _spend, ...open } = need;
    const rich = mandate({ gpuSeconds: 1_000_000, spendMicroEur: 1_000_000 });
    expect(faultsOf(rich, whole, { act: act({ need: open }), atMs: 0, besides: {} })).toEqual([
      { limit: 'gpu-seconds', asked: 'without a bound', left: '1000000 of 1000000', mandate: whole },
      { limit: 'spend', asked: 'without a bound', left: '1000000 of 1000000', mandate: whole },
    ]);
    expect(limitsOf(mandate({ gpus: 2 }), { act: act({ need: open }), atMs: 0 })).toEqual([]);
  });

  test('is held against the mandate with the fewest faults, the earliest of those', () => {
    const third = MandateId.parse('M-3');
    const three = follow(
      emptyAuthority,
      0,
      granted(whole, { gpus: 1, tenants: ['globex'] }),
      granted(part, { gpus: 1 }),
      granted(third, { tenants: ['initech'] }),
      granted(MandateId.parse('M-4'), { agent: 'agent:other' }),
    );
    const asked = { act: act({ need }), atMs: 0, besides: {} };
    expect(mandateFor(three, bot, asked)).toMatchObject({ mandate: part, faults: [{ limit: 'gpus' }] });
    const other = { ...asked, act: act({ need, tenant: TenantId.parse('initech') }) };
    expect(mandateFor(three, bot, other)).toEqual({ mandate: third, faults: [] });
    expect(mandateFor(three, PrincipalId.parse('agent:nobody'), asked).mandate).toBeUndefined();
  });

  test('is answered for by the sponsors of the whole chain who are people', () => {
    const chain = follow(
      emptyAuthority,
      0,
      granted(whole, {}),
      granted(part, { from: whole, sponsor: 'agent:bot' }),
      granted(MandateId.parse('M-3'), { from: part, sponsor: 'person:eve' }),
    );
    expect(sponsorsOf(chain, MandateId.parse('M-3'))).toEqual(['person:eve', 'person:sven']);
    expect(sponsorsOf(chain, whole)).toEqual(['person:sven']);
  });
});
