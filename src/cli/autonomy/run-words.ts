import { formatEur } from '../../chat/cards/amount.ts';
import type { RunLine, RunView } from '../../model/run-view.ts';
import type { Note } from '../../model/run.ts';
import { cleanText } from '../../model/text.ts';
import { endWords } from './end-code.ts';

/** `R-1 goal under M-1: done; spent 1,132.80 EUR of 5,000.00 EUR in 1 deed` */
export function runWords(run: RunView): string {
  const { id, what, mandate, end, spentMicroEur, budgetMicroEur, deeds } = run;
  const state = end === undefined ? 'it has not ended' : endWords[end.why];
  const most = budgetMicroEur === undefined ? '' : ` of ${formatEur(budgetMicroEur)}`;
  const count = `${deeds} ${deeds === 1 ? 'deed' : 'deeds'}`;
  return `${id} ${what} under ${mandate}: ${state}; ${formatEur(spentMicroEur)}${most} in ${count}`;
}

/** A run in a list. */
export function listedRun(run: RunView): string[] {
  const goal = run.goal === undefined ? [] : [`  ${cleanText(run.goal, 300)}`];
  const by = run.by === undefined ? '' : ` for ${run.by}`;
  return [runWords(run), `  ${run.agent}${by}, began ${run.began}`, ...goal];
}

/** One entry of a run, and below a note what was seen before it. */
export function linesOf({
  entry,
  at,
  kind,
  note,
  command,
  decision,
  refusal,
  why,
  ...about
}: RunLine): string[] {
  const start = `  ${String(entry).padStart(4)}  ${at}`;
  switch (kind) {
    case 'begun':
      return [`${start}  begun`];
    case 'ended':
      return [`${start}  ended: ${why === undefined ? '' : endWords[why]}`];
    case 'note':
      return note === undefined
        ? []
        : [`${start}  ${noteWords(note)}`, ...causeLines(note), ...sawLines(note)];
    case 'deed': {
      const what = [about.contract, about.approval].filter((word) => word !== undefined).join(' ');
      const no = refusal === undefined ? '' : `: ${cleanText(refusal, 300)}`;
      return [`${start}  deed ${command ?? ''}: ${decision ?? ''}${what === '' ? '' : ` ${what}`}${no}`];
    }
    default:
      return kind satisfies never;
  }
}

function noteWords({ step, cause, proposed, did }: Note): string {
  const what = [proposed?.how, proposed?.plan ?? proposed?.contract].filter((word) => word !== undefined);
  const came = [did?.contract, did?.approval, did?.refusal].filter((word) => word !== undefined);
  const said = [
    ...(did !== undefined || what.length === 0 ? [] : [`proposed ${what.join(' ')}`]),
    ...(did === undefined ? [] : [`${did.result} ${came.join(' ')}`.trim()]),
    ...(did?.entry === undefined ? [] : [`entry ${did.entry}`]),
  ];
  return `step ${step}: ${said.length === 0 ? (cause === undefined ? 'nothing to do' : 'no plan would help') : said.join('; ')}`;
}

function causeLines({ cause }: Note): string[] {
  if (cause === undefined) return [];
  const { kind, contract, places, events } = cause;
  const at = places.length === 0 ? '' : ` at ${places.join(', ')}`;
  return [`        ${kind} of ${contract}${at}${events.length === 0 ? '' : ` (${events.join(', ')})`}`];
}

function sawLines({ saw }: Note): string[] {
  const tools = [...Map.groupBy(saw, ({ tool }) => tool)].map(([tool, calls]) => {
    return calls.length === 1 ? tool : `${tool} ×${calls.length}`;
  });
  return tools.length === 0 ? [] : [`        saw ${tools.join(', ')}`];
}
