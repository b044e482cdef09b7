import { never } from '../core/calendar/calendar.ts';
import type { FleetNode, FleetSite } from '../core/inventory/fleet.ts';
import { ShapeTable } from '../core/inventory/shape.ts';
import { meansModel } from '../core/place/want.ts';
import type { Edit, NewNodes, NewPrice } from '../core/simulate/edit.ts';
import type { State } from '../core/state.ts';
import { BerthError } from '../model/error.ts';
import { type Path, siteOf } from '../model/id.ts';
import type { ScenarioEdit } from '../model/scenario.ts';
import type { DataRules } from '../model/tenant.ts';
import { cleanText, didYouMean } from '../model/text.ts';
import { AtMs, dayMs } from '../model/unit.ts';
import { narrow } from '../policy/narrow.ts';
import { requireOperator } from './caller.ts';
import type { Caller } from './control.ts';
import { losableNamed, nameOf } from './losable.ts';
import { placeNamed } from './place-name.ts';
import { readDemand } from './planning.ts';
import type { Moment } from './views/snapshot.ts';
import { instantMs, isoIn } from './zone.ts';

/** An edit as the core takes it, with the words it is shown under. */
export type NamedEdit = { readonly edit: Edit; readonly words: string; readonly site?: Path };

/**
 * Finds what a scenario names: places, models, tenants, instants. Throws INVALID_INPUT, NOT_FOUND or FORBIDDEN: what
 * concerns everybody is the operator's, more demands are also for those who may ask for them.
 */
export function editsOf(
  moment: Moment,
  caller: Caller,
  edits: readonly ScenarioEdit[],
): readonly NamedEdit[] {
  if (edits.some(({ grow }) => grow === undefined))
    requireOperator(caller, 'simulate what concerns everybody');
  const named = edits.map((edit, at) => namedEdit({ moment, caller, edits, field: `edits[${at}]` }, edit));
  refuseTwoPrices(named);
  return named;
}

type Asked = {
  readonly moment: Moment;
  readonly caller: Caller;
  readonly edits: readonly ScenarioEdit[];
  readonly field: string;
};

function namedEdit(asked: Asked, edit: ScenarioEdit): NamedEdit {
  if (edit.lose !== undefined) return closing(asked, edit, 'lose', edit.lose);
  if (edit.maintain !== undefined) return closing(asked, edit, 'maintain', edit.maintain);
  if (edit.cordon !== undefined) return closing(asked, edit, 'cordon', edit.cordon);
  if (edit.add !== undefined) return adding(asked, edit.add);
  if (edit.price !== undefined) return pricing(asked, edit.price);
  if (edit.rule !== undefined) return ruling(asked, edit.rule);
  if (edit.site !== undefined) return restating(asked, edit.site);
  if (edit.grow !== undefined) return growing(asked, edit.grow);
  throw wrong(asked.field, 'changes nothing', 'give it one of `lose`, `add`, `price`, …');
}

const verbs = { lose: 'lost', maintain: 'maintained', cordon: 'cordoned' } as const;

function closing(
  { moment: { state, nowMs }, field }: Asked,
  { from, until }: ScenarioEdit,
  kind: keyof typeof verbs,
  names: readonly string[],
): NamedEdit {
  const places = names.map((name, at) => atField(`${field}.${kind}[${at}]`, () => losableNamed(state, name)));
  const saidMs = from === undefined ? nowMs : instantMs(from, `${field}.from`);
  const fromMs = Math.max(saidMs, nowMs);
  const untilMs = until === undefined ? never : instantMs(until, `${field}.until`);
  if (untilMs <= fromMs)
    throw wrong(`${field}.until`, 'is not later than `from` and now', 'give a later instant');
  const [first] = places;
  const site = first === undefined ? undefined : siteOf(pathOf(nameOf(first), state));
  const zone = zoneAt(state, site);
  const times = [
    ...(fromMs > nowMs ? [` from ${isoIn(fromMs, zone)}`] : []),
    ...(untilMs === never ? [] : [` until ${isoIn(untilMs, zone)}`]),
  ].join('');
  return {
    edit: { kind, places, fromMs, untilMs },
    words: `${verbs[kind]}: ${places.map(nameOf).join(', ')}${times}`,
    ...(site === undefined ? {} : { site }),
  };
}

/** The site of a thing, by the first segment of its name. */
function pathOf(name: string, { fleet }: State): Path {
  const [site] = name.split('/', 1);
  const found = fleet.sites.find(({ id }) => id === site);
  if (found === undefined) throw new Error(`\`${name}\` is at no site`);
  return found.id;
}

/** The zone of a site; UTC where none is recorded. */
export function zoneAt({ fleet }: State, site: Path | undefined): string {
  return fleet.sites.find(({ id }) => id === site)?.facts.zone ?? 'UTC';
}

