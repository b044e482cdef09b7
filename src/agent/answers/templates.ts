import { TemplateList, type ParameterView, type TemplateView } from '../../model/template-view.ts';
import type { ParameterValue } from '../../model/template.ts';
import { blockers } from '../blockers.ts';
import type { Frame, Problem } from '../frame.ts';
import { listed, plural } from '../reply.ts';
import { frameOf, isRequestSpan } from '../slots.ts';
import { windowOf } from '../window.ts';
import { type Answer, answered, asking, type Talk, unreadOf } from './answer.ts';
import { submit } from './request.ts';

/** `what templates are there`, `show the notebook template`, or `plan the fine-tuning template with 16 GPUs for a week`. */
export async function templates(talk: Talk): Promise<Answer> {
  const { text } = talk.reading.line;
  const list = await talk.calls.ask('template_search', { limit: 200 }, TemplateList);
  const named = namedIn(text, list.templates);
  if (!wants.test(text)) return shown(talk, list, named);
  const [template, ...others] = named;
  if (template === undefined || others.length > 0)
    return whichOne(talk, others.length > 0 ? named : list.templates);
  return planned(talk, template);
}

/** A verb of doing: otherwise templates are only shown. */
const wants =
  /\b(?:plan|use|using|apply|fill|run|start|book|reserve|request|need|want|give|get|take|launch|from the)\b(?!.*\?\W*$)/u;

/** Templates whose name a line says, in any form of its words: `fine-tuning` is `fine-tune`. The longest names count. */
function namedIn(text: string, all: readonly TemplateView[]): readonly TemplateView[] {
  const words = text.split(/[^a-z0-9]+/u);
  const scored = all.map((template) => {
    const parts = template.name.split('-').map(stem);
    const isNamed = parts.every((part) =>
      words.some((word) => word.startsWith(part) && word.length <= part.length + 5),
    );
    return { template, score: isNamed ? parts.length : 0 };
  });
  const best = Math.max(0, ...scored.map(({ score }) => score));
  return best === 0 ? [] : scored.filter(({ score }) => score === best).map(({ template }) => template);
}

function stem(word: string): string {
  return word.length > 4 ? word.replace(/(?:ing|e|s)$/u, '') : word.replace(/e$/u, '');
}

function shown(talk: Talk, list: TemplateList, named: readonly TemplateView[]): Answer {
  const some = named.length > 0 ? named : list.templates;
  const words = some.map(({ name, title, parameters }) => {
    const needed = parameters.filter((one) => one.needed).map((one) => one.name);
    const rest = parameters.filter((one) => !one.needed).map((one) => one.name);
    const takes = named.length > 0 ? `; it needs ${listed(needed)} and takes ${listed(rest, 12)}` : '';
    return `${name} (${title}${takes})`;
  });
  const lead =
    named.length > 0
      ? 'The template'
      : `There ${some.length === 1 ? 'is' : 'are'} ${plural(some.length, 'template')}`;
  const reply = `${lead}: ${listed(words, 12)}. Say "plan the NAME template for TEAM" with what you want.`;
  const card = { kind: 'templates' as const, list: { ...list, templates: [...some], total: some.length } };
  return answered(talk, reply, [card], () => true, /\S+/gu);
}

function whichOne(talk: Talk, some: readonly TemplateView[]): Answer {
  const suggestions = some.map(({ name }) => name);
  return asking(talk, [{ slot: 'template', text: 'which template', suggestions }]);
}

async function planned(talk: Talk, template: TemplateView): Promise<Answer> {
  const { frame, problems } = frameOf(talk.reading, talk.gazetteer);
  const { parameters, open } = valuesOf(talk, template, frame);
  const words = template.name.split('-').map(stem).join('|');
  const name = [
    ...talk.reading.line.text.matchAll(
      new RegExp(
        `\\b(?:${words})\\w*|\\b(?:the|a|with|from|plan|use|using|apply|fill|run|start|book|reserve|request|need|want|give|get|take|launch) `,
        'gu',
      ),
    ),
  ];
  const cues = [...talk.cues, ...name.map((hit) => ({ from: hit.index, to: hit.index + hit[0].length }))];
  const read = { ...talk, cues };
  const stops = [...problems, ...blockers(read), ...open];
  delete talk.memory.plan;
  delete talk.memory.frame;
  if (stops.length > 0) return { ...asking(read, stops), unread: unreadOf(read, isRequestSpan) };
  return submit(read, { template: template.name, parameters });
}

