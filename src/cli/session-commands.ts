import type { Command } from 'commander';

import type { Io } from './io.ts';
import { type Common, type Done, examples, wholeNumber, withCommon } from './words.ts';

/** What was said in chats. Only the person who spoke sees it, and who was registered as auditor or admin. */
export function addSessions(program: Command, io: Io, done: Done): Command {
  const sessions = withCommon(program.command('sessions').enablePositionalOptions())
    .description('what was said in chats, each under a number: list, show, export, replay, erase')
    .option('--all', 'also those of others, for auditors and admins')
    .option('--limit <count>', 'so many', wholeNumber)
    .addHelpText(
      'after',
      examples(
        'berth sessions',
        'berth sessions show S-7',
        'berth sessions export S-7 --out talk.md',
        'berth --resume S-7',
        'berth -p --continue "and in ams2?"',
      ),
    )
    .action(async (options: Common & { all?: boolean; limit?: number }) =>
      done(await (await import('./run/sessions.ts')).listSessions(io, options)),
    );
  sessions.allowExcessArguments(false);
  withCommon(sessions.command('show <session>'))
    .description('what was said, answered and called in one session')
    .addHelpText('after', examples('berth sessions show S-7', 'berth sessions show S-7 --json'))
    .action(async (id: string, options: Common) =>
      done(await (await import('./run/sessions.ts')).showSession(io, id, options)),
    );
  withCommon(sessions.command('export <session>'))
    .description('the same as Markdown')
    .option('--out <file>', 'a new file; stdout without it')
    .addHelpText('after', examples('berth sessions export S-7', 'berth sessions export S-7 --out talk.md'))
    .action(async (id: string, options: Common & { out?: string }) =>
      done(await (await import('./run/sessions.ts')).exportSession(io, id, options)),
    );
  withCommon(sessions.command('replay <session>'))
    .description('read every request again by the built-in reader, with the answers that tools gave then')
    .addHelpText(
      'after',
      `${examples('berth sessions replay S-7', 'berth sessions replay S-7 --json')}
Nothing is called and nothing is done. What a language model read cannot be made again and is counted.
Exit codes: 0 every turn came out the same; 9 one did not.
`,
    )
    .action(async (id: string, options: Common) =>
      done(await (await import('./run/sessions.ts')).replaySession(io, id, options)),
    );
  withCommon(sessions.command('erase <session>'))
    .description('erase the words of one session for good; that it was, and what it did, stays on record')
    .option('--confirm <count>', 'how many texts, as was said without it', wholeNumber)
    .addHelpText('after', examples('berth sessions erase S-7', 'berth sessions erase S-7 --confirm 12'))
    .action(async (id: string, options: Common & { confirm?: number }) =>
      done(await (await import('./run/sessions.ts')).eraseSession(io, id, options)),
    );
  return sessions;
}