function adding(asked: Asked, add: NonNullable<ScenarioEdit['add']>): NamedEdit {
  const { moment, field } = asked;
  const { state } = moment;
  const site = siteNamed(state, add.site, `${field}.add.site`);
  const rack = add.rack === undefined ? undefined : rackNamed(state, site, add.rack, `${field}.add.rack`);
  const what = whatOf(state, add, `${field}.add`);
  const fromMs = availableMs(asked, site, add.from);
  const where = rack ?? site.id;
  const model = what.shape.models.map((known) => known.model).join(', ');
  return {
    edit: {
      kind: 'add',
      nodes: { site: site.id, count: add.count, fromMs, ...(rack === undefined ? {} : { rack }), ...what },
    },
    words: `added: ${add.count} nodes of ${what.shape.gpus.length} ${model || 'GPUs'} at ${where} from ${isoIn(fromMs, zoneAt(state, site.id))}`,
    site: site.id,
  };
}

function whatOf(
  state: State,
  { like, shape }: NonNullable<ScenarioEdit['add']>,
  field: string,
): Pick<NewNodes, 'shape' | 'like' | 'units'> {
  if ((like === undefined) === (shape === undefined))
    throw wrong(field, 'has not exactly one of `like` and `shape`', 'name a node to copy, or give a shape');
  if (like !== undefined) {
    const node = nodeNamed(state, like, `${field}.like`);
    const { units } = node;
    return { shape: node.shape, like: node, ...(units === undefined ? {} : { units }) };
  }
  const { units, ...facts } = shape ?? {};
  const made = new ShapeTable().shapeOf(facts, undefined, { gpus: new Map(), nics: new Map() });
  return { shape: made, ...(units === undefined ? {} : { units }) };
}

function availableMs({ moment: { nowMs }, field }: Asked, site: FleetSite, from: string | undefined): number {
  if (from === undefined) return nowMs;
  if (from !== 'lead-time') return Math.max(nowMs, instantMs(from, `${field}.add.from`));
  const { leadTimeDays } = site.facts;
  if (leadTimeDays !== undefined) return nowMs + leadTimeDays * dayMs;
  throw wrong(
    `${field}.add.from`,
    `cannot be the lead time of ${site.id}, which nobody has recorded`,
    'give an instant, or record `leadTimeDays` of the site',
  );
}

function pricing({ moment: { state }, field }: Asked, price: NonNullable<ScenarioEdit['price']>): NamedEdit {
  const at = `${field}.price`;
  if ((price.eurPerHour === undefined) === (price.percent === undefined))
    throw wrong(at, 'has not exactly one of `eurPerHour` and `percent`', 'give one of them');
  const models = state.fleet.models.filter((model) => meansModel(price.model, model));
  if (models.length === 0) throw noModel(state, price.model, at);
  const only = price.site === undefined ? undefined : siteNamed(state, price.site, `${at}.site`);
  const sites = only === undefined ? state.fleet.sites : [only];
  const prices = sites.flatMap((site) =>
    models.flatMap((model) => {
      const before = site.facts.gpuPrices?.[model];
      const stands = site.nodes.some(({ shape }) => shape.models.some((known) => known.model === model));
      if (!stands && before === undefined) return [];
      if (price.eurPerHour !== undefined)
        return [{ site: site.id, model, microEurPerHour: Math.round(price.eurPerHour * 1_000_000) }];
      return before === undefined
        ? []
        : [{ site: site.id, model, microEurPerHour: changedBy(before, price.percent ?? 0) }];
    }),
  );
  if (prices.length === 0)
    throw wrong(at, 'concerns no price that is recorded', 'give `eurPerHour`, or another site or model');
  const change =
    price.eurPerHour === undefined
      ? `${(price.percent ?? 0) < 0 ? '' : '+'}${price.percent} %`
      : `${price.eurPerHour} EUR`;
  return {
    edit: { kind: 'price', prices },
    words: `priced: ${models.join(', ')} at ${prices.map(({ site }) => site).join(', ')}: ${change} a GPU hour`,
    ...(only === undefined ? {} : { site: only.id }),
  };
}

/** Exact to thousandths of a percent, rounded to the micro-euro. */
function changedBy(microEur: number, percent: number): number {
  const factor = BigInt(100_000 + Math.round(percent * 1000));
  return Number((BigInt(microEur) * factor + 50_000n) / 100_000n);
}

function refuseTwoPrices(named: readonly NamedEdit[]): void {
  const prices = named.flatMap(({ edit }): readonly NewPrice[] => (edit.kind === 'price' ? edit.prices : []));
  const seen = new Set<string>();
  for (const { site, model } of prices) {
    const key = `${model} at ${site}`;
    if (seen.has(key)) throw wrong('edits', `give two prices for ${key}`, 'leave one of them out');
    seen.add(key);
  }
}

