import { describe, expect, test } from 'vitest';

import type { Observation } from '../../../src/model/fact.ts';
import { netbox } from '../../../src/sources/netbox/netbox.ts';
import { redfish } from '../../../src/sources/redfish/redfish.ts';
import { ask } from '../../core/acts.ts';
import { demand } from '../../core/demand.ts';
import { type Details, observe, type World, world } from '../../core/fleet.ts';
import { capture, file, nodeIn, parsed, whyUnknown } from '../given.ts';
import { dump, gpu, server } from '../redfish-given.ts';
import { fitnessOn } from './placed.ts';

const fra = { site: 'fra1' };
const h1 = 'fra1/b2/h1';
const site = parsed(netbox, [capture('netbox-site/made-up-site.json')]);

/** What a source says, on a ledger with two tenants, and what an operator adds to it. */
function worldOf(observation: Observation, added: Details = {}): World {
  return observe(world(added), observation.facts, { source: observation.source });
}

/** Watts that a plan holds, or why there is none: no plan at all where a fact is missing. */
function drawn(on: World, text: string, more: object = {}): number | string {
  const answer = ask(on, demand(text, more));
  if (answer.kind !== 'planned') return answer.refusal.kind;
  return answer.plan.placement.members.reduce((sum, { powerW }) => sum + powerW, 0);
}

/** What an operator would write about nodes of the site export, which knows no GPUs of theirs. */
function stating(rack: string, names: readonly string[], facts: object): Details {
  return { nodes: Object.fromEntries(names.map((name) => [`${h1}/${rack}/${name}`, facts])) };
}

const a100 = { gpuModel: 'A100-SXM4-80GB', gpuCount: 8 };
const both = ['fra1-r11-dgx1', 'fra1-r11-dgx2'];

describe('a DGX A100 with two power ports of 1,071 W', () => {
  test('lie 21: its ports and its text are both reported, and neither is stated', () => {
    const type = parsed(netbox, [capture('netbox/Nvidia-DGX-A100.yaml')]);
    for (const [seen, id] of [
      [type, 'nvidia-dgx-a100-640gb'],
      [site, `${h1}/r11/fra1-r11-dgx1`],
    ] as const) {
      const why = whyUnknown(seen, id, 'nameplateW');
      expect(why).toContain('2 power ports of 1071 W');
      expect(why).toContain('its own text says 6500 W');
    }
    expect(type.facts.filter(({ confidence }) => confidence === 'stated').map(({ set }) => set)).toEqual([
      { units: 6 },
    ]);
  });

  test('lie 21: two of them do not fit under a cap that their ports would fit under', () => {
    const asked = '2×8 A100-SXM4-80GB 24h';
    const cap = { powerCapW: 5000 };
    expect(drawn(worldOf(site, stating('r11', both, a100)), asked, cap)).not.toBeTypeOf('number');
    const believed = stating('r11', both, { ...a100, basePowerW: 1078, gpuPowerW: 133 });
    expect(drawn(world(believed), asked, cap)).toBe(4284);
  });
});

describe('a GB300 tray without power inlets', () => {
  const id = `${h1}/r12/fra1-r12-tray1`;

  test('lie 22: no inlet is not 0 W', () => {
    const type = parsed(netbox, [capture('netbox/Supermicro-ARS-121GL-NB3-LCC-R1.yaml')]);
    expect(whyUnknown(type, 'supermicro-ars-121gl-nb3-lcc-r1', 'nameplateW')).toContain('not 0 W');
    expect(whyUnknown(site, id, 'nameplateW')).toContain('not 0 W');
    const stated = site.facts.filter((fact) => fact.subject === id && fact.confidence !== 'assumed');
    expect(stated.some((fact) => 'nameplateW' in fact.set)).toBe(false);
  });

  test('lie 22: it is not placed as if it drew nothing', () => {
    const gpus = { gpuModel: 'GB300', gpuCount: 4 };
    const cap = { powerCapW: 1000 };
    const tray = ['fra1-r12-tray1'];
    expect(drawn(worldOf(site, stating('r12', tray, gpus)), '1×4 GB300 24h', cap)).not.toBeTypeOf('number');
    const believed = stating('r12', tray, { ...gpus, basePowerW: 0, gpuPowerW: 0 });
    expect(drawn(world(believed), '1×4 GB300 24h', cap)).toBe(0);
  });
});

