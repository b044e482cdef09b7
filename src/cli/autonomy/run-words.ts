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

/** One entry of a run. */
export function lineWords({
  entry,
  at,
  kind,
  note,
  command,
  decision,
  refusal,
  why,
  ...about
}: RunLine): string {
  const start = `  entry ${entry}  ${at}`;
  switch (kind) {
    case 'begun':
      return `${start}  begun`;
    case 'ended':
      return `${start}  ended: ${why === undefined ? '' : endWords[why]}`;
    case 'note':
      return `${start}  ${note === undefined ? '' : noteWords(note)}`;
    case 'deed': {
      const what = [about.contract, about.approval].filter((word) => word !== undefined).join(' ');
      const no = refusal === undefined ? '' : `: ${cleanText(refusal, 300)}`;
      return `${start}  deed ${command ?? ''}: ${decision ?? ''}${what === '' ? '' : ` ${what}`}${no}`;
    }
    default:
      return kind satisfies never;
  }
}

function noteWords({ step, saw, cause, proposed, did }: Note): string {
  const tools = [...Map.groupBy(saw, ({ tool }) => tool)].map(([tool, calls]) => {
    return calls.length === 1 ? tool : `${tool} ×${calls.length}`;
  });
  const events = cause === undefined || cause.events.length === 0 ? '' : ` (${cause.events.join(', ')})`;
  const what = [proposed?.how, proposed?.plan, proposed?.contract].filter((word) => word !== undefined);
  const came = [did?.contract, did?.approval, did?.refusal].filter((word) => word !== undefined);
  return [
    `step ${step}`,
    ...(tools.length === 0 ? [] : [`saw ${tools.join(', ')}`]),
    ...(cause === undefined ? [] : [`${cause.kind} of ${cause.contract}${events}`]),
    ...(what.length === 0 ? [] : [`${did === undefined ? 'proposed' : 'of'} ${what.join(' ')}`]),
    ...(did === undefined ? [] : [`${did.result}${came.length === 0 ? '' : ` ${came.join(' ')}`}`]),
    ...(did?.entry === undefined ? [] : [`entry ${did.entry}`]),
  ].join('; ');
}