function ruling(
  { moment: { state }, edits, field }: Asked,
  { tenant, ...rules }: NonNullable<ScenarioEdit['rule']>,
): NamedEdit {
  const known = state.tenants.get(tenant);
  if (known === undefined)
    throw unknown(tenant, [...state.tenants.keys()], `${field}.rule.tenant`, 'no tenant is called');
  // All that a scenario says about a tenant holds together, whichever edit says it.
  const joint = edits.reduce<DataRules>((sum, { rule }) => {
    if (rule?.tenant !== tenant) return sum;
    const { tenant: _tenant, ...more } = rule;
    return narrow(sum, more);
  }, known.rules);
  const words = Object.entries(rules).map(([name, value]) => `${name} ${[value].flat().join(', ')}`);
  return {
    edit: { kind: 'rule', tenant, rules: joint },
    words: `ruled: ${tenant}: ${words.join('; ')}`,
  };
}

function restating(
  { moment: { state }, field }: Asked,
  { site: name, ...facts }: NonNullable<ScenarioEdit['site']>,
): NamedEdit {
  const site = siteNamed(state, name, `${field}.site.site`);
  const words = Object.entries(facts).map(([key, value]) => `${key} ${wordOf(value)}`);
  return {
    edit: { kind: 'site', site: site.id, facts },
    words: `stated: ${site.id}: ${words.join('; ')}`,
    site: site.id,
  };
}

function wordOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function growing(
  { moment: { state }, caller, field }: Asked,
  { demand: request, times, everyDays = 0 }: NonNullable<ScenarioEdit['grow']>,
): NamedEdit {
  const demand = readDemand(state, caller, request);
  const everyMs = everyDays * dayMs;
  const { earliestStartMs, latestStartMs = earliestStartMs, durationS = 0 } = demand.window;
  if (!AtMs.safeParse(latestStartMs + times * everyMs + durationS * 1000).success)
    throw wrong(`${field}.grow`, 'goes on beyond 2199', 'give fewer `times` or `everyDays`');
  const every = everyDays === 0 ? '' : ` every ${everyDays} days`;
  const gpus = demand.parts.reduce((sum, part) => sum + part.count * (part.each.gpus?.count ?? 0), 0);
  return {
    edit: { kind: 'grow', demand, times, everyMs },
    words: `grown: ${times} times ${gpus} GPUs for ${demand.tenant}${every}`,
  };
}

/** Says where in the request the name stands that was not found. */
function atField<T>(field: string, find: () => T): T {
  try {
    return find();
  } catch (error) {
    if (!(error instanceof BerthError)) throw error;
    throw new BerthError({ ...error.detail, field }, { cause: error });
  }
}

function siteNamed(state: State, name: string, field: string): FleetSite {
  const path = atField(field, () => placeNamed(state, name));
  const site = state.fleet.sites.find(({ id }) => id === path);
  if (site !== undefined) return site;
  throw wrong(field, `is ${path}, which is no site`, `name a site, such as \`${siteOf(path)}\``);
}

function rackNamed(state: State, site: FleetSite, name: string, field: string): Path {
  const path = atField(field, () => placeNamed(state, name));
  const rack = state.fleet.racks.get(path);
  if (rack?.site === site.id) return rack.id;
  throw wrong(field, `is ${path}, which is no rack of ${site.id}`, 'name a rack of that site');
}

function nodeNamed(state: State, name: string, field: string): FleetNode {
  const path = atField(field, () => placeNamed(state, name));
  const node = state.fleet.nodeById.get(path);
  if (node !== undefined) return node;
  throw wrong(field, `is ${path}, which is no node`, 'name a node, such as `fra1-r11-n01`');
}

function noModel({ fleet }: State, asked: string, field: string): BerthError {
  return unknown(asked, fleet.models, `${field}.model`, 'no node has a GPU called');
}

function unknown(asked: string, known: readonly string[], field: string, what: string): BerthError {
  const near = didYouMean(asked.slice(0, 80), known);
  return new BerthError({
    code: 'NOT_FOUND',
    message: `${what} \`${cleanText(asked, 80)}\``,
    fix: near === undefined ? `use one of ${known.slice(0, 12).join(', ')}` : `did you mean \`${near}\`?`,
    field,
    ...(near === undefined ? {} : { didYouMean: near }),
  });
}

function wrong(field: string, what: string, fix: string): BerthError {
  return new BerthError({ code: 'INVALID_INPUT', message: `\`${field}\` ${what}`, fix, field });
}
