import { ledgerSearch } from '../../../tools/ledger-search.ts';
import type { AuditEntry, AuditList } from '../../model/audit.ts';
import { principalOf } from '../caller.ts';
import { csvText } from '../csv.ts';
import type { Io } from '../io.ts';
import { print } from '../output.ts';
import { type Session, withSession } from '../session.ts';
import { type Edge, instantOf } from '../time-phrase.ts';
import { useTool } from '../use-tool.ts';
import type { Common } from '../words.ts';
import { zoneOf } from '../zone.ts';

export type AuditOptions = Common & {
  readonly from?: string;
  readonly to?: string;
  readonly of?: string;
  readonly who?: string;
  readonly contract?: string;
  readonly limit?: number;
  readonly cursor?: string;
  readonly csv?: boolean;
};

/** Rows that are read at a time for CSV. */
const pageRows = 200;

export async function audit(io: Io, options: AuditOptions): Promise<number> {
  return withSession(io, { ...options, client: 'berth-cli' }, async (session) => {
    const { of: tenant, who, contract, limit, cursor } = options;
    const zone = zoneOf(io);
    const at = (text: string | undefined, edge: Edge) =>
      text === undefined ? undefined : instantOf(text, { edge, nowMs: session.clock.nowMs(), zone });
    const principal = who === undefined ? undefined : principalOf(who);
    const asked = { from: at(options.from, 'start'), to: at(options.to, 'end'), tenant, principal, contract };
    if (options.csv === true) await writeCsv(io, session, { ...asked, limit, cursor });
    else {
      const list = await useTool(io, session, ledgerSearch, { ...asked, limit, cursor });
      print(io, options.json, { kind: 'audit', list }, list);
    }
    return 0;
  });
}

type Asked = Record<string, unknown> & {
  readonly limit: number | undefined;
  readonly cursor: string | undefined;
};

/** All pages, unless a limit was given: whoever exports wants the whole. */
async function writeCsv(io: Io, session: Session, asked: Asked): Promise<void> {
  io.stdout.write(csvText([columns.map(([name]) => name)]));
  let cursor = asked.cursor;
  do {
    io.interrupt.throwIfAborted();
    const page: AuditList = await useTool(io, session, ledgerSearch, {
      ...asked,
      limit: asked.limit ?? pageRows,
      cursor,
    });
    io.stdout.write(csvText(page.entries.map((entry) => columns.map(([, cell]) => cell(entry) ?? ''))));
    cursor = asked.limit === undefined ? page.nextCursor : undefined;
  } while (cursor !== undefined);
}

const columns: readonly (readonly [string, (entry: AuditEntry) => string | undefined])[] = [
  ['entry', ({ seq }) => String(seq)],
  ['at', ({ at }) => at],
  ['tenant', ({ tenant }) => tenant],
  ['principal', ({ actor }) => actor.principal],
  ['on behalf of', ({ actor }) => actor.onBehalfOf],
  ['client', ({ actor }) => actor.client],
  ['model', ({ actor }) => actor.model],
  ['tool', ({ actor }) => actor.tool],
  ['mandate', ({ actor }) => actor.mandate],
  ['command', ({ command }) => command],
  ['contract', ({ contract }) => contract],
  ['plan', ({ plan }) => plan],
  ['why', ({ why, isErased }) => (isErased === true ? '(erased)' : why)],
  ['decision', ({ decision }) => decision],
  ['refusal', ({ refusal }) => refusal],
  [
    'rules',
    ({ rules }) =>
      rules.map(({ rule, article, effect, sites }) => `${rule} (${article}; ${effect}, ${sites})`).join('; '),
  ],
  ['policy', ({ policy }) => policy],
  ['core', ({ core }) => core],
  ['digest', ({ digest }) => digest],
];
