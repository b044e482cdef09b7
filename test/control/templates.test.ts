import { describe, expect, test } from 'vitest';

import { createControl } from '../../src/control/create.ts';
import { readTemplate, templateFrom } from '../../src/control/template-file.ts';
import { digestOf } from '../../src/model/canonical.ts';
import type { PlanView } from '../../src/model/plan-view.ts';
import type { ParameterValue, Template } from '../../src/model/template.ts';
import { builtInTemplates } from '../../src/templates/built-in.ts';
import { type Desk, key, limitedTo, nowMs, openDesk, operator, rejection, thePlan } from './desk.ts';
import { agent, person } from './people.ts';

async function openWith(templates: readonly Template[] = builtInTemplates()): Promise<Desk> {
  const desk = await openDesk();
  const clock = { kind: 'set' as const, nowMs: () => desk.clock.atMs };
  return { ...desk, control: createControl({ ledger: desk.ledger, clock, templates: () => templates }) };
}

/** What a plan holds: `2 × 8 H100-SXM-80GB at fra1`, part by part. */
function held({ parts, sites }: PlanView): string {
  const words = parts.map(({ members, gpuCount, gpuModel, slices, spares = [] }) => {
    const what = slices ?? (gpuCount === 0 ? 'no GPU' : `${gpuCount} ${gpuModel ?? ''}`);
    return `${members.length}: ${what}${spares.length === 0 ? '' : `, ${spares.length} spare`}`;
  });
  return `${words.join('; ')} at ${sites.join(', ')}`;
}

/** Every built-in template on the demo world, each with what the fleet there has room for. */
const rows: readonly [string, Record<string, ParameterValue>, string][] = [
  ['fine-tune', {}, '1: 8 H100-SXM-80GB at fra1'],
  ['fine-tune', { gpus: 16, tenant: 'globex', site: 'iad3' }, '2: 16 H100-SXM-80GB at iad3'],
  ['train-gang', { tenant: 'globex', gpus: 32, site: 'iad3' }, '4: 32 H100-SXM-80GB at iad3'],
  ['serve', { model: 'L40S', loss: 'node' }, '2: 2 L40S-48GB, 1 spare at ams2'],
  ['serve', { tenant: 'globex', site: 'iad3' }, '2: 2 H100-SXM-80GB, 2 spare at iad3'],
  ['notebook', {}, '1: 1 MIG slice 1g.10gb at fra1'],
  ['batch', { tenant: 'globex' }, '1: 1 L4-24GB at edge-muc'],
  ['edge-serve', {}, '2: 2 L4-24GB at edge-muc'],
  ['feed-and-train', {}, '1: 8 H100-SXM-80GB; 2: no GPU at fra1'],
];

describe('templates that come with Berth', () => {
  test.each(rows)('%s with %j', async (template, given, expected) => {
    const { control } = await openWith();
    const parameters = { tenant: 'acme', ...given };
    const plan = thePlan(await control.planTemplate(operator, { template, parameters }));
    expect(held(plan)).toBe(expected);
    const [found] = builtInTemplates().filter(({ name }) => name === template);
    expect(plan.template).toMatchObject({ name: template, version: 1, digest: digestOf(found), parameters });
  });

  test('are all tried above', () => {
    const tried = new Set(rows.map(([name]) => name));
    expect(builtInTemplates().filter(({ name }) => !tried.has(name))).toEqual([]);
  });

  test('are found by name, version and words', async () => {
    const { control } = await openWith();
    const names = async (query: object) =>
      (await control.templates({ limit: 50, ...query })).templates.map(
        ({ name, version }) => `${name}@${version}`,
      );
    expect(await names({})).toHaveLength(builtInTemplates().length);
    expect(await names({ name: 'fine-tune@1' })).toEqual(['fine-tune@1']);
    expect(await names({ text: 'RDMA rails' })).toEqual(['train-gang@1']);
    expect(await names({ text: 'quantum' })).toEqual([]);
    const first = await control.templates({ limit: 3 });
    const { templates: rest } = await control.templates({ limit: 50, cursor: first.nextCursor ?? '' });
    expect([...first.templates, ...rest].map(({ name }) => `${name}@1`)).toEqual(await names({}));
    expect(await rejection(control.templates({ limit: 1, name: 'fine-tun' }))).toMatchObject({
      code: 'NOT_FOUND',
      didYouMean: 'fine-tune',
      seeTool: 'template_search',
    });
    expect(await rejection(control.templates({ limit: 1, name: 'batch@7' }))).toMatchObject({
      allowed: ['batch@1'],
    });
  });
});

