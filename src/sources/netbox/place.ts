import type { RackFacts } from '../../model/fact.ts';
import type { Path } from '../../model/id.ts';
import { cleanText } from '../../model/text.ts';
import { invalidFile } from '../evidence.ts';
import { at, listAt, numberAt, textAt } from '../json-value.ts';
import { type Findings, known } from '../observation.ts';
import { pathOf, requireSite, segmentOf } from '../path.ts';
import type { Evidence, ImportContext } from '../source.ts';
import type { Cabling } from './cable.ts';
import { idAt, type NetboxObject, type NetboxTables, originOf } from './export.ts';
import { choiceAt, weightKgOf } from './type.ts';

/** A rack of NetBox, and the letters of the feeds that reach it. */
export type RackPlace = {
  readonly id: string;
  readonly path: Path;
  readonly object: NetboxObject;
  /** By the id of the power feed. */
  readonly letters: ReadonlyMap<string, string>;
};

/** Where things stand. */
export class Places {
  readonly #tables: NetboxTables;
  readonly #site: string | undefined;
  readonly halls = new Set<Path>();

  constructor(tables: NetboxTables, context: ImportContext, evidence: Evidence) {
    this.#tables = tables;
    this.#site = context.site === undefined ? undefined : requireSite(context.site, evidence);
    if (this.#site !== undefined && tables.all('site').length > 1)
      throw invalidFile(
        evidence,
        `has ${tables.all('site').length} sites`,
        'leave out `--site`: the slugs of NetBox become the names of the sites',
      );
  }

  /** The site that an object belongs to: `--site`, else its slug. */
  siteOf(value: unknown): Path | undefined {
    if (this.#site !== undefined) return pathOf(this.#site);
    const site = this.#tables.referred(value, 'site');
    const name = textAt(site, 'slug') ?? textAt(site, 'name');
    return name === undefined ? undefined : pathOf(segmentOf(name, 30));
  }

  /** The site and the locations in it. More than three levels become three. */
  roomOf(value: unknown): Path | undefined {
    const site = this.siteOf(value);
    const names = this.#locations(value);
    if (site === undefined) return undefined;
    if (names.length === 0) return site;
    const [outer = '', middle, ...inner] = names;
    const segments = [outer, middle, inner.length === 0 ? undefined : inner.join('-')];
    const room = pathOf(
      site,
      ...segments.map((name) => (name === undefined ? undefined : segmentOf(name, 24))),
    );
    this.halls.add(room);
    return room;
  }

  #locations(value: unknown): readonly string[] {
    const names: string[] = [];
    let holder = value;
    for (let key = 'location'; names.length < 12; key = 'parent') {
      const location = this.#tables.referred(holder, key, 'location');
      const name = textAt(location, 'slug') ?? textAt(location, 'name');
      if (name === undefined) break;
      names.unshift(name);
      holder = location;
    }
    return names;
  }
}

/** Facts about sites, racks, power panels and reservations; and the racks, for what stands in them. */
export function readPlaces(
  tables: NetboxTables,
  places: Places,
  cabling: Cabling,
  findings: Findings,
): ReadonlyMap<string, RackPlace> {
  for (const site of tables.all('site')) addSite(tables, site, places, findings);
  const feeds = feedsByRack(tables, cabling);
  const racks = new Map<string, RackPlace>();
  const taken = new Set<Path>();
  const panels = new Set<Path>();
  for (const rack of tables.all('rack')) {
    const room = places.roomOf(rack.value);
    if (room === undefined) {
      leaveOpen(findings, rack, 'rack', `rack \`${nameOf(rack)}\` belongs to no site`);
      continue;
    }
    const wanted = pathOf(room, segmentOf(nameOf(rack), 30));
    const path = taken.has(wanted) ? pathOf(room, segmentOf(`${nameOf(rack)} ${rack.id}`, 30)) : wanted;
    taken.add(path);
    const around = { rack, panels, feeds: feeds.get(rack.id) ?? [], places, tables, findings };
    racks.set(rack.id, addRack(path, around));
  }
  for (const feed of feeds.get('') ?? [])
    leaveOpen(
      findings,
      feed,
      'feed',
      `power feed \`${nameOf(feed)}\` names no rack, and no cable leads to one`,
    );
  for (const reservation of tables.all('rackreservation'))
    addReservation(reservation, racks, tables, findings);
  return racks;
}

export function nameOf({ value, id }: NetboxObject): string {
  return cleanText(textAt(value, 'name') ?? textAt(value, 'display') ?? id, 80);
}

function leaveOpen(
  findings: Findings,
  object: NetboxObject,
  attribute: string,
  why: string,
  subject?: Path,
): void {
  findings.unknown.push({
    ...(subject === undefined ? {} : { subject }),
    attribute,
    why: cleanText(why, 300),
    origin: originOf(object),
  });
}

function addSite(tables: NetboxTables, site: NetboxObject, places: Places, findings: Findings): void {
  const path = places.siteOf({ site: site.value });
  if (path === undefined) return;
  const region = tables.referred(site.value, 'region');
  const aliases = [textAt(site.value, 'facility'), textAt(site.value, 'slug'), textAt(region, 'name')];
  const distinct = [...new Set(aliases.flatMap((text) => (text === undefined ? [] : cleanText(text))))];
  const zone = textAt(site.value, 'time_zone');
  const set = known({
    name: textAt(site.value, 'name') === undefined ? undefined : nameOf(site),
    aliases: distinct.length === 0 ? undefined : distinct,
    zone: zone === undefined ? undefined : cleanText(zone),
  });
  findings.facts.push({ kind: 'site', subject: path, set, confidence: 'stated', origin: originOf(site) });
  leaveOpen(findings, site, 'country', 'NetBox has no field for the country; regions are free text', path);
  const status = choiceAt(site.value, 'status') ?? 'active';
  if (status !== 'active')
    leaveOpen(findings, site, 'status', `the site is \`${cleanText(status, 40)}\` in NetBox`, path);
}

type Around = {
  readonly rack: NetboxObject;
  /** Power panels that are in the facts already. */
  readonly panels: Set<Path>;
  readonly feeds: readonly NetboxObject[];
  readonly places: Places;
  readonly tables: NetboxTables;
  readonly findings: Findings;
};

function addRack(path: Path, around: Around): RackPlace {
  const { findings, rack } = around;
  const height =
    numberAt(rack.value, 'u_height') ??
    numberAt(around.tables.referred(rack.value, 'rack_type', 'racktype'), 'u_height');
  const units =
    height !== undefined && Number.isInteger(height) && height >= 1 && height <= 60 ? height : undefined;
  if (units === undefined)
    leaveOpen(findings, rack, 'units', 'no height between 1 and 60 units is recorded', path);
  const status = choiceAt(rack.value, 'status') ?? 'active';
  if (status !== 'active')
    leaveOpen(findings, rack, 'status', `the rack is \`${cleanText(status, 40)}\` in NetBox`, path);
  const power = feedFacts(path, around);
  const set = known({ units, maxWeightKg: weightKgOf(rack.value, 'max_weight'), ...power.set });
  findings.facts.push({ kind: 'rack', subject: path, set, confidence: 'stated', origin: originOf(rack) });
  return { id: rack.id, path, object: rack, letters: power.letters };
}

/** Power feeds by the rack they reach: the one they name, else that of the power strip they end in; '' for none. */
function feedsByRack(tables: NetboxTables, cabling: Cabling): ReadonlyMap<string, readonly NetboxObject[]> {
  const byRack = new Map<string, NetboxObject[]>();
  for (const feed of tables.all('powerfeed')) {
    const racks = cabling.endsOf(feed).flatMap((end) => {
      const device = tables.at('device', cabling.deviceOf(end));
      return idAt(device?.value, 'rack') ?? [];
    });
    const rack = idAt(feed.value, 'rack') ?? racks[0] ?? '';
    byRack.set(rack, [...(byRack.get(rack) ?? []), feed]);
  }
  return byRack;
}

/** Feeds from one panel, which fall together. */
type Supply = {
  readonly panel: Path | undefined;
  readonly feeds: readonly NetboxObject[];
  readonly limitW: number | undefined;
};

/**
 * One letter for each panel that feeds a rack. Feeds of one panel and of one type carry side by side; a redundant feed
 * carries what a primary one has lost, so the two are never added. Lost panels are the core's business.
 */
function feedFacts(path: Path, around: Around): { set: RackFacts; letters: ReadonlyMap<string, string> } {
  const live = around.feeds.filter((feed) => isLive(feed, path, around.findings));
  if (live.length === 0) {
    if (around.tables.has('powerfeed') && around.feeds.length === 0)
      leaveOpen(around.findings, around.rack, 'feedLimitW', 'no power feed reaches the rack', path);
    return { set: {}, letters: new Map() };
  }
  const supplies = [
    ...Map.groupBy(live, (feed) => idAt(feed.value, 'power_panel') ?? `feed ${feed.id}`).values(),
  ].map((feeds) => supplyOf(path, feeds, around));
  if (supplies.length > 26) {
    leaveOpen(
      around.findings,
      around.rack,
      'feedLimitW',
      `${supplies.length} panels feed the rack: more than 26`,
      path,
    );
    return { set: {}, letters: new Map() };
  }
  const letters = lettersFor(supplies, around.findings);
  const lettered = supplies.map((supply, index) => ({ ...supply, letter: letters[index] ?? '' }));
  const limits = lettered.flatMap(({ letter, limitW }) =>
    limitW === undefined ? [] : [[letter, limitW] as const],
  );
  const panels = lettered.flatMap(({ letter, panel }) =>
    panel === undefined ? [] : [[letter, panel] as const],
  );
  return {
    set: known({
      feedLimitW: limits.length === 0 ? undefined : Object.fromEntries(limits),
      feeds: panels.length === 0 ? undefined : Object.fromEntries(panels),
    }),
    letters: new Map(
      lettered.flatMap(({ letter, feeds }) => feeds.map((feed) => [feed.id, letter] as const)),
    ),
  };
}

function isLive(feed: NetboxObject, path: Path, findings: Findings): boolean {
  const status = choiceAt(feed.value, 'status') ?? 'active';
  if (status === 'active') return true;
  leaveOpen(
    findings,
    feed,
    'feedLimitW',
    `power feed \`${nameOf(feed)}\` is \`${cleanText(status, 40)}\`: it carries nothing`,
    path,
  );
  return false;
}

function supplyOf(rack: Path, feeds: readonly NetboxObject[], around: Around): Supply {
  const [first] = feeds;
  const panel = first === undefined ? undefined : panelOf(first, around);
  const kinds = Map.groupBy(feeds, (feed) => choiceAt(feed.value, 'type') ?? 'primary');
  if (kinds.has('redundant'))
    around.findings.assumptions.add(
      'primary and redundant feeds of a rack are kept apart; NetBox’s own rack utilisation adds them up',
    );
  const sums = [...kinds.values()].map((alike) => sumW(alike, rack, around.findings));
  if (kinds.size > 1 && first !== undefined)
    leaveOpen(
      around.findings,
      first,
      'feedLimitW',
      'primary and redundant feeds come from one panel: they are not added, and fall together',
      rack,
    );
  const limitW = sums.some((watts) => watts === undefined)
    ? undefined
    : Math.max(...sums.map((watts) => watts ?? 0));
  return { panel, feeds, limitW };
}

function sumW(feeds: readonly NetboxObject[], rack: Path, findings: Findings): number | undefined {
  const each = feeds.map((feed) => {
    const watts = feedW(feed.value);
    if (watts === undefined)
      leaveOpen(
        findings,
        feed,
        'feedLimitW',
        `power feed \`${nameOf(feed)}\` lacks voltage, amperage or utilisation`,
        rack,
      );
    return watts;
  });
  return each.some((watts) => watts === undefined)
    ? undefined
    : each.reduce<number>((sum, watts) => sum + (watts ?? 0), 0);
}

/**
 * Watts that a feed may carry: voltage × amperage × utilisation, × 1.732 for three phases; rounded down. The power factor
 * is taken as 1, as NetBox does. Source: netbox-community/netbox 4.6.8, dcim/models/power.py, PowerFeed.save.
 */
export function feedW(feed: unknown): number | undefined {
  const voltage = Math.abs(numberAt(feed, 'voltage') ?? 0);
  const amperage = numberAt(feed, 'amperage') ?? 0;
  const percent = numberAt(feed, 'max_utilization') ?? 0;
  const isWhole = [voltage, amperage, percent].every(
    (value) => Number.isInteger(value) && value > 0 && value <= 100_000,
  );
  if (!isWhole || percent > 100) return undefined;
  const phases = /3|three/u.test(choiceAt(feed, 'phase') ?? '') ? 1732 : 1000;
  const watts = Math.floor((voltage * amperage * percent * phases) / 100_000);
  return watts > 0 && watts <= 10_000_000 ? watts : undefined;
}

/** A panel is what falls together. NetBox gives it no rating. */
function panelOf(feed: NetboxObject, { rack, tables, places, findings, panels }: Around): Path | undefined {
  const id = idAt(feed.value, 'power_panel');
  const panel = tables.referred(feed.value, 'power_panel');
  const name = textAt(panel, 'name');
  if (id === undefined || name === undefined) return undefined;
  const room = places.roomOf(
    at(panel, 'site') === undefined ? { ...panel, site: at(rack.value, 'site') } : panel,
  );
  const path = room === undefined ? undefined : pathOf(room, segmentOf(name, 40));
  if (path === undefined || panels.has(path)) return path;
  panels.add(path);
  const object = tables.at('powerpanel', id) ?? feed;
  findings.facts.push({
    kind: 'feed',
    subject: path,
    set: {},
    confidence: 'stated',
    origin: originOf(object),
  });
  leaveOpen(findings, object, 'limitW', 'NetBox gives a power panel no rating', path);
  return path;
}

/** Letters as the feeds are named (`R11-A`, `Feed B`), else in the order primary first, panel, id. */
function lettersFor(supplies: readonly Supply[], findings: Findings): readonly string[] {
  const named = supplies.map(({ feeds }) => {
    const own = new Set(
      feeds.map((feed) => /(?:^|[\s_.-])([A-Z])\d{0,2}$/u.exec(nameOf(feed).toUpperCase())?.[1]),
    );
    return own.size === 1 ? [...own][0] : undefined;
  });
  const distinct = new Set(named);
  if (distinct.size === supplies.length && !distinct.has(undefined))
    return named.flatMap((letter) => letter ?? []);
  findings.assumptions.add(
    'power feeds whose names do not end in a letter are lettered in order, primary feeds first',
  );
  const rank = (supply: Supply) =>
    supply.feeds.some((feed) => (choiceAt(feed.value, 'type') ?? 'primary') === 'primary') ? 0 : 1;
  const order = supplies.toSorted(
    (a, b) => rank(a) - rank(b) || (Number(a.feeds[0]?.id) || 0) - (Number(b.feeds[0]?.id) || 0),
  );
  return supplies.map((supply) => String.fromCodePoint(65 + order.indexOf(supply)));
}

/** Berth holds nothing for a reservation of rack units: it says that there is one. */
function addReservation(
  reservation: NetboxObject,
  racks: ReadonlyMap<string, RackPlace>,
  tables: NetboxTables,
  findings: Findings,
): void {
  const rack = racks.get(idAt(reservation.value, 'rack') ?? '');
  const units = listAt(reservation.value, 'units').filter((unit) => typeof unit === 'number');
  const tenant = textAt(tables.referred(reservation.value, 'tenant'), 'name');
  const whom = tenant === undefined ? '' : ` for \`${cleanText(tenant, 60)}\``;
  const purpose = textAt(reservation.value, 'description');
  const why = `units ${units.join(', ')} are reserved in NetBox${whom}${purpose === undefined ? '' : `: ${cleanText(purpose, 100)}`}; Berth does not hold them`;
  leaveOpen(findings, reservation, 'reservedUnits', why, rack?.path);
}
