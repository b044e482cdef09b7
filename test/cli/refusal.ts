import { VerifyResult } from '../../src/model/verify-view.ts';
import { berth, type Ran } from './run.ts';

/**
 * What is missing from a command line that failed as it should: the exit code, nothing on stdout, on stderr what
 * is wrong and below it what to do, with these texts in it, no stack trace and no control characters of others.
 * A note that the ledger can only be read may stand before it.
 */
export function flaws(ran: Ran, code: number, ...texts: readonly string[]): readonly string[] {
  const said = ran.stderr.replace(/^note: .*\n {2}.*\n/, '');
  const [what = '', fix = '', ...more] = said.trimEnd().split('\n');
  const wanted: Record<string, boolean> = {
    [`exit code ${code}, not ${ran.code}`]: ran.code === code,
    'an empty stdout': ran.stdout === '',
    'what is wrong, without a full stop': /^(?:berth: \S.*[^.\s]|error: \S.*)$/.test(what),
    'what to do': /^(?: {2}\S|\(.*\)$)/.test(fix),
    'an end': more.every((line) => line.startsWith('(')),
    'no stack trace': !/\n\s+at |node:internal|this is a bug/.test(ran.stderr),
    'no control characters': !/\p{Cc}/u.test(ran.stderr.replaceAll('\n', '')),
  };
  for (const text of texts) wanted[text] = ran.stderr.includes(text);
  const missing = Object.keys(wanted).filter((name) => wanted[name] === false);
  return missing.length === 0 ? [] : [...missing, `in: ${ran.stderr}`];
}

/** The head of the ledger in a home, which must pass every check. */
export async function headOf(home: string): Promise<string> {
  const { code, stdout, stderr } = await berth(['ledger', 'verify', '--json'], { home });
  if (code !== 0) throw new Error(`the ledger does not verify: ${stderr}${stdout}`);
  const { head, entries } = VerifyResult.parse(JSON.parse(stdout));
  return `${entries} ${head}`;
}
