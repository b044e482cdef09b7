import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { describe, expect, test } from 'vitest';

import {
  formatCores,
  formatCount,
  formatEur,
  formatMbps,
  formatMib,
  formatWatts,
} from '../../src/chat/cards/amount.ts';
import { compressDevices } from '../../src/chat/cards/devices.ts';
import { formatAt, formatInstant, formatLength, formatWindow, localTime } from '../../src/chat/cards/time.ts';
import { chooseFrontEnd, type Surroundings } from '../../src/chat/mode.ts';
import { renderPlain, wantsColor } from '../../src/chat/render.ts';
import { readSlash } from '../../src/chat/slash.ts';
import { type ChatStatus, readStatus, statusLine, statusPhrases } from '../../src/chat/status.ts';
import { status } from './samples.ts';

describe('amounts', () => {
  test.each([
    [0, '0.00 EUR'],
    [1, '0.000001 EUR'],
    [10_000, '0.01 EUR'],
    [1_500_000, '1.50 EUR'],
    [1_234_500_000, '1,234.50 EUR'],
    [3_110_400_123, '3,110.400123 EUR'],
    [999_999_999_999, '999,999.999999 EUR'],
    [Number.MAX_SAFE_INTEGER, '9,007,199,254.740991 EUR'],
  ])('%i micro-euros are %s', (micro, text) => {
    expect(formatEur(micro)).toBe(text);
  });

  test('counts, cores, memory, power, bandwidth', () => {
    expect([0, 999, 1000, 1_234_567].map(formatCount)).toEqual(['0', '999', '1,000', '1,234,567']);
    expect([96_000, 1500, 250, 1_000_000].map(formatCores)).toEqual(['96', '1.5', '0.25', '1,000']);
    expect([512, 1024, 81_559, 1_048_576, 2_147_483_648].map(formatMib)).toEqual([
      '512 MiB',
      '1 GiB',
      '79.6 GiB',
      '1 TiB',
      '2,048 TiB',
    ]);
    expect([0, 9999, 10_200].map(formatWatts)).toEqual(['0 W', '9,999 W', '10.2 kW']);
    expect([500, 400_000, 2500].map(formatMbps)).toEqual(['500 Mbit/s', '400 Gbit/s', '2.5 Gbit/s']);
  });
});

describe('times', () => {
  test.each([
    ['2026-11-30T00:00:00+01:00', 'Mon 30 Nov 2026 00:00 +01:00'],
    ['2026-11-30T23:59:07.5Z', 'Mon 30 Nov 2026 23:59:07 UTC'],
    ['2024-02-29T12:00-05:30', 'Thu 29 Feb 2024 12:00 -05:30'],
    ['whenever', 'whenever'],
  ])('%s is %s', (iso, text) => {
    expect(formatInstant(iso)).toBe(text);
  });

  test.each([
    [0, '0 seconds'],
    [90_000, '1 minute 30 seconds'],
    [3_600_000, '1 hour'],
    [259_200_000, '3 days'],
    [86_400_000 + 43_200_000, '1 day 12 hours'],
  ])('%i ms is %s', (ms, text) => {
    expect(formatLength(ms)).toBe(text);
  });

  test('a window says both offsets when the clocks change in it', () => {
    const start = '2027-03-27T00:00:00+01:00';
    const end = '2027-03-29T00:00:00+02:00';
    const zone = 'Europe/Berlin';
    expect(formatWindow({ start, end, startMs: Date.parse(start), endMs: Date.parse(end), zone })).toBe(
      'Sat 27 Mar 2027 00:00 +01:00 to Mon 29 Mar 2027 00:00 +02:00 (Europe/Berlin, 1 day 23 hours)',
    );
    expect(formatWindow({ start, startMs: 0, zone })).toBe(
      'from Sat 27 Mar 2027 00:00, open-ended (Europe/Berlin)',
    );
  });

  test('milliseconds in a zone, an offset, and one nobody knows', () => {
    const atMs = Date.parse('2026-11-30T00:30:00Z');
    expect(formatAt(atMs, 'Europe/Berlin')).toBe('Mon 30 Nov 2026 01:30');
    expect(formatAt(atMs, '-05:00')).toBe('Sun 29 Nov 2026 19:30');
    expect(formatAt(atMs, 'Nowhere/Land')).toBe('Mon 30 Nov 2026 00:30 UTC');
    expect(formatAt(Infinity, 'UTC')).toBe('Infinity UTC');
    expect(localTime('2026-11-30T00:30:00Z')).toBe('Mon 30 Nov 2026 00:30');
  });
});