describe('an AS-8125GS with six supplies in eight bays', () => {
  const id = `${h1}/r12/fra1-r12-mi1`;
  const type = parsed(netbox, [capture('netbox/Supermicro-AS-8125GS-TNMR2.yml')]);

  test('lie 23: supplies are not summed, and a text that names two GPUs names none', () => {
    const why = whyUnknown(type, 'supermicro-as-8125gs-tnmr2', 'nameplateW');
    expect(why).toContain('6 power ports of 3000 W in 8 bays');
    expect(why).toContain('not summed');
    expect(whyUnknown(type, 'supermicro-as-8125gs-tnmr2', 'gpuModel')).toContain('MI300X and MI325X');
    expect(JSON.stringify([...type.facts, ...site.facts])).not.toMatch(/18000|MI325X/u);
  });

  test('lie 23: the machine is placed by what it draws, or not at all', () => {
    expect(nodeIn(site, id).nameplateW).toBeUndefined();
    const cap = { powerCapW: 18_000 };
    expect(drawn(worldOf(site), '1×8 MI300X-192GB 24h', cap)).not.toBeTypeOf('number');
    const rated = stating('r12', ['fra1-r12-mi1'], { basePowerW: 2500 });
    expect(drawn(worldOf(site, rated), '1×8 MI300X-192GB 24h', cap)).toBe(8500);
    expect(drawn(worldOf(site, rated), '1×8 MI325X-256GB 24h')).not.toBeTypeOf('number');
  });

  test('lie 23: in a service too, only what the stated redundancy leaves is worth anything', () => {
    const seen = parsed(redfish, [capture('redfish/hpe-dl380a-gen11-gpu.json')], fra);
    expect(nodeIn(seen, 'fra1/ds03-worker').nameplateW).toBe(4400);
    expect(seen.assumptions.join()).toContain('4 supplies of 2200 W, 4400 W');
  });
});

describe('a rack with a primary and a redundant feed', () => {
  test('lie 24: that NetBox adds them up is said', () => {
    expect(site.assumptions.join()).toContain('NetBox’s own rack utilisation adds them up');
    expect(site.facts.find(({ subject }) => subject === `${h1}/r11`)?.set).toMatchObject({
      feedLimitW: { A: 10_198, B: 10_198 },
    });
  });

  test('lie 24: no more is placed than one feed carries alone', () => {
    const rated = stating('r11', both, { ...a100, basePowerW: 2100, gpuPowerW: 400 });
    expect(drawn(worldOf(site, rated), '1×8 A100-SXM4-80GB 24h')).toBeTypeOf('number');
    expect(drawn(worldOf(site, rated), '2×8 A100-SXM4-80GB 24h')).not.toBeTypeOf('number');
    const added = { ...rated, racks: { [`${h1}/r11`]: { feedLimitW: { A: 20_396 } } } };
    expect(drawn(worldOf(site, added), '2×8 A100-SXM4-80GB 24h')).toBeTypeOf('number');
  });
});

const roleOf = (slug: string) => ({ id: slug.length, slug, name: slug });
const endAt = (id: number) => [{ object_type: 'dcim.interface', object_id: id }];
const serverAt = (id: number) => ({
  id,
  name: `n${id}`,
  role: roleOf('gpu-server'),
  site: { id: 1 },
  rack: { id: 1 },
  position: id,
});

/** Two GPU servers, each on a port of one leaf; the switch's type lists the ports that are given. */
function onLeaf(ports: readonly string[]): Observation {
  const wanted = ['P22.0', 'P22.1'];
  const cables = wanted.flatMap((name, index) => {
    const port = ports.indexOf(name);
    if (port < 0) return [];
    return [
      {
        id: index + 1,
        a_terminations: endAt(index + 1),
        b_terminations: endAt(100 + port),
        status: 'connected',
      },
    ];
  });
  return parsed(netbox, [
    file(
      'site.json',
      JSON.stringify({
        sites: [{ id: 1, slug: 'fra1', name: 'fra1' }],
        racks: [{ id: 1, name: 'r1', site: { id: 1 }, u_height: 42 }],
        devices: [
          serverAt(1),
          serverAt(2),
          { id: 3, name: 'leaf1', role: roleOf('leaf-switch'), site: { id: 1 } },
        ],
        interfaces: [
          ...[1, 2].map((id) => ({ id, name: 'ib0', device: { id }, type: 'infiniband-ndr' })),
          ...ports.map((name, index) => ({
            id: 100 + index,
            name,
            device: { id: 3 },
            type: '400gbase-x-osfp',
          })),
        ],
        cables,
      }),
    ),
  ]);
}

