import type { AuditEntry, AuditList } from '../../model/audit.ts';
import { countOf } from './amount.ts';
import { columnsOf, type Line, type Room, span, wrap } from './line.ts';
import { answerEnd } from './snapshot.ts';
import { type Row, table } from './table.ts';
import { formatInstant } from './time.ts';

/** Entries of the ledger: who, what, why, under which rule. */
export function auditCard(list: AuditList, room: Room): Line[] {
  const title = `${countOf(list.entries.length, 'entry', 'entries')}, newest first`;
  return [
    ...wrap([span(title, 'strong')], columnsOf(room)),
    ...entryTable(list.entries, room),
    ...answerEnd(list, room),
  ];
}

function entryTable(entries: readonly AuditEntry[], room: Room): Line[] {
  const columns = [
    { title: 'entry', priority: 1, align: 'right' as const },
    { title: 'at', priority: 1 },
    { title: 'who', priority: 1, narrowTo: 14 },
    { title: 'through', priority: 4, narrowTo: 10 },
    { title: 'decision', priority: 1, narrowTo: 14 },
    { title: 'contract', priority: 1 },
    { title: 'tenant', priority: 3, narrowTo: 8 },
    { title: 'why', priority: 2, narrowTo: 12 },
    { title: 'rules that bit', priority: 5, narrowTo: 12 },
  ];
  return table(columns, entries.map(entryRow), room);
}

function entryRow(entry: AuditEntry): Row {
  const { seq, at, actor, decision, contract, tenant, why, refusal, isErased, rules } = entry;
  const behalf = actor.onBehalfOf === undefined ? '' : ` for ${actor.onBehalfOf}`;
  const through = [actor.client, actor.model].filter((part) => part !== undefined).join(', ');
  return [
    span(String(seq), 'accent'),
    span(formatInstant(at)),
    span(`${actor.principal}${behalf}`),
    span(through),
    span(decision),
    span(contract ?? ''),
    span(tenant ?? ''),
    isErased === true ? span('(erased)', 'dim') : span(why ?? refusal ?? ''),
    span(rules.map(({ rule, article }) => `${rule} (${article})`).join(', ')),
  ];
}
