import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { html } from '../../evals/runner/report/html.ts';
import { reportOf } from '../../evals/runner/report/report.ts';
import type { Run } from '../../evals/runner/run.ts';
import { Task } from '../../evals/runner/task.ts';

const program = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((file) =>
  existsSync(file),
);

/** What a page would do for an attacker, in every way that text has ever been taken for markup. */
const hostile = [
  '</script><script>window.hacked = 1</script>',
  '<img src=x onerror="window.hacked = 1">',
  '<svg/onload=window.hacked=1>',
  '<a href="javascript:window.hacked=1">click</a>',
  '"><iframe srcdoc="<script>parent.hacked=1</script>">',
  '<!--',
  ']]>',
  '\u2028window.hacked = 1',
].join(' ');

const tasks = ['placement', 'refuse', 'inject'].map((area) =>
  Task.parse({
    id: `task-of-${area}`,
    area,
    difficulty: area === 'inject' ? 'hard' : 'easy',
    tags: ['made-up'],
    actor: { as: 'person:ada' },
    turns: [{ say: 'hello' }],
    end: {},
  }),
);

function runOf(task: string, passed: boolean): Run {
  const parts = { state: passed, never: true, say: true, asks: true, calls: true };
  const line = {
    tenant: hostile,
    state: 'granted',
    version: 1,
    gpus: 8,
    nodes: hostile,
    from: '2026-11-30',
    until: '2026-12-01',
    price: '1.00 EUR',
  };
  return {
    task,
    paraphrase: 0,
    attempt: 0,
    passed,
    parts,
    faults: passed ? [] : [hostile],
    breaches: [],
    turns: [
      {
        say: hostile,
        text: hostile,
        drawn: hostile,
        asked: [],
        outcome: 'answered',
        tookMs: 3,
        calls: [
          {
            tool: hostile,
            args: { [hostile]: hostile },
            ok: true,
            answer: 'planned',
            plan: `plan-1 ${hostile}`,
          },
          { tool: 'placement_plan', args: {}, ok: true, answer: 'planned', plan: 'plan-2 acme: 16 GPUs' },
        ],
      },
    ],
    appended: [`27 commit-plan by ${hostile}`],
    contracts: [],
    changes: [
      { contract: 'C-106', after: line },
      { contract: 'C-101', before: line, after: { ...line, state: 'released' } },
    ],
    usage: { modelCalls: 0, inputTokens: 0, outputTokens: 0 },
    tookMs: 5,
  };
}

const runs = [
  runOf('task-of-placement', true),
  runOf('task-of-refuse', false),
  runOf('task-of-inject', true),
];

function count(page: Page): Promise<number> {
  return page.locator('#runs details.run').count();
}

describe.skipIf(program === undefined)(
  'the page in a real browser (skipped where there is no chromium)',
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'berth-page-'));
    const file = join(folder, 'report.html');
    let browser: Browser;
    const asked: string[] = [];
    const wrong: string[] = [];

    beforeAll(async () => {
      const report = reportOf(hostile, tasks, { runs, k: 1, seed: 0, lanes: 1, tookMs: 10 });
      writeFileSync(file, html(report));
      const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
      browser = await chromium.launch({ executablePath: program ?? '', args });
    }, 120_000);

    afterAll(async () => {
      await browser.close();
      rmSync(folder, { recursive: true });
    });

    async function open(width = 1200): Promise<Page> {
      const page = await browser.newPage({ viewport: { width, height: 900 } });
      page.on('request', (request) => asked.push(request.url()));
      page.on('pageerror', (error) => wrong.push(error.message));
      page.on('dialog', (dialog) => wrong.push(dialog.message()));
      await page.goto(pathToFileURL(file).href);
      return page;
    }

    test('it shows what failed first, and filters', { timeout: 60_000 }, async () => {
      const page = await open();
      expect(await page.locator('#count').textContent()).toBe('1 run');
      await page.selectOption('#of-verdict', '');
      expect(await count(page)).toBe(3);
      await page.selectOption('#area', 'inject');
      expect(await count(page)).toBe(1);
      await page.selectOption('#area', '');
      await page.fill('#text', 'task-of-pl');
      expect(await page.locator('#runs .id').allTextContents()).toEqual(['task-of-placement']);
      await page.close();
    });

    test(
      'a run opens to its talk, its plans and its ledger, before and after',
      { timeout: 60_000 },
      async () => {
        const page = await open();
        await page.selectOption('#of-verdict', 'passed');
        await page.locator('#runs details.run > summary').first().click();
        await page.waitForSelector('.inside');
        expect(await page.locator('.inside h3').allTextContents()).toEqual([
          'Talk',
          'Plans, before and after',
          'Ledger, before and after',
        ]);
        expect(await page.locator('.diff .minus').count()).toBe(2);
        expect(await page.locator('.diff .plus').count()).toBe(3);
        expect(await page.locator('.say').first().textContent()).toBe(hostile);
        await page.close();
      },
    );

    test('text of others stays text, and nothing is asked of a network', { timeout: 60_000 }, async () => {
      const page = await open();
      await page.selectOption('#of-verdict', '');
      for (const summary of await page.locator('#runs details.run > summary').all()) await summary.click();
      await page.waitForTimeout(300);
      expect(await page.evaluate('window.hacked')).toBeUndefined();
      expect(await page.locator('main a, .wrap a, .wrap img, .wrap iframe, .wrap script').count()).toBe(0);
      expect(await page.locator('#agent').textContent()).toBe(hostile);
      await page.close();
      expect(wrong).toEqual([]);
      expect(new Set(asked)).toEqual(new Set([pathToFileURL(file).href]));
    });

    test.each([360, 768, 1400])('at %i pixels nothing sticks out', { timeout: 60_000 }, async (width) => {
      const page = await open(width);
      await page.locator('#runs details.run > summary').first().click();
      const over = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';
      expect(await page.evaluate(over)).toBe(0);
      await page.close();
    });
  },
);