test.each([
  [[], ''],
  [['fra1/n1/gpu0', 'fra1/n1/gpu1', 'fra1/n1/gpu2'], 'gpu0-2'],
  [['a/gpu7', 'a/gpu0', 'a/gpu1', 'a/gpu10', 'a/gpu1'], 'gpu0-1,7,10'],
  [['a/nic0', 'a/gpu3', 'a/nic1'], 'gpu3 nic0-1'],
  [['a/mig-x', 'a/0000:3b:00.0'], '0000:3b:00.0 mig-x'],
])('devices %j are %j', (ids, text) => {
  expect(compressDevices(ids)).toBe(text);
});

describe('the front end', () => {
  const terminal: Surroundings = {
    stdinIsTty: true,
    stdoutIsTty: true,
    prompt: false,
    plain: false,
    env: { TERM: 'xterm-256color' },
  };

  test.each<[string, Partial<Surroundings>, string]>([
    ['a terminal', {}, 'ink'],
    ['-p', { prompt: true, stdinIsTty: false }, 'headless'],
    ['--plain', { plain: true }, 'plain'],
    ['piped input', { stdinIsTty: false }, 'plain'],
    ['piped output', { stdoutIsTty: false }, 'plain'],
    ['ACCESSIBLE=1', { env: { ACCESSIBLE: '1' } }, 'plain'],
    ['ACCESSIBLE=0', { env: { ACCESSIBLE: '0' } }, 'ink'],
    ['INK_SCREEN_READER=true', { env: { INK_SCREEN_READER: 'true' } }, 'plain'],
    ['TERM=dumb', { env: { TERM: 'dumb' } }, 'plain'],
    ['CI=true', { env: { CI: 'true' } }, 'plain'],
    ['CI=false', { env: { CI: 'false' } }, 'ink'],
    ['no TERM at all', { env: {} }, 'ink'],
  ])('%s', (_what, change, kind) => {
    expect(chooseFrontEnd({ ...terminal, ...change }).kind).toBe(kind);
  });
});

test.each([
  [{}, true, true],
  [{}, false, false],
  [{ NO_COLOR: '1' }, true, false],
  [{ NO_COLOR: '' }, true, true],
  [{ NO_COLOR: '1', FORCE_COLOR: '1' }, true, false],
  [{ FORCE_COLOR: '1' }, false, true],
  [{ FORCE_COLOR: '0' }, true, false],
  [{ TERM: 'dumb' }, true, false],
])('with %j on a terminal (%s) colours are %s', (env, isTty, wanted) => {
  expect(wantsColor(env, isTty)).toBe(wanted);
});

describe('slash commands', () => {
  test.each([
    ['/contracts', { kind: 'ask', text: 'list contracts' }],
    ['/inventory', { kind: 'ask', text: 'show inventory' }],
    ['/inventory  fra1/r11 ', { kind: 'ask', text: 'show inventory fra1/r11' }],
    ['/WHY', { kind: 'ask', text: 'why this plan' }],
    ['/quit', { kind: 'leave' }],
    ['/', { kind: 'help' }],
    ['/constructor', { kind: 'unknown', name: 'constructor' }],
    ['/contrats', { kind: 'unknown', name: 'contrats', meant: 'contracts' }],
    ['contracts', undefined],
  ])('%s', (text, slash) => {
    expect(readSlash(text)).toEqual(slash);
  });
});

