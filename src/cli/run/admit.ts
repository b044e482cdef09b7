import { Bell, keepListening, watchWorkloads } from '../../engines/kubernetes/bell.ts';
import { answerChecks, keepAnswering, type Pass } from '../../engines/kubernetes/checks.ts';
import { kubectlOf } from '../../engines/kubernetes/kubectl.ts';
import { BerthError } from '../../model/error.ts';
import { cleanText } from '../../model/text.ts';
import type { Io } from '../io.ts';
import { print } from '../output.ts';
import { withSession } from '../session.ts';
import type { Common } from '../words.ts';

export type AdmitOptions = Common & {
  readonly every?: number;
  readonly context?: string;
  readonly watch?: boolean;
};

/**
 * Answers the admission checks of a cluster: one round, or one every so many seconds until it is interrupted, and with
 * `--watch` as soon as a workload changes too.
 */
export async function admit(io: Io, options: AdmitOptions): Promise<number> {
  return withSession(io, { ...options, client: 'berth-cli' }, async ({ control, caller, clock }) => {
    if (clock.kind === 'set') throw setClock();
    const { context } = options;
    const own = { env: io.env, ...(context === undefined ? {} : { context }) };
    const kubectl = kubectlOf(own);
    const round = async (): Promise<Pass> => {
      const { contractOf, nowMs } = await control.standing(caller);
      return answerChecks(kubectl, contractOf, nowMs);
    };
    const tell = (pass: Pass) => {
      print(io, options.json, { kind: 'text', lines: passLines(pass) }, pass);
    };
    const { every, watch = false } = options;
    if (every !== undefined || watch) {
      const bell = new Bell();
      const waitMs = (every ?? 60) * 1000;
      const listening = watch ? keepListening(watchWorkloads(own), bell, io.interrupt) : undefined;
      await keepAnswering(round, (signal) => bell.heard(waitMs, signal), io.interrupt, tell);
      await listening;
      return 130;
    }
    const pass = await round();
    tell(pass);
    return pass.kind === 'passed' ? 0 : 1;
  });
}

function passLines(pass: Pass): readonly string[] {
  if (pass.kind === 'failed') return [`no round: ${cleanText(pass.why, 300)}`];
  const answered = pass.answered.map(({ workload, contract, verdict, said }) => {
    const trouble = said.kind === 'done' ? '' : ` (${said.kind}: ${said.why})`;
    return cleanText(`${workload} for ${contract}: ${verdict.state}, ${verdict.message}${trouble}`, 300);
  });
  return [`${pass.checks} checks served`, ...answered];
}

function setClock(): BerthError {
  return new BerthError({
    code: 'INVALID_INPUT',
    message: 'the clock is set, and a cluster runs by the real one',
    fix: 'unset `BERTH_NOW`, or use a ledger that is no demo',
  });
}