describe('a switch whose type lacks two ports', () => {
  const row = Array.from({ length: 32 }, (_, a) => [`P${a}.0`, `P${a}.1`]).flat();
  const gpus = {
    nodes: {
      'fra1/r1/n1': { gpuModel: 'H100-SXM-80GB', gpuCount: 8 },
      'fra1/r1/n2': { gpuModel: 'H100-SXM-80GB', gpuCount: 8 },
    },
  };

  test('lie 25: the ports that are missing are named', () => {
    const type = parsed(netbox, [capture('netbox/Nvidia-QM9700.yaml')]);
    expect(whyUnknown(type, 'nvidia-qm9700', 'ports')).toContain('P22.1, P23.0');
  });

  test('lie 25: a machine on a port that is not listed hangs on no known leaf', () => {
    const within = { together: 'leaf' };
    const whole = onLeaf(row);
    expect(drawn(worldOf(whole, gpus), '2×8 H100-SXM-80GB 24h', within)).toBe(0);
    const lacking = onLeaf(row.filter((name) => !['P22.1', 'P23.0'].includes(name)));
    expect(nodeIn(lacking, 'fra1/r1/n1').leaf).toBe('fra1/leaf1');
    expect(nodeIn(lacking, 'fra1/r1/n2').leaf).toBeUndefined();
    expect(drawn(worldOf(lacking, gpus), '2×8 H100-SXM-80GB 24h', within)).not.toBeTypeOf('number');
  });
});

/** Half a card, as blades of HPE Cray list it: two processors of one name, and no serial number. */
function dieOf(number: number): Record<string, object> {
  return gpu(`GPU${number}`, {
    Manufacturer: 'AMD',
    Model: 'AMD INSTINCT MI200 (MCM) OAM LC',
    Name: `GPU${number - (number % 2)}`,
    SerialNumber: '00000000000000',
  });
}

describe('processors that are no GPUs by name or by count', () => {
  const part = '900-21010-0040-000';
  const parts = parsed(
    redfish,
    [
      dump('gen12.json', {
        ...server('a', {}, '1', ['3']),
        ...gpu('3', { Model: part, Name: 'GPU 1', PartNumber: part, SerialNumber: '1325124064409' }),
      }),
    ],
    fra,
  );
  const names = Array.from({ length: 8 }, (_, index) => `GPU${index}`);
  const dies = parsed(
    redfish,
    [
      dump('ex235a.json', {
        ...server('a', {}, '1', names),
        ...dieOf(0),
        ...dieOf(1),
        ...dieOf(2),
        ...dieOf(3),
        ...dieOf(4),
        ...dieOf(5),
        ...dieOf(6),
        ...dieOf(7),
      }),
    ],
    fra,
  );

  test('lie 26: a part number is reported as one', () => {
    expect(whyUnknown(parts, 'fra1/a/gpu0', 'model')).toContain(`\`${part}\` is a part number`);
    expect(whyUnknown(dies, 'fra1/a', 'gpuCount')).toContain('whether they are 8 GPUs or 4 is not said');
  });

  test('lie 26: neither is placed as what it might be', () => {
    for (const model of ['H200-NVL-141GB', 'H100-NVL-94GB'])
      expect(fitnessOn('fra1/a', demand(`1×1 ${model}`), parts).kind).not.toBe('fits');
    for (const asked of ['1×8 MI250X-128GB', '1×4 MI250X-128GB', '1×8'])
      expect(fitnessOn('fra1/a', demand(asked), dies).kind).not.toBe('fits');
    const named = parsed(
      redfish,
      [
        dump('g.json', {
          ...server('a', {}, '1', ['3']),
          ...gpu('3', { Model: part, Name: 'NVIDIA H200 NVL', PartNumber: part }),
        }),
      ],
      fra,
    );
    expect(fitnessOn('fra1/a', demand('1×1 H200-NVL-141GB'), named).kind).toBe('fits');
  });
});
