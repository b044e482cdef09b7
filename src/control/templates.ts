import type { State } from '../core/state.ts';
import { filled } from '../core/template/fill.ts';
import { valuesOf, type ValueFault } from '../core/template/values.ts';
import { digestOf } from '../model/canonical.ts';
import type { RecordResult } from '../model/deed-view.ts';
import type { DemandRequest } from '../model/demand.ts';
import { BerthError } from '../model/error.ts';
import { IdemKey, TenantId } from '../model/id.ts';
import type { PlanResult } from '../model/plan-view.ts';
import type { TemplateList } from '../model/template-view.ts';
import type { ParameterValue, Template, TemplateUse } from '../model/template.ts';
import { cleanText, compareText, didYouMean } from '../model/text.ts';
import { requireOperator } from './caller.ts';
import type { Caller } from './control.ts';
import type { Door } from './door.ts';
import { requestHash } from './once.ts';
import { pageOf } from './page.ts';
import { planFor } from './planning.ts';
import { zoneOf } from './views/plan-view.ts';
import { refusalView } from './views/refusal-view.ts';
import { type Moment, snapshotOf } from './views/snapshot.ts';
import { templateView } from './views/template-view.ts';
import { isoIn } from './zone.ts';

export type TemplateQuery = {
  /** A name, or `name@version`. */
  readonly name?: string;
  /** Words that all stand in its name, title or purpose. */
  readonly text?: string;
  readonly limit: number;
  readonly cursor?: string;
};

export type TemplateWish = {
  readonly template: string;
  readonly parameters: Readonly<Record<string, ParameterValue>>;
  readonly assumptions?: readonly string[];
};

/** The templates there are, each in its newest version, by name; or the one that is named. */
export async function listTemplates(door: Door, query: TemplateQuery): Promise<TemplateList> {
  const moment = await door.moment();
  const all = catalogueOf(door, moment.state);
  const found =
    query.name === undefined
      ? [...all.values()].flatMap((versions) => versions.slice(-1)).filter((one) => mentions(one, query.text))
      : [templateNamed(all, query.name)];
  const page = pageOf(found, query);
  return {
    snapshot: snapshotOf(moment),
    templates: page.items.map((template) =>
      templateView(template, {
        versions: (all.get(template.name) ?? []).map(({ version }) => version),
        isRecorded: moment.state.templates.has(template.name),
      }),
    ),
    total: found.length,
    ...(page.nextCursor === undefined ? {} : { nextCursor: page.nextCursor }),
    truncated: page.nextCursor !== undefined,
    next: 'plan one with placement_plan {"template": NAME, "parameters": {…}}',
  };
}

/** Plans a template filled in. The plan says which it was, and with what. */
export async function planTemplate(
  door: Door,
  caller: Caller,
  { template: named, parameters, assumptions = [] }: TemplateWish,
): Promise<PlanResult> {
  const moment = await door.moment();
  const template = templateNamed(catalogueOf(door, moment.state), named);
  const { demand, use } = fillIn(template, parameters, nowIn(moment, parameters['tenant']));
  await door.library.keepTemplate(template);
  return planFor(door, caller, demand, { assumptions, template: use });
}

/** Records a template of one's own. Names of those that come with Berth are taken. */
export async function addTemplate(
  door: Door,
  caller: Caller,
  { template, idemKey }: { readonly template: Template; readonly idemKey?: IdemKey },
): Promise<RecordResult> {
  requireOperator(caller, 'record templates');
  if (door.templates.some(({ name }) => name === template.name)) throw taken(template.name);
  const hash = requestHash('templates', template);
  const key = idemKey ?? IdemKey.parse(`add-template:${template.name}:${hash.slice(7, 23)}`);
  const passed = await door.pass(
    caller,
    { kind: 'add-template', template },
    { key, tenant: undefined, hash },
  );
  const snapshot = snapshotOf(passed.moment);
  if (passed.kind === 'refused')
    return {
      snapshot,
      decision: 'rejected',
      replayed: false,
      refusal: refusalView(passed.decision.refusal, undefined, 'UTC'),
    };
  const { seq, digest } = passed.entry;
  return {
    snapshot,
    decision: 'recorded',
    replayed: passed.kind === 'replayed',
    what: 'template',
    id: `${template.name}@${template.version}`,
    entry: { seq, digest },
  };
}

