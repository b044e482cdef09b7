import { BerthError } from '../../model/error.ts';
import type { LeafFacts } from '../../model/fact.ts';
import type { Path } from '../../model/id.ts';
import { cleanText } from '../../model/text.ts';
import { fileName, invalidFile, readText, reportProgress } from '../evidence.ts';
import { recognise, wrongFormat } from '../format.ts';
import type { Gap } from '../gpu-reading.ts';
import { textAt } from '../json-value.ts';
import { devicePath } from '../machine.ts';
import { type Findings, known, noFindings, observation } from '../observation.ts';
import { pathOf, segmentOf } from '../path.ts';
import type { Evidence, ImportContext, Source } from '../source.ts';
import { readDocuments, type StructuredDocument } from '../structured.ts';
import { Cabling } from './cable.ts';
import { isAbsent, kindOf, readMachine, roleOf, statusOf, type Types } from './device.ts';
import {
  idAt,
  type NetboxFile,
  type NetboxObject,
  NetboxTables,
  objectsIn,
  originOf,
  type ShortPage,
} from './export.ts';
import { commonLeaf, type ByDevice, readInterfaces, readModules, type GpuReading, speedOf } from './nic.ts';
import { nameOf, Places, type RackPlace, readPlaces } from './place.ts';
import { defaultText, gpuPowerDefault } from './power-default.ts';
import { type DeviceType, deviceTypeOf, readType } from './type.ts';

const expected =
  'device types of the library as YAML, or objects of NetBox as JSON: pages of its REST API, or one object with a list under each table';

/**
 * NetBox: files of the device type library (of netbox-community and of Nautobot), and exports of sites with racks, power
 * feeds, devices, modules, interfaces and cables. What NetBox adds up and should not is kept apart, and said.
 */
export const netbox: Source = {
  name: 'netbox',
  title: 'NetBox device types and sites',
  howTo:
    'berth import netbox --url https://netbox.example --token-file netbox.token; or save pages: curl -H "Authorization: Token …" "https://netbox.example/api/dcim/devices/?limit=0" > devices.json',
  parse(evidence, context) {
    const findings = noFindings();
    const files = evidence.map((file) => readFile(file));
    const types = typesOf(
      files.flatMap((file) => file.types),
      findings,
    );
    const tables = new NetboxTables(files.flatMap((file) => file.objects));
    noteShortPages(
      files.flatMap((file) => file.counts),
      findings,
    );
    const [first] = evidence;
    if (first !== undefined && tables.names.length > 0)
      readSite(new Site(tables, types, findings, new Places(tables, context, first)), context);
    return observation('netbox', evidence, context, findings);
  },
};

type ReadFile = NetboxFile & { readonly types: readonly DeviceType[] };

