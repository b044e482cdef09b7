import { describe, expect, test } from 'vitest';

import { noTemplates, withTemplate } from '../../../src/core/template/catalogue.ts';
import { digestOf } from '../../../src/model/canonical.ts';
import { Template } from '../../../src/model/template.ts';
import { act } from '../acts.ts';
import { world, type World } from '../fleet.ts';

function template(version: number, more: object = {}): Template {
  return Template.parse({
    schema: 'berth/template/1',
    name: 'tune',
    version,
    title: 'Tuning',
    purpose: 'one model',
    parameters: { tenant: { type: 'text', about: 'who pays', example: 'acme' } },
    demand: {
      tenant: { $param: 'tenant' },
      parts: [{ name: 'p', count: 1, each: {} }],
      window: { earliestStart: '2026-11-25T10:00:00Z' },
    },
    ...more,
  });
}

function added(before: World, one: Template): World {
  const { world: after, decision } = act(before, { kind: 'add-template', template: one });
  if (decision.kind !== 'template-added') throw new Error(JSON.stringify(decision));
  return after;
}

function refusalOf(before: World, one: Template): object | undefined {
  const { decision, world: after } = act(before, { kind: 'add-template', template: one });
  expect(after.state.templates).toEqual(before.state.templates);
  return decision.kind === 'refused' ? decision.refusal : undefined;
}

const versionsOf = ({ state }: World, name = 'tune') =>
  state.templates.get(name)?.map(({ version }) => version);

describe('a template is recorded', () => {
  test('under its name, with the digest of what it says', () => {
    const one = template(1);
    const { world: after, decision } = act(world(), { kind: 'add-template', template: one });
    expect(decision).toEqual({ kind: 'template-added', name: 'tune', version: 1, digest: digestOf(one) });
    expect(after.state.templates.get('tune')).toEqual([one]);
  });

  test('beside its older versions, oldest first, also where numbers are left out', () => {
    const all = [3, 4, 9].reduce((before, version) => added(before, template(version)), world());
    expect(versionsOf(all)).toEqual([3, 4, 9]);
  });

  test('under its own name, whatever versions others have', () => {
    const both = added(added(world(), template(5)), template(1, { name: 'serve' }));
    expect([versionsOf(both), versionsOf(both, 'serve')]).toEqual([[5], [1]]);
  });
});

describe('a template is refused', () => {
  const known = added(world(), template(4));

  test.each([3, 4])('where version 4 is recorded and it is version %d', (version) => {
    expect(refusalOf(known, template(version))).toEqual({
      kind: 'template-refused',
      name: 'tune',
      version,
      note: 'version 4 is recorded already',
    });
  });

  test('even where it says the same again', () => {
    expect(refusalOf(known, template(4))).toMatchObject({ kind: 'template-refused' });
  });

  const spare = { type: 'text', about: 'x', example: 'x' };
  const { parameters } = template(1);
  test.each([
    ['one', { one: spare }, 'the parameter `one` is used nowhere'],
    ['two', { one: spare, two: spare }, 'the parameter `one` is used nowhere (and 1 more)'],
    ['three', { one: spare, two: spare, three: spare }, 'the parameter `one` is used nowhere (and 2 more)'],
  ])('with its first fault and the number of others: %s', (_, more, note) => {
    expect(refusalOf(world(), template(1, { parameters: { ...parameters, ...more } }))).toMatchObject({
      note,
    });
  });

  test('with no more than 300 characters', () => {
    const stray = `$${'x'.repeat(400)}`;
    const { demand } = template(1);
    const refusal = refusalOf(world(), template(1, { demand: { ...demand, [stray]: 1 } }));
    expect(refusal).toHaveProperty('note', `\`${stray}`.slice(0, 300));
  });
});

test('a catalogue that a version is added to is another one', () => {
  const before = withTemplate(noTemplates, template(1));
  const after = withTemplate(before, template(2));
  expect([noTemplates.size, before.get('tune')?.length, after.get('tune')?.length]).toEqual([0, 1, 2]);
});