type Filled = {
  readonly parameters: Readonly<Record<string, ParameterValue>>;
  readonly open: readonly Problem[];
};

/** What was said, as values of the template. What it has no parameter for is asked about, never dropped. */
function valuesOf({ gazetteer }: Talk, template: TemplateView, frame: Frame): Filled {
  const { tenants, snapshot } = gazetteer.summary;
  const tenant = frame.tenant ?? (tenants.length === 1 ? tenants[0]?.id : undefined);
  const zone = tenants.find(({ id }) => id === tenant)?.zone ?? 'UTC';
  const window = windowOf(timed(frame, snapshot.atMs), snapshot.atMs, zone);
  const isStarted = frame.start !== undefined || frame.during !== undefined;
  const said: readonly (readonly [string, readonly (keyof Frame)[], ParameterValue | undefined])[] = [
    ['tenant', ['tenant'], tenant],
    [countName(template), ['amount'], countOf(frame)],
    ['model', ['models'], frame.models?.length === 1 ? frame.models[0] : undefined],
    ['site', ['where'], frame.where?.length === 1 ? frame.where[0] : undefined],
    ['budgetEur', ['budgetTotalEur'], frame.budgetTotalEur],
    [
      'start',
      ['start', 'during', 'isAfter'],
      window.ok && isStarted ? window.window.earliestStart : undefined,
    ],
    ['durationS', ['length', 'end', 'isOpenEnded'], window.ok ? window.window.durationS : undefined],
    ['profile', ['slice'], frame.slice?.kind === 'mig' ? frame.slice.profile : undefined],
  ];
  const known = new Set(template.parameters.map(({ name }) => name));
  const used = said.filter(([name, , value]) => known.has(name) && value !== undefined);
  const covered = new Set<string>(used.flatMap(([, slots]) => slots).concat('notes', 'purpose'));
  const strange = Object.keys(frame).filter((slot) => !covered.has(slot));
  const values = Object.fromEntries(
    used.flatMap(([name, , value]) => (value === undefined ? [] : [[name, value]])),
  );
  const missing = template.parameters.filter(({ name, needed }) => needed && values[name] === undefined);
  return {
    parameters: values,
    open: [
      ...missing.map((one) =>
        missingOf(
          one,
          tenants.map(({ id }) => id),
        ),
      ),
      ...strange.map((slot) => surplus(slot, template)),
      ...(window.ok ? [] : window.problems),
    ],
  };
}

/** A template has a start and a length of its own, where nobody says another. */
function timed(frame: Frame, saidMs: number): Frame {
  const { length, end, during, isOpenEnded, start } = frame;
  const isLong = (length ?? end ?? during ?? isOpenEnded) !== undefined;
  const isStarted = (start ?? during) !== undefined;
  return {
    ...frame,
    ...(isLong ? {} : { isOpenEnded: true as const }),
    ...(isStarted ? {} : { start: { day: { kind: 'now' as const }, saidMs } }),
  };
}

/** What a number of GPUs means here. */
function countName({ parameters }: TemplateView): string {
  const names = parameters.map(({ name }) => name);
  return ['gpus', 'replicas', 'workers'].find((name) => names.includes(name)) ?? 'gpus';
}

function countOf({ amount }: Frame): number | undefined {
  if (amount === undefined) return undefined;
  return amount.shape === 'each'
    ? amount.groups * amount.gpus
    : amount.shape === 'total'
      ? amount.gpus
      : undefined;
}

function missingOf({ name, about }: ParameterView, tenants: readonly string[]): Problem {
  return name === 'tenant'
    ? { slot: 'tenant', text: 'for which team', suggestions: tenants }
    : { slot: name, text: `${name} (${about})`, suggestions: [] };
}

function surplus(slot: string, { name, parameters }: TemplateView): Problem {
  const takes = listed(
    parameters.map((one) => one.name),
    12,
  );
  return {
    slot: 'exception',
    text: `what to do about \`${slot}\`, which the template ${name} does not take (it takes ${takes})`,
    suggestions: [],
  };
}
