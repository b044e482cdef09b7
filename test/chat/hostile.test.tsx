import { PassThrough } from 'node:stream';

import * as fc from 'fast-check';
import { cleanup, render } from 'ink-testing-library';
import { afterEach, expect, test, vi } from 'vitest';

import type { Shown, Turn } from '../../src/agent/agent.ts';
import { callLines } from '../../src/chat/cards/call.ts';
import { drawCard } from '../../src/chat/cards/card.ts';
import { lineWidth } from '../../src/chat/cards/line.ts';
import { drawFolded, drawTurn } from '../../src/chat/cards/turn.ts';
import { runHeadless } from '../../src/chat/headless.ts';
import { App } from '../../src/chat/ink/app.ts';
import { drawEntry } from '../../src/chat/ink/entry.ts';
import { Session } from '../../src/chat/ink/session.ts';
import type { Lookups } from '../../src/chat/look.ts';
import { runPlain } from '../../src/chat/plain.ts';
import { renderAnsi, renderPlain } from '../../src/chat/render.ts';
import { allPictures } from './pictured.ts';
import { plan, samples, scriptedAgent, scriptedLookups, staleChange, turnOf } from './samples.ts';

afterEach(cleanup);

const marker = 'MARK';
const esc = '\u{1b}';

/** What a terminal acts on or hides: sequences that Ink lets through among them. */
const attacks = [
  `${esc}[2J${esc}[H`,
  `${esc}[8mhidden${esc}[28m`,
  `${esc}]8;;https://evil.example${esc}\\click${esc}]8;;${esc}\\`,
  `${esc}]52;c;ZXZpbA==\u{7}`,
  `${esc}]0;title\u{7}`,
  `${esc}P1$r0m${esc}\\`,
  '\u{9b}31m',
  '\u{9d}8;;x\u{9c}',
  '\u{202e}gnp.exe',
  '\u{2066}\u{2067}\u{2069}',
  'zero\u{200b}width\u{200d}\u{feff}',
  '\u{e0001}\u{e0041}\u{e007f}',
  '\u{fe0f}\u{e0100}',
  '\r\noverwritten',
  '\b\b\b',
  '\u{2028}\u{2029}\u{85}',
  '\u{ad}\u{34f}\u{61c}\u{115f}\u{3164}',
  '\u{d800}',
];

const hostile = fc
  .array(fc.oneof(fc.constantFrom(...attacks), fc.string({ unit: 'binary', maxLength: 8 })), {
    minLength: 1,
    maxLength: 6,
  })
  .map((pieces) => marker + pieces.join(' '));

/** Discriminators decide which code runs; a schema has checked them before a card sees them. */
const checkedBySchema = new Set(['kind', 'state', 'outcome']);

/** Puts `text` into every string below `value`, and once as a key of every `labels`. */
function poison(value: unknown, text: string): number {
  if (typeof value !== 'object' || value === null) return 0;
  let count = 0;
  for (const [key, inner] of Object.entries(value)) {
    if (typeof inner === 'string' && !checkedBySchema.has(key))
      count += Number(Reflect.set(value, key, text));
    else count += poison(inner, text);
    if (key === 'labels' && typeof inner === 'object') Reflect.set(inner, text, text);
  }
  return count;
}

function poisoned<T>(sample: T, text: string): T {
  const copy = structuredClone(sample);
  expect(poison(copy, text)).toBeGreaterThan(0);
  return copy;
}

const unsafe = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u;

function expectSafe(output: string): void {
  const withoutColors = output.replaceAll(new RegExp(`${esc}\\[(?:1|2|22|3[1236]|39)m`, 'g'), '');
  expect(withoutColors.replaceAll('\n', '').search(unsafe)).toBe(-1);
  expect(withoutColors.isWellFormed()).toBe(true);
}

const cards: readonly Shown[] = [...Object.values(samples), { kind: 'change', change: staleChange }];

test.each(cards)('no field of a $kind card reaches the terminal unclean, or widens it', (shown) => {
  fc.assert(
    fc.property(hostile, fc.integer({ min: 20, max: 130 }), (text, columns) => {
      const bad = poisoned(shown, text);
      const lines = drawCard(bad, { columns }, { unread: [text] });
      expect(renderPlain(lines)).toContain(marker);
      expectSafe(renderPlain(lines));
      expectSafe(renderAnsi(lines, { color: true }));
      expect(Math.max(...lines.map(lineWidth))).toBeLessThanOrEqual(columns);
    }),
    { seed: 20261122, numRuns: 60 },
  );
});

function hostileTurn(text: string): Turn {
  return turnOf({
    outcome: 'needs_input',
    reply: text,
    shown: [poisoned(samples.plan, text)],
    unread: [text],
    toolCalls: [{ tool: text, args: { [text]: text }, ok: false, tookMs: 1 }],
    question: { text: `${text}?`, missing: [{ slot: text, suggestions: [text, text] }] },
    error: {
      code: 'INTERNAL',
      message: `${text}!`,
      fix: `${text}.`,
      retryable: false,
      field: text,
      allowed: [text],
    },
  });
}

