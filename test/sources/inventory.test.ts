import { expect, test } from 'vitest';

import { inventory } from '../../src/sources/inventory/inventory.ts';
import { microEurOf } from '../../src/sources/inventory/schema.ts';
import { file, nodeIn, parsed, refusal, withoutLines } from './given.ts';

const small = `schema: berth/inventory/1
shapes:
  hgx:
    machine: HGX box
    cpuMilli: 224000
    link: nvlink
    gpu: { model: H100-SXM-80GB, island: 0 }
    gpus:
      - { numaNode: 0, pcieSwitch: 0 }
      - { numaNode: 1, pcieSwitch: 1, island: 1 }
    nic: { mbps: 400000, rdma: true }
    nics:
      - { rail: 0, pcieSwitch: 0 }
sites:
  fra1:
    name: Frankfurt
    country: DE
    gpuPricesEurPerHour: { H100-SXM-80GB: 2.95 }
    cpuPriceEurPerHour: 0.000001
    certificates:
      - { scheme: ISO/IEC 27001, validUntil: 2028-03-31T00:00:00+02:00 }
    storage:
      weka1: { mbps: 1000, datasets: [{ id: web, sizeGib: 5 }] }
    halls:
      h1:
        powerBudgetW: 100000
        loops: { cdu1: { coolingLimitW: 90000 } }
        leafs: { leaf1: { uplinkMbps: 1, spine: spine1 } }
        racks:
          r11:
            feedLimitW: { A: 44300, B: 44300 }
            loop: cdu1
            nodes:
              - { names: n01..n03, shape: hgx, leaf: leaf1, warrantyUntil: 2029-05-31T00:00:00+02:00 }
              - { names: n04, prefix: gpu-, gpuModel: L4-24GB, gpuCount: 2, labels: { a: b } }
    nodes:
      - { names: edge1 }
wan:
  - { from: fra1, to: ams2, mbps: 100, latencyMs: 8 }
`;

function read(text: string) {
  return parsed(inventory, [file('i.yaml', text)]);
}

/** A file with the one site `x1`, which has one node of the shape `box`. */
function siteFile(name: string) {
  const text = `schema: berth/inventory/1\nsites: { x1: { nodes: [{ names: ${name}, shape: box }] } }\n`;
  return file(`${name}.yaml`, text);
}

function manyNodes(names: string) {
  return `schema: berth/inventory/1\nsites: { a: { nodes: [{ names: ${names} }] } }`;
}

function setOf(observation: ReturnType<typeof read>, kind: string, subject: string) {
  return observation.facts.find((fact) => fact.kind === kind && fact.subject === subject)?.set;
}

test('sites, halls, racks and nodes become paths with facts and lines', () => {
  const seen = read(small);
  expect(seen.facts.map((fact) => `${fact.kind} ${fact.subject}`)).toEqual([
    'site fra1',
    'node fra1/edge1',
    'hall fra1/h1',
    'loop fra1/h1/cdu1',
    'leaf fra1/h1/leaf1',
    'rack fra1/h1/r11',
    'node fra1/h1/r11/n01',
    'node fra1/h1/r11/n02',
    'node fra1/h1/r11/n03',
    'node fra1/h1/r11/n04',
    'wan-link fra1/wan-ams2',
    'storage-pool fra1/weka1',
    'shape hgx',
  ]);
  expect(setOf(seen, 'site', 'fra1')).toEqual({
    name: 'Frankfurt',
    country: 'DE',
    gpuPrices: { 'H100-SXM-80GB': 2_950_000 },
    cpuPriceMicroEurPerHour: 1,
    certificates: [{ scheme: 'ISO/IEC 27001', validUntilMs: Date.UTC(2028, 2, 30, 22) }],
  });
  expect(setOf(seen, 'rack', 'fra1/h1/r11')).toEqual({
    feedLimitW: { A: 44_300, B: 44_300 },
    loop: 'fra1/h1/cdu1',
  });
  expect(setOf(seen, 'leaf', 'fra1/h1/leaf1')).toEqual({ uplinkMbps: 1, spine: 'fra1/h1/spine1' });
  expect(setOf(seen, 'shape', 'hgx')).toEqual({
    cpuMilli: 224_000,
    link: 'nvlink',
    gpus: [
      { model: 'H100-SXM-80GB', island: 0, numaNode: 0, pcieSwitch: 0 },
      { model: 'H100-SXM-80GB', island: 1, numaNode: 1, pcieSwitch: 1 },
    ],
    nics: [{ mbps: 400_000, rdma: true, rail: 0, pcieSwitch: 0 }],
  });
  expect(nodeIn(seen, 'fra1/h1/r11/n02')).toEqual({
    hostName: 'fra1-r11-n02',
    shape: 'hgx',
    machine: 'HGX box',
    leaf: 'fra1/h1/leaf1',
    warrantyUntilMs: Date.UTC(2029, 4, 30, 22),
  });
  expect(nodeIn(seen, 'fra1/h1/r11/n04')).toEqual({
    hostName: 'gpu-n04',
    gpuModel: 'L4-24GB',
    gpuCount: 2,
    labels: { a: 'b' },
  });
  expect(nodeIn(seen, 'fra1/edge1').hostName).toBe('fra1-edge1');
  expect(seen.facts.find((fact) => fact.subject === 'fra1/h1/r11/n02')?.origin).toEqual({
    file: 'i.yaml',
    line: 34,
  });
  expect(seen.unknown.map(({ why }) => why)).toEqual(['the site `ams2` is not in this import']);
});

