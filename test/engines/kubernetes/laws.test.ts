import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';

import { compileContract } from '../../../src/engines/kubernetes/compile.ts';
import { dnsLabel, placeValue } from '../../../src/engines/kubernetes/names.ts';
import { Demand } from '../../../src/model/demand.ts';
import { Path } from '../../../src/model/id.ts';
import { Placement } from '../../../src/model/placement.ts';
import { hourMs, t0 } from '../../core/fleet.ts';
import { ofKind, subject } from './given.ts';
import { faultsOf } from './schemas.ts';

const seed = 20_261_122;
const runs = { seed, numRuns: 60 };

const partDraw = fc.record({
  name: fc.stringMatching(/^[a-z][a-z0-9-]{0,40}$/),
  count: fc.integer({ min: 1, max: 5 }),
  gpus: fc.integer({ min: 0, max: 8 }),
  nics: fc.integer({ min: 0, max: 8 }),
  kind: fc.constantFrom('whole', 'mig', 'share'),
  nodes: fc.integer({ min: 1, max: 3 }),
  cpuMilli: fc.integer({ min: 0, max: 256_000 }),
  memoryMib: fc.integer({ min: 0, max: 3_000_000 }),
  storageGib: fc.integer({ min: 0, max: 3 }),
  within: fc.constantFrom(undefined, 'rack', 'leaf', 'node', 'site', 'island', 'pcie-root', 'numa'),
  apart: fc.constantFrom(undefined, 'node', 'rack'),
});
type PartDraw = typeof partDraw extends fc.Arbitrary<infer T> ? T : never;

const contractDraw = fc.record({
  tenant: fc.stringMatching(/^[a-z0-9][a-z0-9._-]{0,62}$/),
  parts: fc.uniqueArray(partDraw, { minLength: 1, maxLength: 4, selector: ({ name }) => name }),
  endless: fc.boolean(),
  isolation: fc.constantFrom('shared', 'node', 'rack', 'site'),
  roots: fc.constantFrom(undefined, 1, 2, 4),
  uuids: fc.boolean(),
  model: fc.constantFrom('H100-SXM-80GB', 'MI300X-192GB', 'A10-24GB'),
  gpus: fc.constantFrom('dra', 'device-plugin'),
  queue: fc.constantFrom('kueue', 'kai'),
});
type ContractDraw = typeof contractDraw extends fc.Arbitrary<infer T> ? T : never;

describe('whatever the contract', () => {
  test('every object fits its schema and its rules, and no two share a key', { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(contractDraw, (draw) => {
        const made = compiledOf(draw);
        if (made.kind === 'unfit') return;
        for (const { key, body } of made.objects) expect([key, faultsOf(body)]).toEqual([key, []]);
        expect(new Set(made.objects.map(({ key }) => key)).size).toBe(made.objects.length);
      }),
      runs,
    );
  });

  test('what is unfit is unfit for a reason that stands in the demand', () => {
    fc.assert(
      fc.property(contractDraw, (draw) => {
        const shares = draw.parts.some(({ kind, gpus }) => kind === 'share' && gpus > 0);
        expect(compiledOf(draw).kind === 'unfit').toBe(shares && draw.gpus === 'device-plugin');
      }),
      runs,
    );
  });

  test('the quota is at least what its pods ask for together', () => {
    fc.assert(
      fc.property(contractDraw, (draw) => {
        const made = compiledOf({ ...draw, queue: 'kueue' });
        if (made.kind === 'unfit') return;
        const [queue] = ofKind(made.objects, 'ClusterQueue');
        const flavors = Quotas.parse(queue).spec.resourceGroups[0]?.flavors ?? [];
        const drawn = draw.parts.map((part, at) => ({ part, held: flavors[at]?.resources ?? [] }));
        for (const { part, held } of drawn) {
          const cpu = held.find(({ name }) => name === 'cpu')?.nominalQuota ?? '';
          const milli = cpu.endsWith('m') ? Number(cpu.slice(0, -1)) : Number(cpu) * 1000;
          expect(milli).toBe(part.count * part.cpuMilli);
        }
      }),
      runs,
    );
  });

  test('the same contract gives the same bytes, in whatever order its seats come', () => {
    fc.assert(
      fc.property(contractDraw, (draw) => {
        expect(JSON.stringify(compiledOf(draw, true))).toBe(JSON.stringify(compiledOf(draw, false)));
      }),
      runs,
    );
  });
});

