import { contractCommit } from '../../../tools/contract-commit.ts';
import { contractRelease } from '../../../tools/contract-release.ts';
import { placementExplain } from '../../../tools/placement-explain.ts';
import { placementPlan } from '../../../tools/placement-plan.ts';
import { templateSearch } from '../../../tools/template-search.ts';
import { exitCodeOf } from '../../chat/exit-code.ts';
import type { ChangeResult } from '../../model/deed-view.ts';
import { BerthError } from '../../model/error.ts';
import type { PlanResult } from '../../model/plan-view.ts';
import { cleanText } from '../../model/text.ts';
import { refusalCode } from '../answer-code.ts';
import { readWritten } from '../files.ts';
import type { Io } from '../io.ts';
import { located } from '../located.ts';
import { print } from '../output.ts';
import { parametersOf } from '../parameters.ts';
import { type Session, withSession } from '../session.ts';
import { useTool } from '../use-tool.ts';
import type { Common } from '../words.ts';

const client = 'berth-cli';

export type PlanOptions = Common & {
  readonly file?: string;
  readonly template?: string;
  readonly set?: readonly string[];
};

export async function plan(io: Io, options: PlanOptions): Promise<number> {
  const { file, template } = options;
  if ((file === undefined) === (template === undefined) || (file !== undefined && options.set !== undefined))
    throw eitherOr();
  const written = file === undefined ? undefined : await readWritten(io, file);
  return withSession(io, { ...options, client }, async (session) => {
    const result =
      written === undefined
        ? await templatePlan(io, session, options)
        : await useTool(io, session, placementPlan, { demand: written.value }).catch((error: unknown) => {
            throw located(error, written, file ?? '-', 'demand');
          });
    if (result.plan !== undefined) {
      print(io, options.json, { kind: 'plan', plan: result.plan }, result);
      return exitCodeOf({ outcome: 'planned' });
    }
    if (result.refusal !== undefined)
      print(io, options.json, { kind: 'refusal', refusal: result.refusal }, result);
    return refusalCode(result.refusal);
  });
}

/** The words behind `--set` are read by what the template takes. */
async function templatePlan(
  io: Io,
  session: Session,
  { template, set = [] }: PlanOptions,
): Promise<PlanResult> {
  const { templates } = await useTool(io, session, templateSearch, { name: template });
  const parameters = parametersOf(set, templates[0]?.parameters ?? []);
  return useTool(io, session, placementPlan, { template, parameters });
}

function eitherOr(): BerthError {
  return new BerthError({
    code: 'INVALID_INPUT',
    message: 'a plan is made of a demand, or of a template and what is set in it',
    fix: 'give `-f DEMAND.yaml`, or `--template NAME` with `--set name=value`',
    field: '--file',
  });
}

export async function commit(
  io: Io,
  id: string,
  { key, purpose, ...options }: Common & { key?: string; purpose?: string },
): Promise<number> {
  return withSession(io, { ...options, client }, async (session) => {
    const args = { plan: id, idempotencyKey: key ?? `cli-${id}`, purpose };
    return showChange(io, await useTool(io, session, contractCommit, args), options.json);
  });
}

export async function release(
  io: Io,
  id: string,
  { key, reason, ...options }: Common & { key?: string; reason?: string },
): Promise<number> {
  return withSession(io, { ...options, client }, async (session) => {
    const args = { contract: id, idempotencyKey: key ?? releaseKey(id, reason), reason };
    return showChange(io, await useTool(io, session, contractRelease, args), options.json);
  });
}

/** A contract is released once, with a reason or without. The key stays in the ledger, so it says nothing of the reason. */
function releaseKey(id: string, reason: string | undefined): string {
  return `cli-release-${id}${reason === undefined ? '' : '-told'}`;
}

export async function explain(io: Io, id: string, options: Common): Promise<number> {
  return withSession(io, { ...options, client }, async (session) => {
    const explanation = await useTool(io, session, placementExplain, subjectOf(id));
    print(io, options.json, { kind: 'explanation', explanation }, explanation);
    return 0;
  });
}

function subjectOf(id: string): Record<string, string> {
  if (id.startsWith('C-')) return { contract: id };
  if (id.startsWith('plan-')) return { plan: id };
  throw new BerthError({
    code: 'INVALID_INPUT',
    message: `\`${cleanText(id, 80)}\` is neither a plan nor a contract`,
    fix: 'name a contract such as `C-101` (see `berth contracts`), or a plan such as `plan-3f9a0c1e2b7d4a58`',
  });
}

function showChange(io: Io, change: ChangeResult, json: boolean | undefined): number {
  print(io, json, { kind: 'change', change }, change);
  if (change.decision === 'pending_approval') return exitCodeOf({ outcome: 'pending_approval' });
  return change.decision === 'rejected' ? refusalCode(change.refusal) : 0;
}
