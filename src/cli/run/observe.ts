import { setTimeout as sleep } from 'node:timers/promises';

import { exitCodeOf } from '../../chat/exit-code.ts';
import { BerthError } from '../../model/error.ts';
import { ContractId } from '../../model/id.ts';
import type { ObservationResult } from '../../model/observation-result.ts';
import { cleanText } from '../../model/text.ts';
import type { Io } from '../io.ts';
import { secretOf } from '../live/endpoint.ts';
import { Meter, type Metered } from '../live/metrics.ts';
import { print } from '../output.ts';
import { type Session, withSession } from '../session.ts';
import type { Common } from '../words.ts';

export type ObserveOptions = Common & {
  readonly file?: readonly string[];
  /** Of each site, where there are several. */
  readonly url?: readonly string[];
  readonly tokenFile?: string;
  readonly tokenEnv?: string;
  readonly redfish?: readonly string[];
  readonly every?: number;
  readonly once?: boolean;
  readonly record?: boolean;
  readonly dryRun?: boolean;
};

/** Compares what contracts promise with what is measured: one round, or one every so many seconds. 4 while one is breached. */
export async function observe(
  io: Io,
  contract: string | undefined,
  options: ObserveOptions,
): Promise<number> {
  requireSense(options);
  const id = contract === undefined ? undefined : contractOf(contract);
  const meter = new Meter(io, meteredOf(options));
  return withSession(io, { ...options, client: 'berth-cli' }, async (session) => {
    const { every } = options;
    if (every === undefined) return round(io, session, { id, meter, options });
    if (session.clock.kind === 'set') throw setClock();
    while (!io.interrupt.aborted) {
      await tryRound(io, session, { id, meter, options });
      await sleep(every * 1000, undefined, { signal: io.interrupt }).catch(() => undefined);
    }
    return 130;
  });
}

type Asked = {
  readonly id: ContractId | undefined;
  readonly meter: Meter;
  readonly options: ObserveOptions;
};

async function round(io: Io, { control, caller }: Session, { id, meter, options }: Asked): Promise<number> {
  const watches = await control.watches(caller, id);
  const [first] = watches;
  if (first !== undefined) await meter.look(first.untilMs, watches);
  const results: ObservationResult[] = [];
  for (const watch of watches) {
    const measurement = await meter.measure(watch);
    results.push(await control.observe(caller, { measurement, record: options.record === true }));
  }
  print(io, options.json, { kind: 'observations', results }, { observations: results });
  const isBreached = results.some(({ observed, decision }) => {
    return observed?.breachedSince !== undefined || decision === 'rejected';
  });
  return isBreached ? exitCodeOf({ outcome: 'infeasible' }) : 0;
}

/** What cannot be reached for a while is said and asked again: looking on is what it is for. */
async function tryRound(io: Io, session: Session, asked: Asked): Promise<void> {
  try {
    await round(io, session, asked);
  } catch (error) {
    if (!(error instanceof BerthError) || !error.detail.retryable) throw error;
    io.stderr.write(`no round: ${cleanText(error.message, 300)}\n`);
  }
}

function meteredOf({ file = [], url = [], tokenFile, tokenEnv, redfish = [] }: ObserveOptions): Metered {
  const secret = secretOf(tokenFile, tokenEnv);
  if (secret !== undefined && new Set(url.map(hostOf)).size > 1)
    throw wrong('one secret is not sent to several hosts', 'observe each host by a call of its own');
  return {
    files: file,
    urls: url,
    ...(secret === undefined ? {} : { secret }),
    redfish: new Map(redfish.map(controllerOf)),
  };
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : url;
}

function controllerOf(word: string): readonly [string, string] {
  const at = word.indexOf('=');
  if (at > 0) return [word.slice(0, at), word.slice(at + 1)];
  throw wrong(`\`${cleanText(word, 80)}\` names no node`, 'write `--redfish NODE=https://its-controller`');
}

function contractOf(text: string): ContractId {
  const id = ContractId.safeParse(text.toUpperCase());
  if (id.success) return id.data;
  throw wrong(`\`${cleanText(text, 40)}\` is no contract`, 'write an id such as `C-106`');
}

function requireSense({
  file = [],
  url = [],
  redfish = [],
  every,
  once,
  record,
  dryRun,
}: ObserveOptions): void {
  if (record === true && dryRun === true)
    throw wrong('`--record` and `--dry-run` cannot be said together', 'leave one of them out');
  if (every !== undefined && (once === true || every < 1))
    throw wrong('`--every` needs some seconds, and no `--once` beside it', 'write `--every 60`');
  if (file.length === 0 && url.length === 0 && redfish.length === 0)
    throw wrong(
      'nothing is named to measure by',
      'name a Prometheus with `--url`, or files of metrics with `--file`',
    );
}

/** What is looked at again and again is the present. */
function setClock(): BerthError {
  return wrong(
    'the clock of this ledger is set, and time goes on',
    'leave `--every` out, or use a ledger without BERTH_NOW or a demo clock',
  );
}

function wrong(message: string, fix: string): BerthError {
  return new BerthError({ code: 'INVALID_INPUT', message, fix });
}