test('the status: what matters most first, and a reason when it cannot be read', async () => {
  expect(statusPhrases(await status())).toEqual([
    'person:ada',
    'acme',
    '60 of 260 GPUs free',
    'ledger entry 42',
    'built-in interpreter, nothing leaves this machine',
    'clock set to Wed 25 Nov 2026 10:00 +01:00',
    '/tmp/berth/ledger.sqlite',
  ]);
  expect(statusPhrases({ principal: 'agent:ops-bot', agent: 'qwen3', seq: 0, place: 'memory' })).toEqual([
    'agent:ops-bot',
    'model qwen3, which gets what is said and what tools answer',
    'ledger entry 0',
    'all tenants',
    'memory',
  ]);
  const failed = await readStatus(() => Promise.reject(new Error('ledger locked')));
  expect(statusPhrases(failed)).toEqual(['status unknown: ledger locked']);
});

describe('the status line', () => {
  const full: ChatStatus = {
    principal: 'person:ada',
    tenants: ['acme', 'globex'],
    sites: ['ams2', 'edge-muc', 'fra1', 'iad3'],
    agent: 'built-in',
    insteadOf: 'gpt-5 at api.example',
    seq: 12_345,
    place: '/home/ada/.berth/ledger.db',
    readOnly: 'the checkpoint folder is gone',
    clockSet: '2026-11-25T10:00:00+01:00',
    freeGpus: 140,
    totalGpus: 212,
    freeW: 812_000,
  };

  test('says all of it where there is room, and at 80 columns what matters most', () => {
    expect(row(full, 200)).toBe(
      'read-only | ada | acme, globex | 4 sites | built-in (model failed) | 140/212 GPUs, 812 kW free | entry 12345 | clock set | /home/ada/.berth/ledger.db',
    );
    expect(row(full, 80)).toBe('read-only | ada | acme, globex | built-in (model failed)');
    const usual = { principal: 'person:root', agent: 'built-in', seq: 26, place: '/tmp/l' };
    const counted = { ...usual, sites: full.sites ?? [], freeGpus: 140, totalGpus: 212, freeW: 812_000 };
    expect(row(counted, 80)).toBe(
      'root | all tenants | 4 sites | built-in | 140/212 GPUs, 812 kW free | entry 26',
    );
  });

  test('never loses that nothing can be changed, nor that a model failed, before anything else', () => {
    for (let columns = 40; columns <= 200; columns++) {
      const shown = row(full, columns);
      expect(shown.length, `at ${columns}`).toBeLessThanOrEqual(columns);
      expect(shown).toContain('read-only');
      expect(shown).toContain('model failed');
    }
  });

  test('names the model that reads the requests', () => {
    expect(row({ ...full, agent: 'qwen3' }, 200)).toContain(' | qwen3 | ');
  });
});

function row(shown: ChatStatus, columns: number): string {
  return renderPlain([statusLine(shown, columns)]);
}

/** Everything a file loads before it runs: static imports, followed through the project. */
function loads(file: string, seen = new Set<string>()): Set<string> {
  if (seen.has(file)) return seen;
  seen.add(file);
  for (const [, type, name = ''] of readFileSync(file, 'utf8').matchAll(
    /^import (type )?[^;]*?from '([^']+)';/gms,
  )) {
    if (type !== undefined) continue;
    if (name.startsWith('.')) loads(join(dirname(file), name), seen);
    else seen.add(name);
  }
  return seen;
}

test.each(['plain.ts', 'headless.ts', 'mode.ts', 'ink.ts', 'cards/card.ts'])(
  '%s does not load Ink or React',
  (file) => {
    const loaded = loads(join(import.meta.dirname, '../../src/chat', file));
    expect([...loaded].filter((name) => name === 'ink' || name === 'react' || name.endsWith('.tsx'))).toEqual(
      [],
    );
    expect(loads(join(import.meta.dirname, '../../src/chat/ink/run.ts'))).toContain('ink');
  },
);