function readFile(evidence: Evidence): ReadFile {
  const text = readText(evidence);
  const documents = documentsOf(evidence, text);
  const file = fileName(evidence);
  if (/^\s*[[{]/u.test(text)) {
    const found = objectsIn(evidence, text, documents[0]?.value);
    if (found.objects.length > 0) return { ...found, types: [] };
  }
  const types = documents.flatMap((document) => {
    const line = document.lineOf([]);
    return deviceTypeOf(document.value, { file, ...(line === undefined ? {} : { line }) }) ?? [];
  });
  if (types.length === 0) throw wrongFormat(evidence, text, 'netbox', expected);
  if (types.length < documents.length)
    throw invalidFile(evidence, 'has documents that are no device types', `expected: ${expected}`);
  return { objects: [], counts: [], types };
}

function documentsOf(evidence: Evidence, text: string): readonly StructuredDocument[] {
  try {
    return readDocuments(evidence, text);
  } catch (error) {
    const seen = recognise(text);
    if (!(error instanceof BerthError) || seen === undefined || seen.source === 'netbox') throw error;
    throw wrongFormat(evidence, text, 'netbox', expected);
  }
}

/** A fact for each type: what is built to order is not known from it. */
function typesOf(types: readonly DeviceType[], findings: Findings): Types {
  const byName = new Map<string, DeviceType>();
  for (const type of types) {
    if (byName.has(type.slug)) {
      findings.unknown.push({
        attribute: 'shape',
        why: `device type \`${type.slug}\` stands twice: the first is read`,
        origin: type.origin,
      });
      continue;
    }
    byName.set(type.slug, type);
    byName.set(type.name.toLowerCase(), type);
    addType(type, findings);
  }
  return byName;
}

function addType(type: DeviceType, findings: Findings): void {
  const subject = pathOf(type.slug);
  findings.assumptions.add(
    'of a device type alone, weight, interfaces and bays are not read: devices of a site have them',
  );
  const { set, assumed, gaps } = readType(type);
  const about = { kind: 'shape', subject, origin: type.origin } as const;
  findings.facts.push({ ...about, set, confidence: 'stated' });
  if (assumed !== undefined) {
    findings.facts.push({ ...about, set: { nameplateW: assumed.watts }, confidence: 'assumed' });
    findings.assumptions.add(cleanText(assumed.text, 300));
  }
  for (const { attribute, why } of gaps)
    findings.unknown.push({ subject, attribute, why: cleanText(why, 300), origin: type.origin });
}

function noteShortPages(pages: readonly ShortPage[], findings: Findings): void {
  for (const [table, own] of Map.groupBy(pages, (page) => page.table)) {
    const held = own.reduce((sum, page) => sum + page.held, 0);
    const count = Math.max(...own.map((page) => page.count));
    const [first] = own;
    if (first === undefined || held >= count) continue;
    const why = `${held} of ${count} objects of the table \`${table}\` are in the files: the other pages are missing`;
    findings.unknown.push({ attribute: table, why, origin: first.origin });
  }
}

/** An export and what was made of it so far. */
class Site {
  readonly tables: NetboxTables;
  readonly types: Types;
  readonly findings: Findings;
  readonly places: Places;
  readonly cabling: Cabling;
  readonly interfaces: ByDevice;
  readonly modules: ByDevice;
  readonly powerPorts: ByDevice;
  readonly subjects = new Set<Path>();
  /** Switches by the id of the device; those that a machine hangs on. */
  readonly leafs = new Map<string, Path>();

  constructor(tables: NetboxTables, types: Types, findings: Findings, places: Places) {
    this.tables = tables;
    this.types = types;
    this.findings = findings;
    this.places = places;
    this.cabling = new Cabling(tables);
    this.interfaces = tables.byDevice('interface');
    this.powerPorts = tables.byDevice('powerport');
    this.modules = tables.byDevice('module');
  }

  open(object: NetboxObject, gap: Gap, subject?: Path): void {
    const why = cleanText(gap.why, 300);
    const unknown = { attribute: gap.attribute, why, origin: originOf(object) };
    this.findings.unknown.push(subject === undefined ? unknown : { subject, ...unknown });
  }
}

function readSite(site: Site, context: ImportContext): void {
  const racks = readPlaces(site.tables, site.places, site.cabling, site.findings);
  const devices = site.tables.all('device');
  const hostNames = Map.groupBy(devices, ({ value }) => textAt(value, 'name')?.toLowerCase() ?? '');
  const others = new Map<string, NetboxObject[]>();
  for (const [index, device] of devices.entries()) {
    if (index % 256 === 0) reportProgress(context, index, devices.length);
    const kind = kindOf(device.value, site.tables);
    if (kind === 'machine') addMachine(device, racks.get(idAt(device.value, 'rack') ?? ''), hostNames, site);
    else if (kind === 'other')
      others.set(roleOf(device.value, site.tables), [
        ...(others.get(roleOf(device.value, site.tables)) ?? []),
        device,
      ]);
  }
  for (const [role, own] of others) noteOthers(role, own, site);
  addLeafs(site);
  addHalls(site);
  noteTenants(devices, site);
  reportProgress(context, devices.length, devices.length);
}

function noteOthers(role: string, devices: readonly NetboxObject[], site: Site): void {
  const [first] = devices;
  if (first === undefined) return;
  const why = `${devices.length} devices with the role \`${role === '' ? 'none' : role}\` are not read: Berth does not know the role as one of machines`;
  site.open(first, { attribute: 'role', why });
}

function addMachine(
  device: NetboxObject,
  rack: RackPlace | undefined,
  hostNames: ReadonlyMap<string, readonly NetboxObject[]>,
  site: Site,
): void {
  const name = textAt(device.value, 'name');
  const holder = rack?.path ?? site.places.roomOf(device.value);
  const shown = name ?? textAt(device.value, 'serial') ?? textAt(device.value, 'asset_tag');
  if (isAbsent(device.value))
    return site.open(device, {
      attribute: 'machine',
      why: `\`${nameOf(device)}\` is \`${statusOf(device.value)}\` in NetBox: not there to be used`,
    });
  if (holder === undefined || shown === undefined)
    return site.open(device, {
      attribute: 'machine',
      why: `device ${device.id} has neither a name nor a number, or belongs to no site`,
    });
  const subject = pathOf(holder, segmentOf(shown, 50));
  if (site.subjects.has(subject))
    return site.open(
      device,
      {
        attribute: 'machine',
        why: `\`${nameOf(device)}\` stands twice in the same place: the first is read`,
      },
      subject,
    );
  site.subjects.add(subject);
  const isOwn = name !== undefined && hostNames.get(name.toLowerCase())?.length === 1;
  if (name !== undefined && !isOwn)
    site.open(
      device,
      { attribute: 'hostName', why: `several devices are called \`${nameOf(device)}\`` },
      subject,
    );
  addNode(device, subject, { rack, hostName: isOwn ? nameOf(device) : undefined }, site);
  addDevices(device, subject, site);
}

function addNode(
  device: NetboxObject,
  subject: Path,
  { rack, hostName }: { readonly rack: RackPlace | undefined; readonly hostName: string | undefined },
  site: Site,
): void {
  const { stated, derived, power, gaps } = readMachine(device, rack, site);
  const about = { kind: 'node', subject, origin: originOf(device) } as const;
  const { facts, assumptions } = site.findings;
  facts.push({ ...about, set: known({ hostName, ...stated }), confidence: 'stated' });
  if (Object.keys(derived).length > 0) facts.push({ ...about, set: derived, confidence: 'derived' });
  if (power.assumed !== undefined) {
    facts.push({ ...about, set: { nameplateW: power.assumed.watts }, confidence: 'assumed' });
    assumptions.add(cleanText(power.assumed.text, 300));
  }
  for (const gap of gaps) site.open(device, gap, subject);
}

const maxDevices = { gpu: 32, nic: 64 } as const;

function addDevices(device: NetboxObject, subject: Path, site: Site): void {
  const gpus = readModules(device.id, site.modules, site.tables);
  for (const [number, gpu] of gpus.slice(0, maxDevices.gpu).entries())
    addGpu(devicePath(subject, 'gpu', number), gpu, site);
  const nics = readInterfaces(device.id, site.interfaces, site.cabling).map((nic) => ({
    ...nic,
    leaf: leafOf(nic.far, site),
  }));
  for (const [number, { object, set, leaf, gaps }] of nics.slice(0, maxDevices.nic).entries()) {
    const own = devicePath(subject, 'nic', number);
    site.findings.facts.push({
      kind: 'nic',
      subject: own,
      set: known({ ...set, leaf }),
      confidence: 'stated',
      origin: originOf(object),
    });
    for (const gap of gaps) site.open(object, gap, own);
  }
  if (gpus.length > maxDevices.gpu || nics.length > maxDevices.nic)
    site.open(
      device,
      {
        attribute: 'nics',
        why: `${gpus.length} GPUs and ${nics.length} interfaces are recorded: more than Berth reads of one machine`,
      },
      subject,
    );
  const leaf = commonLeaf(nics);
  if (leaf !== undefined)
    site.findings.facts.push({
      kind: 'node',
      subject,
      set: { leaf },
      confidence: 'derived',
      origin: originOf(device),
    });
}

function addGpu(subject: Path, { object, set, confidence }: GpuReading, { findings }: Site): void {
  const about = { kind: 'gpu', subject, origin: originOf(object) } as const;
  findings.facts.push({ ...about, set, confidence });
  const fallback = set.model === undefined ? undefined : gpuPowerDefault(set.model);
  if (set.model === undefined || fallback === undefined) return;
  findings.facts.push({ ...about, set: { powerW: fallback.powerW }, confidence: 'assumed' });
  findings.assumptions.add(defaultText(`a GPU \`${set.model}\``, fallback));
}

/** The switch that a machine hangs on, remembered as a leaf. */
function leafOf(far: string | undefined, site: Site): Path | undefined {
  const device = site.tables.at('device', far);
  if (device === undefined || kindOf(device.value, site.tables) !== 'switch') return undefined;
  const path = switchPath(device, site);
  if (path !== undefined) site.leafs.set(device.id, path);
  return path;
}

function switchPath(device: NetboxObject, site: Site): Path | undefined {
  const place = site.places.siteOf(device.value);
  return place === undefined ? undefined : pathOf(place, segmentOf(nameOf(device), 50));
}

/** Leafs with their uplinks, and the spines they lead to. */
function addLeafs(site: Site): void {
  const spines = new Map<Path, NetboxObject>();
  for (const [id, subject] of site.leafs) {
    const leaf = site.tables.at('device', id);
    if (leaf === undefined) continue;
    const { set, gaps, above } = uplinksOf(leaf, site);
    for (const [path, device] of above) spines.set(path, device);
    site.findings.facts.push({ kind: 'leaf', subject, set, confidence: 'derived', origin: originOf(leaf) });
    for (const gap of gaps) site.open(leaf, gap, subject);
  }
  for (const [subject, device] of spines)
    site.findings.facts.push({
      kind: 'spine',
      subject,
      set: {},
      confidence: 'derived',
      origin: originOf(device),
    });
}

function uplinksOf(
  leaf: NetboxObject,
  site: Site,
): {
  readonly set: LeafFacts;
  readonly gaps: readonly Gap[];
  readonly above: ReadonlyMap<Path, NetboxObject>;
} {
  const above = new Map<Path, NetboxObject>();
  const speeds: (number | undefined)[] = [];
  for (const { far, object } of readInterfaces(leaf.id, site.interfaces, site.cabling)) {
    const device = site.tables.at('device', far);
    if (device === undefined || site.leafs.has(device.id) || kindOf(device.value, site.tables) !== 'switch')
      continue;
    const path = switchPath(device, site);
    if (path === undefined) continue;
    above.set(path, device);
    speeds.push(speedOf(object.value));
  }
  const isKnown = speeds.length > 0 && speeds.every((mbps) => mbps !== undefined);
  const total = speeds.reduce<number>((sum, mbps) => sum + (mbps ?? 0), 0);
  const [only] = above.keys();
  const gaps = [
    ...(isKnown
      ? []
      : [
          {
            attribute: 'uplinkMbps',
            why:
              speeds.length === 0 ? 'no cable to another switch is recorded' : 'an uplink without its speed',
          },
        ]),
    ...(above.size > 1
      ? [{ attribute: 'spine', why: `hangs on ${above.size} switches: one spine cannot be named` }]
      : []),
  ];
  return {
    set: known({ uplinkMbps: isKnown ? total : undefined, spine: above.size === 1 ? only : undefined }),
    gaps,
    above,
  };
}

function addHalls(site: Site): void {
  const [any] = [...site.tables.all('location'), ...site.tables.all('rack'), ...site.tables.all('device')];
  if (any === undefined) return;
  for (const subject of site.places.halls)
    site.findings.facts.push({
      kind: 'hall',
      subject,
      set: {},
      confidence: 'derived',
      origin: originOf(any),
    });
}

/** Who a machine belongs to in NetBox: said, since Berth holds nothing for it. */
function noteTenants(devices: readonly NetboxObject[], site: Site): void {
  const byTenant = Map.groupBy(
    devices,
    ({ value }) => textAt(site.tables.referred(value, 'tenant'), 'name') ?? '',
  );
  for (const [tenant, own] of byTenant) {
    const [first] = own;
    if (tenant === '' || first === undefined) continue;
    const why = `${own.length} devices belong to tenant \`${cleanText(tenant, 80)}\` in NetBox: Berth keeps them for nobody by that`;
    site.open(first, { attribute: 'tenant', why });
  }
}