type Catalogue = ReadonlyMap<string, readonly Template[]>;

/** What was recorded comes before what a later Berth may bring under the same name. */
function catalogueOf({ templates: builtIn }: Door, { templates: recorded }: State): Catalogue {
  const all = new Map([...Map.groupBy(builtIn, ({ name }) => name), ...recorded]);
  return new Map([...all].toSorted(([a], [b]) => compareText(a, b)));
}

function mentions({ name, title, purpose }: Template, text = ''): boolean {
  const where = `${name} ${title} ${purpose}`.toLowerCase();
  return text
    .toLowerCase()
    .split(/\s+/u)
    .every((word) => where.includes(word));
}

/** `fine-tune`, or `fine-tune@2`. Throws NOT_FOUND with what there is. */
function templateNamed(all: Catalogue, asked: string): Template {
  const [name = '', version] = asked.trim().split('@');
  const versions = all.get(name) ?? [];
  const found =
    version === undefined ? versions.at(-1) : versions.find((one) => String(one.version) === version);
  if (found !== undefined) return found;
  const known = versions.length === 0 ? [...all.keys()] : versions.map((one) => `${one.name}@${one.version}`);
  const near = didYouMean(asked.slice(0, 80), known);
  throw new BerthError({
    code: 'NOT_FOUND',
    message: `no template \`${cleanText(asked, 80)}\``,
    fix:
      near === undefined
        ? 'list them with template_search, or `berth templates`'
        : `did you mean \`${near}\`?`,
    field: 'template',
    allowed: known,
    ...(near === undefined ? {} : { didYouMean: near }),
    seeTool: 'template_search',
  });
}

/** Now, in the zone of the tenant that pays. */
function nowIn({ state, nowMs }: Moment, tenant: ParameterValue | undefined): string {
  const known = TenantId.safeParse(tenant);
  const zone = known.success ? zoneOf(state, { tenant: known.data }) : 'UTC';
  return isoIn(nowMs, zone);
}

/** The demand that a template is with these values. Throws INVALID_INPUT that names every value at fault. */
function fillIn(
  template: Template,
  given: Readonly<Record<string, ParameterValue>>,
  now: string,
): { readonly demand: DemandRequest; readonly use: TemplateUse } {
  const { values, faults } = valuesOf(template, given, now);
  const [first] = faults;
  if (first !== undefined) throw unfilled(template, first, faults);
  const result = filled(template, values);
  if (result.kind === 'misfit') throw misfilled(template, result);
  const { name, version } = template;
  const parameters = Object.fromEntries(values);
  return { demand: result.demand, use: { name, version, digest: digestOf(template), parameters } };
}

function unfilled(
  { name, version }: Template,
  { parameter, allowed }: ValueFault,
  faults: readonly ValueFault[],
): BerthError {
  const all = faults.map((fault) => `\`${fault.parameter}\`: ${fault.why}`).join('; ');
  return new BerthError({
    code: 'INVALID_INPUT',
    message: cleanText(`${name}@${version} cannot be filled in: ${all}`, 1000),
    fix: 'correct these in `parameters`; template_search says what each of them takes',
    field: `parameters.${parameter}`,
    ...(allowed === undefined ? {} : { allowed }),
    seeTool: 'template_search',
  });
}

function misfilled(
  { name, version }: Template,
  { path, why }: { readonly path: string; readonly why: string },
) {
  return new BerthError({
    code: 'INVALID_INPUT',
    message: cleanText(`${name}@${version} with these values is no demand: \`${path}\`: ${why}`, 400),
    fix: 'correct the value that stands there; template_search shows the demand and its parameters',
    field: 'parameters',
    seeTool: 'template_search',
  });
}

function taken(name: string): BerthError {
  return new BerthError({
    code: 'INVALID_INPUT',
    message: `\`${name}\` is a template that comes with Berth`,
    fix: 'give it another name',
    field: 'name',
  });
}
