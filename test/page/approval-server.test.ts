import { describe, expect, test, vi } from 'vitest';

import type { Caller } from '../../src/control/control.ts';
import { ApprovalId } from '../../src/model/id.ts';
import { type Desk, key, openDesk, wish } from '../control/desk.ts';
import { approve, asks, otherDigest, person, signerOf } from '../control/people.ts';
import { openPage, raw, signedIn, visitorAt } from './visitor.ts';

vi.setConfig({ testTimeout: 60_000 });

const path = '/approvals/A-3';

/** The demo, with A-3 waiting: 16 GPUs that an agent wants. */
async function waiting(): Promise<Desk> {
  const desk = await openDesk();
  const { approval } = await asks(desk, 'nightly-1');
  expect(approval?.id).toBe('A-3');
  return desk;
}

/** Somebody wants a place closed, for which others have to be asked. */
async function closing(desk: Desk, place: string, caller: Caller, reason = 'firmware'): Promise<string> {
  const { approval } = await desk.control.scheduleMaintenance(caller, {
    place,
    from: '2026-12-20T00:00:00Z',
    to: '2026-12-20T06:00:00Z',
    reason,
    idemKey: key('close-it'),
  });
  return approval?.id ?? 'none';
}

async function stateOf({ control }: Desk, id = 'A-3'): Promise<string> {
  return (await control.approval(person('olga'), ApprovalId.parse(id))).approval.state;
}

describe('a person who opens the link of the terminal', () => {
  test('sees what waits, all that a yes would be to, and says it', async () => {
    const desk = await waiting();
    const page = await openPage(desk);
    const olga = await signedIn(page);
    const list = await olga.get('/approvals');
    expect(list.text).toMatch(/Waits for you.*href="\/approvals\/A-3".*16 GPUs at fra1 for globex/s);

    const { approval } = await desk.control.approval(person('olga'), ApprovalId.parse('A-3'));
    const shown = await olga.get(path);
    expect(shown.status).toBe(200);
    for (const said of [
      approval.digest,
      'agent:ops-bot',
      'mcp:test',
      'M-1',
      '1132.80 EUR',
      'fra1/h1/r12/n',
      'an agent moves 16 GPUs or more (tier-3-agent-size, Berth: how much say people have)',
      'allowed at fra1 by base/1, tenancy/1',
      'the yes of one person, which does it',
      'berth approve A-3',
    ])
      expect(shown.text).toContain(said);

    const answer = await olga.say('A-3', 'approve');
    expect([answer.status, answer.headers.get('location')]).toEqual([303, path]);
    const after = await olga.get(path);
    expect(after.text).toMatch(/Approved, contract C-106: what was asked for is done\..*Ledger entry 28\./s);
    expect(after.text).not.toContain('class="word"');
    expect((await olga.get(path)).text).not.toContain('Ledger entry 28.');
    expect(page.told).toEqual(['A-3 done']);

    const [entry] = await desk.ledger.read(27, 1);
    expect(entry).toMatchObject({
      actor: { principal: 'person:olga', client: 'berth-page', byHand: true },
      command: { kind: 'approve-plan', planDigest: approval.digest },
    });
    expect(await desk.control.verify()).toMatchObject({ ok: true });
  });

  test('says no with a reason, and not without one', async () => {
    const desk = await waiting();
    const olga = await signedIn(await openPage(desk));
    expect((await olga.say('A-3', 'reject', '  ')).status).toBe(303);
    expect((await olga.get(path)).text).toContain('A no needs a reason');
    expect(await stateOf(desk)).toBe('open');
    await olga.say('A-3', 'reject', 'not before <b>the audit</b>');
    const after = await olga.get(path);
    expect(after.text).toContain('nothing was done, and what was held for it is free');
    expect(after.text).toContain('not before &#60;b&#62;the audit');
    expect(await stateOf(desk)).toBe('rejected');
    expect((await olga.get('/approvals')).text).toContain('Nothing waits for you.');
    expect((await olga.get('/approvals?all')).text).toMatch(/Over.*A-3.*rejected/s);
  });

  test('finds every page unkept, unframed, without a script, and its style', async () => {
    const olga = await signedIn(await openPage(await waiting()));
    for (const at of ['/approvals', path, '/approvals/A-99', '/nothing', '/style.css']) {
      const { headers, text } = await olga.get(at);
      expect(headers.get('content-security-policy')).toBe(
        "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
      );
      expect([headers.get('cache-control'), headers.get('x-frame-options')]).toEqual(['no-store', 'DENY']);
      expect([headers.get('x-content-type-options'), headers.get('referrer-policy')]).toEqual([
        'nosniff',
        'same-origin',
      ]);
      expect(text).not.toMatch(/<script|<iframe|<img|style=|onclick|javascript:/i);
    }
  });

  test('signs out', async () => {
    const olga = await signedIn(await openPage(await waiting()));
    expect((await olga.post('/sign-out', {})).headers.get('set-cookie')).toContain('Max-Age=0');
    expect((await olga.get('/approvals')).status).toBe(401);
  });
});

