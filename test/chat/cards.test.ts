import { stripVTControlCharacters } from 'node:util';

import { describe, expect, test } from 'vitest';

import { drawCard } from '../../src/chat/cards/card.ts';
import { type Line, lineWidth } from '../../src/chat/cards/line.ts';
import { drawTurn } from '../../src/chat/cards/turn.ts';
import { renderAnsi, renderPlain } from '../../src/chat/render.ts';
import { Refusal as RefusalSchema } from '../../src/model/refusal.ts';
import { plan, planned, refusal, samples, staleChange, turnOf, wavesPlan } from './samples.ts';

const cards = {
  ...samples,
  waves: { kind: 'maintenance', plan: wavesPlan } as const,
  'change-stale': { kind: 'change', change: staleChange } as const,
};

function golden(lines: readonly Line[]): string {
  return `${stripVTControlCharacters(renderAnsi(lines, { color: true }))
    .split('\n')
    .map((row) => row.trimEnd())
    .join('\n')}\n`;
}

describe.each([40, 72, 100])('at %i columns', (columns) => {
  test.each(Object.entries(cards))('the %s card', async (name, shown) => {
    const file = `../golden/chat/${name}-${columns}.txt`;
    await expect(
      golden(drawCard(shown, { columns }, { unread: ['urgently', 'please'] })),
    ).toMatchFileSnapshot(file);
  });
});

test.each(Object.entries(cards))('the %s card fits every width from 20 on', (_name, shown) => {
  for (let columns = 20; columns <= 200; columns++) {
    const widest = Math.max(...drawCard(shown, { columns }, { unread: ['urgently'] }).map(lineWidth));
    expect(widest, `at ${columns} columns`).toBeLessThanOrEqual(columns);
  }
});

test('at 80 columns nothing of a plan is left out', () => {
  const text = renderPlain(drawCard({ kind: 'plan', plan }, { columns: 80 })).replaceAll(/\s+/g, ' ');
  for (const part of [
    'acme',
    'fra1',
    'gpu0-7',
    'nic0-7',
    '16 GPUs',
    '3 days',
    'Europe/Berlin',
    '2,764.80 EUR',
  ])
    expect(text).toContain(part);
  for (const part of ['gdpr-44-eea', plan.id, 'sha256:333333333333', 'guaranteed', 'declared', 'ams2'])
    expect(text).toContain(part);
});

test('colours are SGR and nothing else, and go away', () => {
  const lines = drawTurn(planned, { columns: 80 });
  const colored = renderAnsi(lines, { color: true });
  const escapes = colored.split('\u001b').slice(1);
  expect(escapes.length).toBeGreaterThan(10);
  expect(escapes.filter((rest) => !/^\[\d+m/.test(rest))).toEqual([]);
  expect(renderAnsi(lines, { color: false })).not.toContain('\u001b');
});

test('the reply comes first, the question last, and neither twice', () => {
  const question = {
    text: 'For which tenant?',
    missing: [{ slot: 'tenant', suggestions: ['acme', 'globex'] }],
  };
  const turn = turnOf({ outcome: 'needs_input', reply: 'For which tenant?', question });
  expect(renderPlain(drawTurn(turn, { columns: 80 }))).toBe('For which tenant?\n  1  acme\n  2  globex');
});

test('suggestions that are numbers themselves are not numbered', () => {
  const question = { text: 'How long?', missing: [{ slot: 'duration', suggestions: ['3 days', '1 week'] }] };
  const lines = drawTurn(turnOf({ outcome: 'needs_input', question }), { columns: 80 });
  expect(renderPlain(lines)).toContain('- duration: 3 days, 1 week');
});

test('several missing things are listed', () => {
  const missing = [
    { slot: 'tenant', suggestions: ['acme'] },
    { slot: 'gpus', suggestions: [] },
  ];
  const turn = turnOf({
    outcome: 'needs_input',
    reply: 'Two things are missing.',
    question: { text: 'Which?', missing },
  });
  expect(renderPlain(drawTurn(turn, { columns: 80 }))).toBe(
    'Two things are missing.\nWhich?\n  - tenant: acme\n  - gpus',
  );
});

test('an error says what, where, and what to do', () => {
  const error = {
    code: 'INVALID_INPUT',
    message: '`H1OO` is no GPU model',
    fix: 'name a model of the inventory',
    retryable: false,
    field: 'parts.0.each.gpus.models',
    allowed: ['H100-SXM-80GB', 'L4-24GB'],
    didYouMean: 'H100-SXM-80GB',
  } as const;
  expect(renderPlain(drawTurn(turnOf({ outcome: 'error', error }), { columns: 200 }))).toBe(
    [
      'Error: `H1OO` is no GPU model (in `parts.0.each.gpus.models`)',
      'What to do: name a model of the inventory. Did you mean `H100-SXM-80GB`? Allowed: H100-SXM-80GB, L4-24GB.',
    ].join('\n'),
  );
});

const ruleHits = plan.policy.hits.map(({ rule, article, effect, why, fix }) => ({
  rule,
  article,
  effect,
  why,
  fix,
}));

test.each([
  {
    kind: 'policy-denied',
    hits: ruleHits,
    sites: [],
    constraints: [],
  },
  {
    kind: 'fact-missing',
    facts: [{ attribute: 'operatorSeat', subjectCount: 2, fix: 'import it' }],
    constraints: [],
  },
  { kind: 'model-unknown', asked: ['H1OO'], known: ['H100-SXM-80GB'] },
  { kind: 'place-unknown', asked: plan.sites },
  { kind: 'over-budget', limitMicroEur: 1, basis: 'day', lowestMicroEur: 2_000_000, relaxations: [] },
  { kind: 'window-impossible', why: 'ends before it starts', earliestStartMs: 2, latestStartMs: 1 },
  { kind: 'not-supported', feature: 'MIG on this core' },
  { kind: 'demand-impossible', field: 'survive.membersLeft', why: '3 replicas cannot be left of 2' },
  { kind: 'tenant-unknown', tenant: plan.tenant, known: [] },
  { kind: 'plan-expired', plan: plan.id, expiredAtMs: 0 },
])('a refusal of kind $kind shows its numbers', async (cause) => {
  const parsed = {
    ...refusal,
    kind: cause.kind,
    zone: 'UTC',
    refusal: RefusalSchema.parse(cause),
    sites: [],
    relaxations: [],
  };
  const text = renderPlain(drawCard({ kind: 'refusal', refusal: parsed }, { columns: 90 }));
  await expect(`${text}\n`).toMatchFileSnapshot(`../golden/chat/refusal-of-${cause.kind}.txt`);
});