const hostileStatus = (text: string) => () =>
  Promise.resolve({ principal: text, tenants: [text], agent: text, seq: 1, place: text, clockSet: text });

test('no part of an answer, question, error or status gets through in plain lines', async () => {
  await fc.assert(
    fc.asyncProperty(hostile, async (text) => {
      const input = new PassThrough();
      input.end(`hello\n/${text.replaceAll(/[\r\n]/g, '')}\n`);
      let written = '';
      const sink = { write: (part: string) => void (written += part) };
      const agent = scriptedAgent([hostileTurn(text)]);
      await runPlain({
        agent,
        input,
        output: sink,
        errors: sink,
        status: hostileStatus(text),
        lookups: scriptedLookups(),
        columns: 80,
        color: true,
      });
      expect(written).toContain(marker);
      expectSafe(written);
      expectSafe(renderPlain(drawTurn(hostileTurn(text), { columns: 20 })));
    }),
    { seed: 20261122, numRuns: 60 },
  );
});

test('nor headless, as text or as JSON', async () => {
  await fc.assert(
    fc.asyncProperty(hostile, fc.constantFrom('text', 'json', 'stream-json'), async (text, output) => {
      let written = '';
      const sink = { write: (part: string) => void (written += part) };
      const agent = {
        ...scriptedAgent([{ ...hostileTurn(text), outcome: 'planned', plan: poisoned(plan, text) }]),
        name: text,
      };
      const head = () => Promise.resolve({ seq: 1, digest: text });
      await runHeadless({ agent, prompt: 'x', output, head, stdout: sink, stderr: sink });
      expect(written).toContain(marker);
      expectSafe(written);
    }),
    { seed: 20261122, numRuns: 60 },
  );
});

/** Names of a fleet whose operator wishes the reader ill. */
function hostileLookups(text: string): Lookups {
  const names = ['C-1', 'C-2'].map((id) => ({
    text: `${id}${text}`,
    kind: 'contract' as const,
    about: text,
  }));
  return { ...scriptedLookups(), names: () => Promise.resolve(names) };
}

test('nor folded, nor as a call shown whole, nor from a picture beside a plan, nor as Markdown', () => {
  fc.assert(
    fc.property(hostile, fc.integer({ min: 20, max: 130 }), (text, columns) => {
      const turn = { ...hostileTurn(text), usage: { modelCalls: 1, inputTokens: 1, outputTokens: 1 } };
      const racks = poisoned(allPictures, text).pictures.flatMap((each) =>
        each.kind === 'rack' ? [each] : [],
      );
      const call = { tool: text, args: { [text]: text }, ok: true, tookMs: 1 };
      const lines = [
        ...drawFolded(turn, { columns }, { racks, plan: poisoned(plan, text) }),
        ...callLines(call, { ok: true, content: { [text]: [text, { text }] } }, { columns }),
        ...drawEntry({ kind: 'tool', call, id: 0 }, { columns }),
      ];
      expect(renderPlain(lines)).toContain(marker);
      expectSafe(renderAnsi(lines, { color: true }));
      expect(Math.max(...lines.map(lineWidth))).toBeLessThanOrEqual(columns);
    }),
    { seed: 20261122, numRuns: 100 },
  );
});

/** All attacks, three at a time, and a few random ones. */
const onScreen = [
  ...attacks.flatMap((_, i) => (i % 3 === 0 ? [marker + attacks.slice(i, i + 3).join(' ')] : [])),
  ...fc.sample(hostile, { seed: 20261122, numRuns: 6 }),
];

test.each(onScreen)('nor on the screen, typed, pasted or answered (%#)', async (text) => {
  const turn = { ...hostileTurn(text), outcome: 'planned', plan: poisoned(plan, text) } as const;
  const session = new Session({
    agent: scriptedAgent([turn]),
    status: hostileStatus(text),
    lookups: hostileLookups(text),
  });
  const { frames } = render(<App session={session} color={true} />);
  session.press([{ kind: 'paste', text }, { kind: 'submit' }]);
  await vi.waitFor(() => expect(session.view().open.plan).toBeDefined());
  session.press([{ kind: 'insert', text }, { kind: 'left' }, { kind: 'search' }, { kind: 'paste', text }]);
  await vi.waitFor(() => expect(frames.at(-1)).toContain('search: '));
  session.press([
    { kind: 'escape' },
    { kind: 'clear' },
    { kind: 'insert', text: 'C-' },
    { kind: 'complete' },
  ]);
  await vi.waitFor(() => expect(frames.at(-1)).toContain('C-1'));
  session.press([{ kind: 'expand' }]);
  expect(frames.join('')).toContain(marker);
  for (const frame of frames) expectSafe(frame);
});