describe('the link', () => {
  test('is good once, and gives a strict cookie that no script reads', async () => {
    const page = await openPage(await waiting());
    const link = page.newLink();
    const first = await fetch(link, { redirect: 'manual' });
    expect([first.status, first.headers.get('location')]).toEqual([303, '/approvals']);
    expect(first.headers.get('set-cookie')).toMatch(
      /^berth-page-[0-9a-f]{8}=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/,
    );
    const second = await fetch(link, { redirect: 'manual' });
    expect([second.status, second.headers.get('set-cookie')]).toEqual([403, null]);
    expect(await second.text()).toContain('Press Enter at the terminal');
  });

  test('is not used up by a look at its headers', async () => {
    const page = await openPage(await waiting());
    const link = page.newLink();
    await fetch(link, { method: 'HEAD' });
    expect((await fetch(link, { redirect: 'manual' })).status).toBe(303);
  });

  test('ends with the next one, after ten minutes, and a sign-in after half an hour of silence', async () => {
    const page = await openPage(await waiting());
    const old = page.newLink();
    page.newLink();
    expect((await fetch(old, { redirect: 'manual' })).status).toBe(403);
    const late = page.newLink();
    page.clock.atMs += 601_000;
    expect((await fetch(late, { redirect: 'manual' })).status).toBe(403);
    const olga = await signedIn(page);
    page.clock.atMs += 1_700_000;
    expect((await olga.get('/approvals')).status).toBe(200);
    page.clock.atMs += 1_801_000;
    expect((await olga.get('/approvals')).status).toBe(401);
  });

  test('signs out who came before', async () => {
    const page = await openPage(await waiting());
    const first = await signedIn(page);
    await signedIn(page);
    expect((await first.get('/approvals')).status).toBe(401);
  });
});