test('JSON is YAML too, and a world is read for its inventory', () => {
  const facts = withoutLines(read(small));
  const indented = small.replaceAll(/^/gm, '  ');
  expect(withoutLines(read(`schema: berth/world/1\nname: x\ninventory:\n${indented}`))).toEqual(facts);
  expect(
    withoutLines(read('{"schema": "berth/inventory/1", "sites": {"a": {"nodes": [{"names": "n1"}]}}}')),
  ).toHaveLength(2);
});

test.each([
  [2.95, 2_950_000],
  [1.1, 1_100_000],
  [0.000001, 1],
  [0.07, 70_000],
  [4.35, 4_350_000],
  [1_000_000, 1_000_000_000_000],
  [1.0000001, undefined],
  [1e-7, undefined],
  [-1, undefined],
  [Number.NaN, undefined],
])('%d euros are %s micro-euros, exactly', (eur, micro) => {
  expect(microEurOf(eur)).toBe(micro);
});

test.each([
  ['an unknown key', ['country: DE', 'countri: DE'], 17, 'unknown key `countri` in `sites.fra1`', 'country'],
  ['a key of another part', ['powerBudgetW: 100000', 'gpuCount: 8'], 26, 'unknown key `gpuCount`', undefined],
  [
    'an unknown key in a node',
    ['names: n01..n03,', 'names: n01..n03, shap: x,'],
    34,
    'unknown key `shap`',
    'shape',
  ],
  ['an unknown key at the top', ['wan:', 'wann: 1\nwan:'], 38, 'unknown key `wann`', 'wan'],
  ['an unknown shape', ['shape: hgx', 'shape: hgy'], 34, 'unknown shape `hgy`', 'hgx'],
  ['an unknown loop', ['loop: cdu1', 'loop: cdu2'], 32, 'unknown loop `cdu2`', undefined],
  ['an unknown leaf', ['leaf: leaf1', 'leaf: leaf2'], 34, 'unknown leaf `leaf2`', undefined],
  [
    'a node twice',
    ['names: n04', 'names: n03'],
    35,
    'node `fra1/h1/r11/n03` is already in `i.yaml` line 34',
    undefined,
  ],
  ['a range that runs backwards', ['n01..n03', 'n03..n01'], 34, '`n03..n01` are no names', undefined],
  [
    'a rack named like a loop',
    ['leafs: { leaf1', 'leafs: { cdu1: {}, leaf1'],
    28,
    'place `fra1/h1/cdu1` is already in',
    undefined,
  ],
  [
    'a key twice',
    ['country: DE', 'country: DE\n    name: F'],
    18,
    'the key `name` stands here a second time',
    undefined,
  ],
  ['a number for text', ['country: DE', 'country: 49'], 17, 'expected string, received number', undefined],
  [
    'text for a number',
    ['powerBudgetW: 100000', 'powerBudgetW: 100 kW'],
    26,
    'expected number, received string',
    undefined,
  ],
  ['a country that is none', ['country: DE', 'country: Germany'], 17, 'two capital letters', undefined],
  ['a price with seven decimals', ['2.95', '2.9500001'], 18, 'at most six decimals', undefined],
  [
    'a date without offset',
    ['2029-05-31T00:00:00+02:00', '2029-05-31'],
    34,
    'ISO 8601 with offset',
    undefined,
  ],
  [
    'a date that is none',
    ['2029-05-31T00:00:00+02:00', '2029-02-30T00:00:00Z'],
    34,
    'ISO 8601 with offset',
    undefined,
  ],
  ['a name in capitals', ['  r11:', '  R11:'], 30, 'a name is lower-case', undefined],
  [
    'aliases',
    ['country: DE', 'country: &a DE\n    zone: *a'],
    18,
    'aliases (`*name`) are not read',
    undefined,
  ],
  ['a later version', ['berth/inventory/1', 'berth/inventory/2'], 1, 'berth/inventory/1', undefined],
  ['bad indentation', ['  fra1:', ' \tfra1:'], 15, 'not well-formed YAML', undefined],
] as const)('refuses %s with its line', (_, [from, to], line, message, suggestion) => {
  expect(small).toContain(from);
  const said = refusal(() => read(small.replace(from, to)));
  expect(said.message).toMatch(new RegExp(`^\`i.yaml\` line ${line}:`));
  expect(said.message).toContain(message);
  expect(said.didYouMean).toBe(suggestion);
});