describe('a plan from a template', () => {
  test('says which it was, stays so when it is made again, and is verified', async () => {
    const desk = await openWith();
    const wish = { template: 'fine-tune', parameters: { tenant: 'globex', site: 'iad3' } };
    const plan = thePlan(await desk.control.planTemplate(operator, wish));
    expect(plan.template?.parameters).toEqual({
      tenant: 'globex',
      site: 'iad3',
      gpus: 8,
      model: 'H100',
      durationS: 604_800,
      start: '2026-11-25T10:00:00+01:00',
    });
    const done = await desk.control.commit(operator, { plan: plan.id, idemKey: key('tune-0001') });
    expect(done.decision).toBe('committed');
    const checks = (await desk.control.verify()).checks.filter(({ ok }) => !ok);
    expect(checks).toEqual([]);
    const kept = await desk.ledger.getBlob(plan.template?.digest ?? digestOf(''));
    expect(JSON.parse(new TextDecoder().decode(kept))).toEqual(builtInTemplates()[0]);
  });

  test('keeps it when the time has moved on', async () => {
    const desk = await openWith();
    const wish = { template: 'fine-tune', parameters: { tenant: 'globex', site: 'iad3' } };
    const { id, template } = thePlan(await desk.control.planTemplate(operator, wish));
    desk.clock.atMs = nowMs + 20 * 60_000;
    const { freshPlan } = await desk.control.commit(operator, { plan: id, idemKey: key('tune-0001') });
    expect(freshPlan?.template).toEqual(template);
  });

  test('is another plan than the same demand without one', async () => {
    const { control } = await openWith();
    const wish = { template: 'notebook', parameters: { tenant: 'acme', start: '2026-11-26T09:00:00Z' } };
    const made = thePlan(await control.planTemplate(operator, wish));
    const plain = thePlan(
      await control.plan(operator, {
        tenant: made.tenant,
        purpose: 'notebook',
        parts: [
          {
            name: 'notebook',
            count: 1,
            each: { gpus: { count: 1, models: ['H100'], slice: { kind: 'mig', profile: '1g.10gb' } } },
          },
        ],
        window: { earliestStart: '2026-11-26T09:00:00Z', durationS: 28_800 },
      }),
    );
    expect(plain.parts).toEqual(made.parts);
    expect([plain.template, plain.digest === made.digest]).toEqual([undefined, false]);
  });

  test('is not made for somebody else, nor from what does not fit', async () => {
    const { control } = await openWith();
    const plan = (template: string, parameters: Record<string, ParameterValue>, caller = operator) =>
      rejection(control.planTemplate(caller, { template, parameters }));
    expect(await plan('fine-tune', { tenant: 'globex' }, limitedTo('acme'))).toMatchObject({
      code: 'FORBIDDEN',
    });
    expect(await plan('fine-tune', { tenant: 'acme', gpus: 12, foo: 1 })).toMatchObject({
      code: 'INVALID_INPUT',
      field: 'parameters.foo',
      message:
        'fine-tune@1 cannot be filled in: `foo`: there is no such parameter; `gpus`: 12 is no multiple of 8',
    });
    expect(await plan('notebook', { tenant: 'acme', profile: '9g.90gb' })).toMatchObject({
      allowed: ['1g.10gb', '2g.20gb', '3g.40gb'],
    });
    expect(await plan('notebook', { tenant: 'acme', start: 'tomorrow' })).toMatchObject({
      field: 'parameters',
    });
    expect(await plan('pretrain', { tenant: 'acme' })).toMatchObject({
      code: 'NOT_FOUND',
      field: 'template',
    });
  });
});

