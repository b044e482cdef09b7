import {
  array,
  assert,
  asyncProperty,
  constantFrom,
  nat,
  oneof,
  shuffledSubarray,
  string,
  stringMatching,
} from 'fast-check';
import { expect, test } from 'vitest';

import { cleanText } from '../../src/model/text.ts';
import { talk } from './say.ts';

const seed = 20261125;
const runs = { seed, numRuns: 60 } as const;

/** Independent parts of one request; each says one thing. */
const parts = [
  '16 H100',
  'with NVLink',
  'for 3 days',
  'from next Monday',
  'in the EU',
  'under GDPR',
  'for team acme',
  'cheapest',
  'budget 5k€',
  'same rack',
  'not in Amsterdam',
  'preemptible',
];
const required = ['16 H100', 'for 3 days', 'from next Monday', 'for team acme'];

const demandOf = async (line: string) => (await talk([line])).fleet.last('placement_plan')?.['demand'];

const shuffled = shuffledSubarray(parts, { minLength: parts.length });

test.each([', ', ' ', '; ', '\n'])(
  'any order of the parts, joined by %j, is the same demand',
  async (joint) => {
    const expected = await demandOf(parts.join(', '));
    expect(expected).toBeDefined();
    await assert(
      asyncProperty(shuffled, async (order) => {
        expect(await demandOf(order.join(joint))).toEqual(expected);
      }),
      runs,
    );
  },
);

test('filler between the parts changes nothing', async () => {
  const expected = await demandOf(parts.join(', '));
  const filler = constantFrom(
    'please',
    'just',
    'um',
    'I would like',
    'and',
    'thanks',
    'you know',
    'basically',
  );
  await assert(
    asyncProperty(
      shuffled,
      array(filler, { minLength: parts.length, maxLength: parts.length }),
      async (order, words) => {
        const line = order
          .map((part, i) => `${words[i] ?? ''} ${part}`)
          .join(' ')
          .replaceAll('you know', 'well');
        expect(await demandOf(line)).toEqual(expected);
      },
    ),
    runs,
  );
});

test('without a required part there is a question and no plan', async () => {
  await assert(
    asyncProperty(shuffled, constantFrom(...required), async (order, gone) => {
      const { last, fleet } = await talk([order.filter((part) => part !== gone).join(', ')]);
      expect(last.outcome).toBe('needs_input');
      expect(fleet.last('placement_plan')).toBeUndefined();
    }),
    runs,
  );
});

test('an unread denial, condition, number or repetition stops a plan wherever it stands', async () => {
  const stops = constantFrom(
    'except for weekends',
    'without sharing',
    'unless broken',
    'but not the old ones',
    'never overnight',
    'if cheap',
    '42',
    'number 7',
    'every week',
    'nothing shared',
    'ohne Lärm',
    'no surprises',
    'avoid dust',
    '3 of those',
    'excluding beta',
  );
  await assert(
    asyncProperty(shuffled, stops, nat(parts.length), async (order, stop, at) => {
      const { last, fleet } = await talk([order.toSpliced(at, 0, stop).join(', ')]);
      expect(fleet.last('placement_plan')).toBeUndefined();
      expect(last.outcome).toBe('needs_input');
    }),
    { seed, numRuns: 120 },
  );
});

test('another value for the same slot is asked about', async () => {
  const rivals = constantFrom(
    'for globex',
    '24 H200',
    '8 H100',
    'for 5 days',
    'from tomorrow',
    'cheapest and greenest',
    'budget 7k€',
  );
  await assert(
    asyncProperty(shuffled, rivals, nat(parts.length), async (order, rival, at) => {
      const { last, fleet } = await talk([order.toSpliced(at, 0, rival).join(', ')]);
      expect(fleet.last('placement_plan')).toBeUndefined();
      expect(last.outcome).toBe('needs_input');
    }),
    runs,
  );
});

test('unknown content words are given back as written', async () => {
  const words = stringMatching(/^[b-df-hj-np-tv-z]{5,9}$/u);
  await assert(
    asyncProperty(words, nat(parts.length), async (word, at) => {
      const { last } = await talk([parts.toSpliced(at, 0, word.toUpperCase()).join(', ')]);
      expect(last.unread).toEqual([word.toUpperCase()]);
    }),
    runs,
  );
});

test('the order of sites, tenants and racks in the summary changes nothing', async () => {
  const line = parts.join(', ');
  const [plain, turned] = [await talk([line]), await talk([line], { shuffled: true })];
  expect(turned.fleet.last('placement_plan')).toEqual(plain.fleet.last('placement_plan'));
});

test('no garbage crashes, changes anything, or gives back what a terminal could act on', async () => {
  const pieces = oneof(
    string({ unit: 'grapheme', maxLength: 12 }),
    constantFrom(
      ...parts,
      'yes',
      'release C-104',
      'C-101',
      '\u001b[2J',
      '\u202e',
      'x',
      '1/0',
      '€',
      '-',
      'ok do it',
      'why',
      'Q9',
      '99:99',
      'n02',
    ),
  );
  await assert(
    asyncProperty(array(pieces, { maxLength: 9 }), async (line) => {
      const { last, fleet } = await talk([line.join(' ')]);
      const changes = fleet.calls.filter(
        ({ tool }) => tool === 'contract_commit' || tool === 'contract_release',
      );
      expect(changes).toEqual([]);
      expect(cleanText(last.reply, 5000)).toBe(last.reply);
      for (const word of last.unread) expect(cleanText(word)).toBe(word);
    }),
    { seed, numRuns: 300 },
  );
});

test('a long line of words that start many patterns is read in time', async () => {
  const line = 'what if between 1 and for the next a how many not cost of dec 1 to 16 '.repeat(40);
  const startMs = performance.now();
  await talk([line]);
  expect(performance.now() - startMs).toBeLessThan(1500);
});
