import { cleanText } from '../../model/text.ts';
import type { Answer } from '../port.ts';

/** How a program of the user ended. `silent`: it was stopped because it did not end in time. */
export type Ran =
  | { readonly kind: 'ended'; readonly exit: number | null; readonly stdout: string; readonly stderr: string }
  | { readonly kind: 'missing'; readonly why: string }
  | { readonly kind: 'silent' };

/** Runs a program of the user's own by its name on their PATH, with these variables besides theirs. No shell. */
export type RunProgram = (
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
) => Promise<Ran>;

/** Times are read and written in UTC, in one form, whatever the user's own settings are. */
const env = { TZ: 'UTC', SLURM_TIME_FORMAT: 'standard' };

export type Shown =
  | { readonly kind: 'shown'; readonly text: string }
  | { readonly kind: 'unreachable' | 'unreadable'; readonly why: string };

export async function show(run: RunProgram, args: readonly string[]): Promise<Shown> {
  const ran = await run('scontrol', args, env);
  if (ran.kind === 'missing') return { kind: 'unreachable', why: ran.why };
  if (ran.kind === 'silent') return { kind: 'unreachable', why: 'scontrol did not answer in time' };
  if (ran.exit === 0) return { kind: 'shown', text: ran.stdout };
  return { kind: isAway(wordsOf(ran)) ? 'unreachable' : 'unreadable', why: wordsOf(ran) };
}

/** Tells Slurm to do something. What was sent and not answered is `unknown`: it may have been done. */
export async function tell(run: RunProgram, args: readonly string[]): Promise<Answer> {
  const ran = await run('scontrol', args, env);
  if (ran.kind === 'missing') return { kind: 'unreachable', why: ran.why };
  if (ran.kind === 'silent') return { kind: 'unknown', why: 'scontrol did not end in time' };
  if (ran.exit === 0) return { kind: 'done' };
  const why = wordsOf(ran);
  if (ran.exit === null) return { kind: 'unknown', why: 'scontrol was killed' };
  if (isAway(why)) return { kind: 'unreachable', why };
  return { kind: /timed out|communication|connection/iu.test(why) ? 'unknown' : 'refused', why };
}

/** The controller was never reached, or there is no cluster that `scontrol` knows. */
function isAway(why: string): boolean {
  return /connect failure|Connection refused|establish a configuration source/iu.test(why);
}

/** What it said, the last line first: `scontrol` says what failed at its end. */
function wordsOf({ stdout, stderr }: Extract<Ran, { kind: 'ended' }>): string {
  const lines = `${stderr}\n${stdout}`.split('\n').filter((line) => line.trim() !== '');
  const said = lines.toReversed().slice(0, 2).join('; ');
  return said === '' ? 'scontrol failed and said nothing' : cleanText(said, 280);
}
