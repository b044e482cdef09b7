import { existsSync } from 'node:fs';

import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { ApprovalId } from '../../src/model/id.ts';
import { key, openDesk } from '../control/desk.ts';
import { asks, person } from '../control/people.ts';
import { type Opened, openPage } from './visitor.ts';

const program = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((file) =>
  existsSync(file),
);

/** What a page would do for an attacker if words of others were taken for markup. */
const hostile = '</p><script>window.hacked = 1</script><img src=x onerror="window.hacked = 1">';

describe.skipIf(program === undefined)(
  'the approval page in a real browser (skipped where there is no chromium)',
  () => {
    let browser: Browser;

    beforeAll(async () => {
      const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
      browser = await chromium.launch({ executablePath: program ?? '', args });
    }, 120_000);
    afterAll(() => browser.close());

    async function opened(more: Parameters<Browser['newContext']>[0] = {}) {
      const desk = await openDesk();
      await desk.control.scheduleMaintenance(
        { principal: person('sven').principal, client: hostile, model: hostile },
        {
          place: 'fra1-r12-n04',
          from: '2026-12-20T00:00:00Z',
          to: '2026-12-20T06:00:00Z',
          reason: hostile,
          idemKey: key('close-1'),
        },
      );
      const asked = await asks(desk, 'nightly-2');
      const site = await openPage(desk);
      const context = await browser.newContext({ viewport: { width: 1100, height: 900 }, ...more });
      const wrong: string[] = [];
      const page = await context.newPage();
      page.on('pageerror', (error) => wrong.push(error.message));
      // A browser tells of every page that it is not let in to.
      page.on('console', (said) => said.text().includes('401 (Unauthorized)') || wrong.push(said.text()));
      page.on('request', (request) => {
        if (!request.url().startsWith(site.origin)) wrong.push(request.url());
      });
      return { desk, site, context, page, wrong, id: asked.approval?.id ?? 'none' };
    }

    test('a person signs in, reads, approves, and sees what came of it', { timeout: 120_000 }, async () => {
      const { desk, site, context, page, wrong, id } = await opened({ javaScriptEnabled: false });
      await page.goto(`${site.origin}/approvals/${id}`);
      expect(await page.locator('h1').textContent()).toBe('Sign in at your terminal');
      await signIn(page, site);
      await page.getByRole('link', { name: id, exact: true }).click();
      expect(await page.locator('h1').textContent()).toBe(`${id} open`);
      const { approval } = await desk.control.approval(person('olga'), ApprovalId.parse(id));
      expect(await page.getByText(approval.digest).count()).toBe(1);
      await page.getByRole('button', { name: `Approve ${id}` }).click();
      expect(await page.getByRole('status').textContent()).toMatch(
        /Approved, contract C-\d+: what was asked for is done/,
      );
      expect(await page.getByRole('button', { name: /Approve/ }).count()).toBe(0);
      await page.reload();
      expect(await page.locator('h1').textContent()).toBe(`${id} used`);
      expect(site.told).toEqual([`${id} done`]);
      expect(wrong).toEqual([]);
      const [cookie] = await context.cookies();
      expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Strict', domain: '127.0.0.1' });
      await context.close();
    });

    test('a form that goes back in the browser counts no second time', { timeout: 120_000 }, async () => {
      const { site, context, page, id } = await opened();
      await signIn(page, site);
      await page.goto(`${site.origin}/approvals/${id}`);
      await page.getByLabel(/Reason/).fill('not before the audit');
      // Enter in the reason of a no is that no.
      await page.getByLabel(/Reason/).press('Enter');
      expect(await page.getByRole('status').textContent()).toContain('Rejected');
      await page.goBack();
      const approve = page.getByRole('button', { name: `Approve ${id}` });
      if ((await approve.count()) > 0) await approve.click();
      expect(site.told).toEqual([`${id} turned-down`]);
      await context.close();
    });

    test(
      'another page on this machine can send no form, frame nothing and read nothing',
      { timeout: 120_000 },
      async () => {
        const { desk, site, context, page, id } = await opened();
        await signIn(page, site);
        await page.goto(`${site.origin}/approvals/${id}`);
        const value = (name: string) => page.locator(`.word input[name=${name}]`).first().inputValue();
        const inputs = `<input name="form" value="${await value('form')}"><input name="digest" value="${await value('digest')}">`;
        const evil = await evilPage(
          context,
          `<form method="post" action="${site.origin}/approvals/${id}">${inputs}
        <input name="decision" value="approve"><input name="reason"><button>win</button></form>
        <iframe src="${site.origin}/approvals/${id}"></iframe>`,
        );
        await evil.waitForTimeout(300);
        const [, frame] = evil.frames();
        expect(await frame?.content().catch(() => '')).not.toContain('sha256');
        await evil.getByRole('button').click();
        expect(await evil.locator('h1').textContent()).toBe('Not from here');
        const { approval } = await desk.control.approval(person('olga'), ApprovalId.parse(id));
        expect(approval.state).toBe('open');
        await context.close();
      },
    );

    test.each([360, 768])(
      'at %i pixels and in the dark nothing sticks out, and words stay words',
      { timeout: 120_000 },
      async (width) => {
        const { site, context, page, wrong, id } = await opened({
          viewport: { width, height: 800 },
          colorScheme: 'dark',
        });
        await signIn(page, site);
        for (const path of ['/approvals', `/approvals/${id}`, '/approvals/A-3', '/approvals?all']) {
          await page.goto(`${site.origin}${path}`);
          const over = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';
          expect(await page.evaluate(over)).toBe(0);
          expect(await page.evaluate('window.hacked')).toBeUndefined();
        }
        expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe(
          'rgb(17, 20, 24)',
        );
        expect(wrong).toEqual([]);
        await context.close();
      },
    );
  },
);

/** A page of somebody else, at another port of the same machine. */
async function evilPage(context: BrowserContext, body: string): Promise<Page> {
  const page = await context.newPage();
  await page.route('http://127.0.0.1:9/**', (route) =>
    route.fulfill({ contentType: 'text/html', body: `<!doctype html><title>evil</title>${body}` }),
  );
  await page.goto('http://127.0.0.1:9/');
  return page;
}

async function signIn(page: Page, site: Opened): Promise<void> {
  await page.goto(site.newLink());
  expect(new URL(page.url()).pathname).toBe('/approvals');
}
