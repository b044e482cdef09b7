import { columnsOf as cellsOf, type Line, span, type Tone, wrap } from '../../chat/cards/line.ts';
import { exitCodeOfError } from '../../chat/exit-code.ts';
import { paintOf, renderAnsi } from '../../chat/render.ts';
import type { Area, Check } from '../doctor/check.ts';
import { configChecks } from '../doctor/config.ts';
import { modelChecks } from '../doctor/model.ts';
import { programChecks } from '../doctor/programs.ts';
import { runtimeChecks } from '../doctor/runtime.ts';
import { terminalChecks } from '../doctor/terminal.ts';
import { columnsOf, type Io } from '../io.ts';

export type DoctorOptions = { readonly json?: boolean; readonly ask?: boolean };

/** Looks at everything that Berth stands on and says what to do. The exit code is that of the first check that fails. */
export async function doctor(io: Io, { json, ask }: DoctorOptions): Promise<number> {
  const runtime = runtimeChecks(io);
  const checks = [
    ...runtime,
    ...configChecks(io),
    ...(await ledgerUnless(io, runtime)),
    ...(await modelChecks(io, ask === true)),
    ...terminalChecks(io),
    ...programChecks(io),
  ];
  io.interrupt.throwIfAborted();
  const firstFailed = checks.find(({ status }) => status === 'fail');
  const ok = firstFailed === undefined;
  io.stdout.write(
    json === true
      ? `${JSON.stringify({ schema: 'berth/doctor/1', ok, checks })}\n`
      : `${renderAnsi(drawn(io, checks), paintOf(io.env, io.stdout.isTTY === true))}\n`,
  );
  return ok ? 0 : exitCodes[firstFailed.area];
}

/** What opens a ledger cannot even be loaded where Node has no SQLite. */
async function ledgerUnless(io: Io, runtime: readonly Check[]): Promise<readonly Check[]> {
  const broken = runtime.find(({ check, status }) => check === 'sqlite' && status === 'fail');
  if (broken === undefined) return (await import('../doctor/ledger.ts')).ledgerChecks(io);
  const found = 'not looked at: that takes SQLite';
  return [{ area: 'ledger', check: 'ledger', status: 'warn', found, fix: broken.fix ?? broken.found }];
}

/** As the commands would end that stumble over it. */
const exitCodes: Readonly<Record<Area, number>> = {
  runtime: exitCodeOfError('INVALID_INPUT'),
  config: exitCodeOfError('INVALID_INPUT'),
  ledger: exitCodeOfError('LEDGER_REFUSED'),
  model: exitCodeOfError('MODEL_FAILED'),
  terminal: exitCodeOfError('INVALID_INPUT'),
  programs: exitCodeOfError('INVALID_INPUT'),
};

const tones: Readonly<Record<Check['status'], Tone>> = { ok: 'good', warn: 'warn', fail: 'bad' };

function drawn(io: Io, checks: readonly Check[]): readonly Line[] {
  const columns = cellsOf({ columns: columnsOf(io) });
  const areas = [...new Set(checks.map(({ area }) => area))];
  const count = (status: Check['status']) => checks.filter((each) => each.status === status).length;
  const sum = `${count('ok')} ok, ${count('warn')} to look at, ${count('fail')} failed`;
  return [
    ...areas.flatMap((area) => [
      [span(area, 'strong')],
      ...checks.filter((each) => each.area === area).flatMap((each) => rows(each, columns)),
    ]),
    [span(sum, count('fail') > 0 ? 'bad' : 'strong')],
  ];
}

/** Where a found text and a fix begin. */
const margin = 23;

function rows({ check, status, found, fix }: Check, columns: number): readonly Line[] {
  const mark = span(`  ${status.padEnd(4)}  `, tones[status]);
  const name = `${check.padEnd(margin - 10)}  `;
  return [
    ...wrap([mark, span(name), span(found)], columns, margin),
    ...(fix === undefined
      ? []
      : wrap([span(' '.repeat(margin)), span(`fix: ${fix}`, 'accent')], columns, margin + 5)),
  ];
}