test('a host name twice in a site is refused', () => {
  const twice = small.replace('names: edge1', "names: n02, prefix: 'fra1-r11-'");
  expect(refusal(() => read(twice)).message).toBe(
    '`i.yaml` line 37: host name of fra1 `fra1-r11-n02` is already in `i.yaml` line 34',
  );
});

test('a key that belongs elsewhere is told where', () => {
  const { fix } = refusal(() => read(small.replace('powerBudgetW: 100000', 'feedLimitW: { A: 1 }')));
  expect(fix).toBe('it belongs under racks');
});

test('several problems: the first by line, and how many more', () => {
  const { message, fix } = refusal(() =>
    read(small.replace('mbps: 100,', 'mbit: 100,').replace('country: DE', 'land: DE')),
  );
  expect(message).toContain('line 17: unknown key `land`');
  expect(fix).toContain('1 more problems follow');
});

test('hidden characters in texts leave a mark', () => {
  const seen = read(small.replace('labels: { a: b }', 'labels: { a: "x\\e[31m\\u202Ey" }'));
  expect(nodeIn(seen, 'fra1/h1/r11/n04').labels).toEqual({ a: 'x�[31m�y' });
});

test('two files: shapes are shared, a site in both is refused', () => {
  const shapes = file(
    'shapes.yaml',
    'schema: berth/inventory/1\nshapes: { box: { cpuMilli: 1000 } }\nsites: {}\n',
  );
  expect(parsed(inventory, [siteFile('a'), shapes]).facts.map((fact) => fact.kind)).toEqual([
    'shape',
    'site',
    'node',
  ]);
  expect(refusal(() => parsed(inventory, [shapes, siteFile('a'), siteFile('b')])).message).toBe(
    '`b.yaml` line 2: site `x1` is already in `a.yaml` line 2',
  );
});

test.each([
  ['Kubernetes nodes', 'kind: NodeList\nitems: []\n', 'looks like Kubernetes nodes'],
  ['hwloc XML', '<topology version="2.0">', 'looks like hwloc XML'],
  ['prose', 'hello', 'is not what was expected'],
  ['several documents', `${small}---\n${small}`, 'holds several documents'],
])('refuses %s', (_, text, message) => {
  expect(refusal(() => read(text)).message).toContain(message);
});

test('ten thousand nodes in one line, and not more in one name', () => {
  expect(read(manyNodes('n1..n10000')).facts).toHaveLength(10_001);
  expect(refusal(() => read(manyNodes('n1..n10001'))).message).toContain('are no names');
});

function withAliases(aliases: string) {
  const text = `schema: berth/inventory/1
sites:
  fra1:
    racks:
      r11:
        nodes:
          - names: n01..n03
            aliases: ${aliases}
`;
  return parsed(inventory, [file('fra1.yaml', text)]);
}

test('aliases stand on the node they are written for', () => {
  const seen = withAliases("{ n01: [dgx-01, 'serial:1660'], n03: ['uuid:4c4c'] }");
  expect(nodeIn(seen, 'fra1/r11/n01').aliases).toEqual(['dgx-01', 'serial:1660']);
  expect(nodeIn(seen, 'fra1/r11/n02').aliases).toBeUndefined();
  expect(nodeIn(seen, 'fra1/r11/n03').aliases).toEqual(['uuid:4c4c']);
});

test('aliases of a node that the group does not have are an error with its line', () => {
  const { message, didYouMean } = refusal(() => withAliases('{ n1: [dgx-01] }'));
  expect(message).toBe('`fra1.yaml` line 8: unknown node `n1`');
  expect(didYouMean).toBe('n01');
});