describe('nobody else', () => {
  test.each(['', 'berth-page-00000000=x', 'garbage; ;=;', `berth-page=${'a'.repeat(4000)}`])(
    'sees or says anything with the cookie %j',
    async (cookie) => {
      const desk = await waiting();
      const page = await openPage(desk);
      await signedIn(page);
      const stranger = visitorAt(page, cookie);
      for (const at of ['/approvals', path, '/approvals/A-99', '/nothing']) {
        const { status, text } = await stranger.get(at);
        expect(status).toBe(401);
        expect(text).not.toMatch(/ops-bot|GPUs|sha256|olga/);
      }
      expect((await stranger.post(path, { decision: 'approve' })).status).toBe(401);
      expect(await stateOf(desk)).toBe('open');
    },
  );

  test.each<[string, Record<string, string>]>([
    ['without an Origin', { origin: '' }],
    ['of another site', { origin: 'https://evil.example' }],
    ['of another port of this machine', { origin: 'http://127.0.0.1:1' }],
    ['of nowhere', { origin: 'null' }],
    ['that a browser calls cross-site', { 'sec-fetch-site': 'cross-site' }],
    [
      'that a browser calls same-site',
      { 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' },
    ],
  ])('has a form sent %s', async (_what, headers) => {
    const desk = await waiting();
    const olga = await signedIn(await openPage(desk));
    const fields = { ...(await olga.form(path)), decision: 'approve', reason: '' };
    const refused = await olga.post(path, fields, headers);
    expect(refused.status).toBe(403);
    expect(await stateOf(desk)).toBe('open');
    // The form itself was good, and still is.
    expect((await olga.post(path, fields, { 'sec-fetch-site': 'same-origin' })).status).toBe(303);
    expect(await stateOf(desk)).toBe('used');
  });

  test('is let in under another name of this machine, or into a frame', async () => {
    const page = await openPage(await waiting());
    const { cookie } = await signedIn(page);
    expect(await raw(page.origin, '/approvals', { host: 'evil.example', cookie })).toBe(403);
    expect(await raw(page.origin, '/approvals', { host: 'localhost:1', cookie })).toBe(200);
    const foreign = {
      host: 'localhost',
      cookie,
      'sec-fetch-site': 'cross-site',
      'sec-fetch-mode': 'navigate',
    };
    expect(await raw(page.origin, path, { ...foreign, 'sec-fetch-dest': 'iframe' })).toBe(403);
    expect(await raw(page.origin, path, { ...foreign, 'sec-fetch-dest': 'document' })).toBe(200);
    expect(await raw(page.origin, '/style.css', { ...foreign, 'sec-fetch-mode': 'no-cors' })).toBe(403);
  });
});

describe('a form', () => {
  test('without its word, with a made-up one or with that of another approval does nothing', async () => {
    const desk = await waiting();
    await asks(
      desk,
      'nightly-2',
      wish({ nodes: 2, where: ['ams2'], models: ['H100', 'H200', 'A100'] }),
    ).catch(() => undefined);
    const olga = await signedIn(await openPage(desk));
    const { form = '', digest = '' } = await olga.form(path);
    const fields = { form, digest, decision: 'approve', reason: '' };
    const { form: _form, ...without } = fields;
    expect((await olga.post(path, without)).status).toBe(400);
    expect((await olga.post(path, { ...fields, form: 'x'.repeat(43) })).status).toBe(403);
    expect((await olga.post('/approvals/A-2', fields)).status).toBe(403);
    expect(await stateOf(desk)).toBe('open');
    // It was used up by that, wherever it went.
    expect((await olga.post(path, fields)).status).toBe(403);
    expect(await stateOf(desk)).toBe('open');
  });

  test('counts once', async () => {
    const desk = await waiting();
    const olga = await signedIn(await openPage(desk));
    const fields = { ...(await olga.form(path)), decision: 'approve', reason: '' };
    const answers = await Promise.all([1, 2, 3].map(() => olga.post(path, fields)));
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([303, 403, 403]);
    expect((await desk.control.head()).seq).toBe(28);
  });

  test('of somebody who signed in anew is none of the old one', async () => {
    const desk = await waiting();
    const page = await openPage(desk);
    const before = await signedIn(page);
    const fields = { ...(await before.form(path)), decision: 'approve', reason: '' };
    const after = await signedIn(page);
    expect((await after.post(path, fields)).status).toBe(403);
    expect(await stateOf(desk)).toBe('open');
  });

  test('with another digest than was shown does nothing', async () => {
    const desk = await waiting();
    const olga = await signedIn(await openPage(desk));
    const fields = { ...(await olga.form(path)), digest: otherDigest, decision: 'approve', reason: '' };
    expect((await olga.post(path, fields)).status).toBe(403);
    expect(await stateOf(desk)).toBe('open');
  });

  test('is told that this changed since, where the number stands for something else now', async () => {
    const desk = await waiting();
    let isOther = false;
    const page = await openPage(desk, 'olga', {
      approval: async (caller, id) => {
        const detail = await desk.control.approval(caller, id);
        return isOther ? { ...detail, approval: { ...detail.approval, digest: otherDigest } } : detail;
      },
    });
    const olga = await signedIn(page);
    const fields = { ...(await olga.form(path)), decision: 'approve', reason: '' };
    isOther = true;
    const answer = await olga.post(path, fields);
    expect(answer.status).toBe(409);
    expect(answer.text).toContain('This changed since you looked');
    expect(answer.text).toContain(otherDigest);
    expect(await stateOf(desk)).toBe('open');
  });

  test('signs what was shown, and where something else waits nothing', async () => {
    const desk = await waiting();
    const page = await openPage(desk, 'olga', {
      approval: async (caller, id) => {
        const detail = await desk.control.approval(caller, id);
        return { ...detail, approval: { ...detail.approval, digest: otherDigest } };
      },
    });
    const olga = await signedIn(page);
    expect((await olga.say('A-3', 'approve')).status).toBe(303);
    expect((await olga.get(path)).text).toContain('A-3 is about something else than what was shown');
    expect(page.told).toEqual([]);
    expect(await stateOf(desk)).toBe('open');
  });

  test.each<[string, string | Record<string, string>, number]>([
    ['', '', 400],
    ['garbage', '%ff%00&&&==', 400],
    ['a field twice', 'decision=approve&decision=reject', 400],
    ['another word', { decision: 'maybe' }, 400],
    ['too long', { reason: 'x'.repeat(9_000) }, 413],
    ['endless', { reason: 'x'.repeat(5_000_000) }, 413],
  ])('that is %s is refused', async (_what, wrong, status) => {
    const desk = await waiting();
    const olga = await signedIn(await openPage(desk));
    const fields = { ...(await olga.form(path)), decision: 'approve', reason: '' };
    const answer = await olga.post(path, typeof wrong === 'string' ? wrong : { ...fields, ...wrong });
    expect(answer.status).toBe(status);
    expect(answer.text).toContain('Nothing was done');
    expect(await stateOf(desk)).toBe('open');
    expect((await olga.post(path, fields)).status).toBe(303);
  });

  test('in another format, or another method, is refused', async () => {
    const desk = await waiting();
    const page = await openPage(desk);
    const olga = await signedIn(page);
    const fields = { ...(await olga.form(path)), decision: 'approve', reason: '' };
    const json = await olga.post(path, JSON.stringify(fields), { 'content-type': 'application/json' });
    expect(json.status).toBe(415);
    const put = await fetch(`${page.origin}${path}`, { method: 'PUT', headers: { cookie: olga.cookie } });
    expect([put.status, put.headers.get('allow')]).toEqual([405, 'GET, HEAD, POST']);
    expect((await olga.get(`${path}?${new URLSearchParams(fields).toString()}`)).status).toBe(200);
    expect(await stateOf(desk)).toBe('open');
  });
});

describe('what the core would refuse is refused here too', () => {
  test('an approval that expired', async () => {
    const desk = await waiting();
    const olga = await signedIn(await openPage(desk));
    const fields = { ...(await olga.form(path)), decision: 'approve', reason: '' };
    desk.clock.atMs += 5 * 3_600_000;
    const answer = await olga.post(path, fields);
    expect([answer.status, answer.text.includes('A-3 is expired meanwhile')]).toEqual([409, true]);
    expect((await olga.get(path)).text).not.toContain('name="decision"');
  });

  test("one's own wish: there is no button, and a forged one counts for nothing", async () => {
    const desk = await openDesk();
    const onBehalfOf = person('olga').principal;
    const id = await closing(desk, 'fra1-r12-n04', { ...person('sven'), onBehalfOf });
    const olga = await signedIn(await openPage(desk));
    expect((await olga.get('/approvals')).text).toMatch(/Waits for others/);
    const shown = await olga.get(`/approvals/${id}`);
    expect(shown.text).toContain('It was asked for in your name');
    expect(shown.text).not.toContain('value="approve"');
    await olga.say(id, 'approve');
    expect((await olga.get(`/approvals/${id}`)).text).toMatch(/Nothing was done/);
    expect(await stateOf(desk, id)).toBe('open');
    await olga.say(id, 'reject', 'thought better of it');
    expect(await stateOf(desk, id)).toBe('rejected');
  });

  test('what a stopped agent wants', async () => {
    const desk = await waiting();
    const olga = await signedIn(await openPage(desk));
    const fields = { ...(await olga.form(path)), decision: 'approve', reason: '' };
    await desk.control.recordAuthority(person('rita'), {
      command: { kind: 'stop', target: { kind: 'principal', id: 'agent:ops-bot' }, reason: 'odd' },
    });
    expect((await olga.post(path, fields)).status).toBe(303);
    expect((await olga.get(path)).text).toMatch(/Nothing was done\.<\/p><p>[^<]*stopped/);
    expect(await stateOf(desk)).not.toBe('used');
  });
});

/** A whole site is closed: two others say yes. */
async function two(): Promise<{ desk: Desk; id: string }> {
  const desk = await openDesk();
  const id = await closing(desk, 'iad3', person('sven'));
  const { approval } = await desk.control.approval(person('olga'), ApprovalId.parse(id));
  expect(approval.persons).toBe(2);
  return { desk, id };
}

describe('what needs two persons', () => {
  test('is done by the second of them, each on a page of their own', async () => {
    const { desk, id } = await two();
    const olga = await signedIn(await openPage(desk, 'olga'));
    const rita = await signedIn(await openPage(desk, 'rita'));
    await olga.say(id, 'approve');
    expect((await olga.get(`/approvals/${id}`)).text).toContain('1 more must say yes');
    expect(await stateOf(desk, id)).toBe('open');
    await olga.say(id, 'approve');
    expect(await stateOf(desk, id)).toBe('open');
    expect((await rita.get(`/approvals/${id}`)).text).toContain('the yes of one person, which does it');
    await rita.say(id, 'approve');
    expect(await stateOf(desk, id)).toBe('used');
  });

  test('and whoever looked before the first yes is told that theirs is the last one now', async () => {
    const { desk, id } = await two();
    const rita = await signedIn(await openPage(desk, 'rita'));
    const fields = { ...(await rita.form(`/approvals/${id}`)), decision: 'approve', reason: '' };
    await approve(desk, id, 'olga', signerOf('olga'));
    const answer = await rita.post(`/approvals/${id}`, fields);
    expect(answer.status).toBe(409);
    expect(answer.text).toContain('Meanwhile person:olga said yes');
    expect(await stateOf(desk, id)).toBe('open');
  });
});

test('who loses something by it, and which rule with its article closed another site, stand on the page', async () => {
  const desk = await openDesk();
  const rack = { ...wish({ tenant: 'acme', nodes: 4, where: ['fra1'] }), mayPreempt: true };
  const ends = await asks(desk, 'preempt-1', rack, person('sven'));
  const bank = wish({ tenant: 'initech-bank', models: ['H200-SXM-141GB'], where: ['ams2'] });
  const regulated = await asks(desk, 'bank-1', bank);
  const rita = await signedIn(await openPage(desk, 'rita'));
  const losing = (await rita.get(`/approvals/${ends.approval?.id ?? ''}`)).text;
  expect(losing).toMatch(/what others lose<\/dt>\s*<dd><ul>\s*<li>C-102 ends: 16 GPUs; /);
  expect(losing).toContain('(tier-3-preemption, Berth: how much say people have)');
  const { verdict = [] } = await desk.control.approval(
    person('rita'),
    ApprovalId.parse(regulated.approval?.id),
  );
  const hits = verdict.flatMap(({ site, hits: found }) =>
    found.map((hit) => `${site}: closed by ${hit.rule}`),
  );
  const closed = (await rita.get(`/approvals/${regulated.approval?.id ?? ''}`)).text;
  expect(closed).toContain('(tier-3-regulated, ');
  expect(hits.length).toBeGreaterThan(0);
  for (const hit of hits) expect(closed).toContain(hit);
});

test('words of others stay words: who asks, for what, and why', async () => {
  const desk = await openDesk();
  const evil = '<script>alert(1)</script>"><img src=x onerror=alert(1)>';
  const { principal } = person('sven');
  const id = await closing(desk, 'fra1-r12-n04', { principal, client: evil, model: evil }, evil);
  const olga = await signedIn(await openPage(desk));
  const { text } = await olga.get(`/approvals/${id}`);
  expect(text).toContain('&#60;script&#62;alert(1)');
  expect(text).not.toMatch(/<script|<img/);
});

test('a bug is told to the operator with its cause, and to nobody else', async () => {
  const desk = await waiting();
  const page = await openPage(desk, 'olga', { approvals: () => Promise.reject(new Error('secret inside')) });
  const olga = await signedIn(page);
  const { status, text } = await olga.get('/approvals');
  expect(status).toBe(500);
  expect(text).not.toContain('secret inside');
  const [, reference = 'none'] = /reference ([0-9a-f]{8})/.exec(text) ?? [];
  expect(page.told.join('\n')).toContain(reference);
  expect(page.told.join('\n')).toContain('secret inside');
});

test('who asks too often waits', async () => {
  const page = await openPage(await waiting(), 'olga', {}, 0);
  const stranger = visitorAt(page);
  const statuses: number[] = [];
  for (let at = 0; at < 65; at++) statuses.push((await stranger.get('/approvals')).status);
  expect(new Set(statuses)).toEqual(new Set([401, 429]));
  expect(statuses.indexOf(429)).toBe(60);
});