describe('names', () => {
  const slug = fc.stringMatching(/^[a-z0-9][a-z0-9._-]{0,62}$/);

  test('two texts are two labels, and each is one that Kubernetes takes', () => {
    fc.assert(
      fc.property(slug, slug, (a, b) => {
        expect(dnsLabel(a, 41)).toMatch(/^[a-z0-9](?:[a-z0-9-]{0,39}[a-z0-9])?$/u);
        expect(dnsLabel(a, 41) === dnsLabel(b, 41)).toBe(a === b);
      }),
      { seed, numRuns: 2000 },
    );
  });

  test('two places are two values', () => {
    const path = fc
      .array(slug, { minLength: 1, maxLength: 3 })
      .map((segments) => Path.parse(segments.join('/')));
    fc.assert(
      fc.property(path, path, (a, b) => {
        expect(placeValue(a)).toMatch(/^[a-z0-9](?:[a-z0-9._-]{0,61}[a-z0-9])?$/u);
        expect(placeValue(a) === placeValue(b)).toBe(a === b);
      }),
      { seed, numRuns: 2000 },
    );
  });

  test('a dot in a name does not make two places one', () => {
    expect(placeValue(Path.parse('a.b/c'))).not.toBe(placeValue(Path.parse('a/b.c')));
    expect(placeValue(Path.parse('a/b/c'))).toBe('a.b.c');
  });
});

const Quotas = z.looseObject({
  spec: z.looseObject({
    resourceGroups: z.array(
      z.looseObject({
        flavors: z.array(
          z.looseObject({
            resources: z.array(z.looseObject({ name: z.string(), nominalQuota: z.string() })),
          }),
        ),
      }),
    ),
  }),
});

function compiledOf(draw: ContractDraw, isTurned = false) {
  const parts = draw.parts.map(({ name, count, gpus, within, apart }) => ({
    name,
    count,
    each: gpus > 0 ? { gpus: { count: gpus } } : {},
    ...(within === undefined ? {} : { within }),
    ...(apart === undefined ? {} : { apart }),
  }));
  const demand = Demand.parse({
    tenant: draw.tenant,
    parts,
    isolation: draw.isolation,
    window: { earliestStartMs: t0 },
  });
  const members = draw.parts.flatMap((part) => membersOf(part));
  const placement = Placement.parse({
    startMs: t0,
    ...(draw.endless ? {} : { endMs: t0 + hourMs }),
    members: isTurned ? members.toReversed() : members,
  });
  const { roots, uuids, model } = draw;
  const facts = { leaf: 'fra1/leaf1', island: 'fra1/nvl1' };
  const machine = { model, uuids, nics: 8, facts, ...(roots === undefined ? {} : { roots }) };
  return compileContract(subject(demand, placement, machine), {
    gpus: draw.gpus,
    queue: draw.queue,
    image: 'me/train:1',
  });
}

function membersOf({
  name,
  count,
  gpus,
  nics,
  kind,
  nodes,
  cpuMilli,
  memoryMib,
  storageGib,
}: PartDraw): object[] {
  const numbers = Array.from({ length: gpus }, (_, at) => at);
  const held = Array.from({ length: nics }, (_, at) => at);
  const slice = (gpu: number) =>
    kind === 'mig' ? { kind, gpu, profile: '1g.10gb', start: 0 } : { kind, gpu, milli: 250 };
  return Array.from({ length: count }, (__, replica) => ({
    part: name,
    replica,
    node: `fra1/h1/r1/n${replica % nodes}`,
    gpus: kind === 'whole' ? numbers : [],
    ...(kind === 'whole' || gpus === 0 ? {} : { slices: numbers.map(slice) }),
    nics: held,
    cpuMilli,
    memoryMib,
    ...(storageGib === 0 ? {} : { storageGib }),
    powerW: 0,
  }));
}