describe("templates of one's own", () => {
  const [, , , serve] = builtInTemplates();
  const own = (version: number, title = 'Ours'): Template => {
    if (serve === undefined) throw new Error('there are four templates at least');
    return { ...serve, name: 'our-serve', version, title };
  };

  test('are recorded once, in rising versions, and never change', async () => {
    const desk = await openWith();
    const add = (template: Template, caller = person('sven')) =>
      desk.control.addTemplate(caller, { template });
    expect(await add(own(1))).toMatchObject({ decision: 'recorded', replayed: false, id: 'our-serve@1' });
    expect(await add(own(1))).toMatchObject({ decision: 'recorded', replayed: true });
    expect(await add(own(1, 'Other'))).toMatchObject({ refusal: { kind: 'template-refused' } });
    expect(await add(own(3))).toMatchObject({ decision: 'recorded' });
    expect(await add(own(2))).toMatchObject({ decision: 'rejected' });
    const { templates } = await desk.control.templates({ limit: 50, text: 'ours' });
    expect(templates).toMatchObject([
      { name: 'our-serve', version: 3, versions: [1, 3], origin: 'recorded' },
    ]);
    const old = { template: 'our-serve@1', parameters: { tenant: 'globex', site: 'iad3' } };
    expect(thePlan(await desk.control.planTemplate(operator, old)).template?.version).toBe(1);
    expect((await desk.control.verify()).ok).toBe(true);
  });

  test('are not recorded where they are faulty, taken, or not for whoever asks', async () => {
    const desk = await openWith();
    const faulty = { ...own(1), demand: { tenant: { $param: 'nobody' } } };
    expect(await desk.control.addTemplate(person('sven'), { template: faulty })).toMatchObject({
      refusal: { kind: 'template-refused' },
    });
    const taken = desk.control.addTemplate(person('sven'), { template: { ...own(1), name: 'serve' } });
    expect(await rejection(taken)).toMatchObject({ code: 'INVALID_INPUT', field: 'name' });
    const limited = desk.control.addTemplate(limitedTo('acme'), { template: own(1) });
    expect(await rejection(limited)).toMatchObject({ code: 'FORBIDDEN' });
    for (const caller of [agent(), person('olga')])
      expect(await desk.control.addTemplate(caller, { template: own(1) })).toMatchObject({
        refusal: { kind: 'not-authorised' },
      });
  });
});

describe('a file', () => {
  test.each([
    ['deep', `a: ${'['.repeat(40)}${']'.repeat(40)}`, 'it is nested deeper than 16 levels'],
    ['not one at all', 'a: 1', '`schema`'],
    ['with an alias', 'a: &b 1\nc: *b', 'Alias'],
  ])('%s', (_, text, why) => {
    expect(() => readTemplate(text, 'ours.yaml')).toThrow(why);
  });

  test('too long', () => {
    const models = Array.from({ length: 16 }, (_, at) => `${'H'.repeat(56)}${at}`);
    const value = {
      schema: 'berth/template/1',
      name: 'long',
      version: 1,
      title: 'Long',
      purpose: 'x',
      parameters: { tenant: { type: 'text', about: 'who pays', example: 'acme' } },
      demand: {
        tenant: { $param: 'tenant' },
        parts: Array.from({ length: 16 }, (_, at) => ({
          name: `part-${at}`,
          count: 1,
          each: { gpus: { count: 1, models } },
        })),
        window: { earliestStart: '2026-11-30T00:00:00Z' },
      },
    };
    expect(
      templateFrom({ ...value, demand: { ...value.demand, parts: value.demand.parts.slice(1, 9) } }, 'x'),
    ).toBeDefined();
    expect(() => templateFrom(value, 'x.yaml')).toThrow(/it has \d+ bytes, at most 16384 may be/u);
  });
});
