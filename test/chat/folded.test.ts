import { describe, expect, test } from 'vitest';

import { approvalsCard } from '../../src/chat/cards/approvals.ts';
import { argumentWords } from '../../src/chat/cards/call.ts';
import { cut, lineWidth } from '../../src/chat/cards/line.ts';
import { planDiff } from '../../src/chat/cards/plan-diff.ts';
import { ruleLines, verbOf } from '../../src/chat/cards/rules.ts';
import { drawFolded, drawTurn } from '../../src/chat/cards/turn.ts';
import { seatMap } from '../../src/chat/pictures/seat-map.ts';
import { renderPlain } from '../../src/chat/render.ts';
import { Path, PlanId, TenantId } from '../../src/model/id.ts';
import type { RackPicture } from '../../src/model/picture-view.ts';
import type { RuleHit } from '../../src/model/policy.ts';
import { allPictures } from './pictured.ts';
import { approvals, plan, planned, samples, turnOf } from './samples.ts';

const columns = 80;

function text(lines: Parameters<typeof renderPlain>[0]): string {
  return `${renderPlain(lines)}\n`;
}

/** A rack of the pictures, put where the plan is. */
const rack = allPictures.pictures.find((each): each is RackPicture => each.kind === 'rack');
if (rack === undefined) throw new Error('the samples have a rack');
const there: RackPicture = {
  ...rack,
  id: Path.parse('fra1/h1/r12'),
  nodes: rack.nodes.map((node, i) => ({ ...node, id: Path.parse(`fra1/h1/r12/n0${i + 2}`) })),
};

describe('folded', () => {
  test('a plan beside the one before it, in its rack', async () => {
    const { totalMicroEur = 0 } = plan.price;
    const before = {
      ...plan,
      id: PlanId.parse('plan-0000000000000000'),
      sites: [Path.parse('ams2')],
      price: { ...plan.price, totalMicroEur: totalMicroEur + 345_600_000 },
    };
    const lines = drawFolded(planned, { columns }, { plan: before, racks: [there] });
    await expect(text(lines)).toMatchFileSnapshot('../golden/chat/folded-plan-80.txt');
  });

  test('a verdict', async () => {
    const lines = drawFolded(turnOf({ reply: 'No.', shown: [samples.policy] }), { columns });
    await expect(text(lines)).toMatchFileSnapshot('../golden/chat/folded-policy-80.txt');
  });

  test('what has nothing to fold is drawn whole, without a word about folding', () => {
    const turn = turnOf({ reply: 'Hello.', shown: [samples.contracts] });
    expect(drawFolded(turn, { columns })).toEqual(drawTurn(turn, { columns }));
  });
});

const hit = (site: string, rule: string, more: Partial<RuleHit> = {}): RuleHit & { site: string } => ({
  site,
  rule,
  article: 'Art. 1',
  effect: 'forbid',
  why: `why at ${site}`,
  fix: `fix of ${rule}`,
  ...more,
});

describe('rules', () => {
  test('each stands once, with every site it bites and every reason', () => {
    const lines = ruleLines([hit('a', 'r1'), hit('b', 'r2'), hit('c', 'r1')], verbOf, { columns });
    expect(renderPlain(lines).split('\n')).toEqual([
      '  r1 (Art. 1) forbids: a, c',
      '    because why at a',
      '    because why at c',
      '    fix: fix of r1',
      '  r2 (Art. 1) forbids: b',
      '    because why at b',
      '    fix: fix of r2',
    ]);
  });

  test('that forbid and that lack a fact are told apart, also under one name', () => {
    const lines = ruleLines([hit('a', 'r1'), hit('b', 'r1', { effect: 'fact-missing' })], verbOf, {
      columns,
      folded: true,
    });
    expect(renderPlain(lines)).toContain('r1 (Art. 1) forbids: a\n');
    expect(renderPlain(lines)).toContain('r1 (Art. 1) a fact is missing: b');
  });

  test('folded, a verdict of many rules about many sites is less than a screen, and names every rule', () => {
    const hits = Array.from({ length: 20 }, (_, i) =>
      ['a', 'b', 'c'].map((site) => hit(site, `rule-${i}`)),
    ).flat();
    const lines = ruleLines(hits, verbOf, { columns, folded: true });
    expect(lines.length).toBeLessThanOrEqual(20);
    for (let i = 0; i < 20; i++) expect(renderPlain(lines)).toMatch(new RegExp(`rule-${i}\\b`));
  });
});

test('what changed since the plan before is said thing by thing; the same plan says nothing', () => {
  expect(planDiff(plan, plan, { columns })).toEqual([]);
  expect(planDiff(undefined, plan, { columns })).toEqual([]);
  const dearer = { ...plan, id: PlanId.parse('plan-0000000000000001'), tenant: TenantId.parse('globex') };
  const lines = renderPlain(planDiff(dearer, plan, { columns }));
  expect(lines).toContain('Changed since plan-0000000000000001:');
  expect(lines).toContain('tenant  globex -> acme');
  expect(lines).not.toContain('where');
  const { totalMicroEur: _total, ...open } = plan.price;
  expect(renderPlain(planDiff({ ...dearer, price: open }, plan, { columns }))).toContain(
    'open-ended -> 2,764.80 EUR',
  );
});

test('the seats of a plan are told from those of others, and a screen reader is spared them', () => {
  const drawn = renderPlain(seatMap(plan, [there], { columns }));
  expect(drawn).toContain(`A ${plan.id} (acme), 16 GPUs`);
  expect(drawn).toMatch(/n03\[A{8}\]/);
  expect(drawn).toMatch(/n02\[C{4}\.{3}x\]/);
  expect(seatMap(plan, [there], { columns, spoken: true })).toEqual([]);
  expect(seatMap(plan, [], { columns })).toEqual([]);
});

test('an approval that waits ends in what a person types, one that is over in what became of it', () => {
  const drawn = renderPlain(approvalsCard(approvals, { columns }));
  expect(drawn).toMatch(/^A-3 open: /m);
  expect(drawn).toMatch(/^ {2}command +berth approve A-3$/m);
  expect(drawn).toMatch(/^A-2 rejected: /m);
  expect(drawn).toContain('by person:olga: still needed');
  expect(drawn).not.toContain('berth approve A-2');
});

test.each([
  [{}, ''],
  [{ tenant: 'acme', limit: 50, all: true }, 'tenant=acme limit=50 all=true'],
  [{ ids: ['r12', 'a b'], x: { y: null } }, 'ids=[r12,"a b"] x={y:null}'],
  [{ a: undefined, b: '' }, 'b=""'],
])('arguments %j are `%s`', (args, words) => {
  expect(argumentWords(args)).toBe(words);
});

test.each([
  ['short', 10, 'short'],
  ['a longer one', 8, 'a longe…'],
  ['日本語です', 6, '日本…'],
])('`%s` in %i cells is `%s`', (long, cells, shown) => {
  expect(cut(long, cells)).toBe(shown);
  expect(lineWidth([{ text: cut(long, cells) }])).toBeLessThanOrEqual(cells);
});
