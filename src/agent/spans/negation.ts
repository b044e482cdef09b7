import type { Span } from './span.ts';

const denial =
  /(?:\b(?:(?:but |and |is |are |do |does |should |must |may )?not|never|don't|doesn't|mustn't|shouldn't|won't)(?: (?:be|go|run|use|want|need|place|put|touch|require|it|them|to|have|placed|stay))*(?: (?:in|on|at|from|using|with|to|into|inside))?|\boutside(?: of)?|\bout of|\baway from|\bleav(?:e|ing)|\bexcept(?: for)?(?: (?:in|on))?|\bexclud(?:ing|e)|\bavoid(?:ing)?|\bwithout|\b(?:anywhere|anything|everywhere|everything|any (?:site|place|country)|all(?: sites)?) (?:but|except)(?: in| for)?|\b(?:other than|apart from|aside from|stay(?:ing)? (?:out|away)(?: of| from)?|keep (?:it )?(?:out of|away from)|instead of|rather than|no|non)|\bno longer(?: in)?)[ -](?:any |the |a |an |use of )?$/u;

/** `drop the NVLink`: of what a request asks for, never of a place, which may be lost. */
const dropped = /\b(?:drop|remove|skip|scrap|ditch|forget|delete)(?: about)? (?:any |the |that )?$/u;

const after = /^ (?:is |are )?(?:not|isn't|aren't) (?:needed|required|necessary|allowed|ok|okay)\b/u;

/** Kinds whose opposite can be asked for. Before all others a negation stays unread, and stops the request. */
function canBeDenied(span: Span): boolean {
  if (span.kind === 'trait') return ['link', 'rdma', 'isolation'].includes(span.trait.slot);
  return span.kind === 'place' || span.kind === 'region' || span.kind === 'model';
}

/** Everything can be what something else takes the place of. */
const instead = /\b(?:instead of|rather than|in place of)(?: the| a| an)? ?$/u;

function leadOf(span: Span, text: string): string | undefined {
  if (!canBeDenied(span)) return instead.exec(text)?.[0];
  const drop = span.kind === 'trait' ? dropped.exec(text)?.[0] : undefined;
  return instead.exec(text)?.[0] ?? denial.exec(text)?.[0] ?? drop;
}

/** `not globex, acme`: a team that another one of the line takes the place of. */
function otherTeam(span: Span, before: string, spans: readonly Span[]): string | undefined {
  const others = spans.filter(
    (other) => other.kind === 'tenant' && span.kind === 'tenant' && other.tenant !== span.tenant,
  );
  return others.length === 0 ? undefined : /\b(?:but )?not (?:for )?$/u.exec(before)?.[0];
}

/** Marks the spans that a negation stands before (`not in iad3 or ams2`) and takes its words into them. */
export function denied(text: string, spans: readonly Span[]): readonly Span[] {
  const result: Span[] = [];
  for (const span of spans) {
    const previous = result.at(-1);
    const gap = previous === undefined ? '' : text.slice(previous.to, span.from);
    const goesOn =
      previous?.negative === true &&
      previous.kind === span.kind &&
      span.kind !== 'tenant' &&
      /^(?:,? (?:or|nor|and) |, ?| ?\/ ?)(?:the )?$/u.test(gap);
    const floor = previous?.to ?? 0;
    const before = text.slice(floor, span.from);
    const lead = leadOf(span, before) ?? otherTeam(span, before, spans);
    const tail = canBeDenied(span) ? after.exec(text.slice(span.to))?.[0] : undefined;
    if (lead === undefined && tail === undefined && !goesOn) result.push(span);
    else
      result.push({
        ...span,
        from: span.from - (lead ?? '').length,
        to: span.to + (tail ?? '').length,
        negative: true,
      });
  }
  return result;
}
