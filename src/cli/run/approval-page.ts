import { isLoopback, readAddress } from '../../mcp/http/address.ts';
import { loopbackGate } from '../../mcp/http/gate.ts';
import { openSocket } from '../../mcp/http/socket.ts';
import { jsonLines } from '../../mcp/log.ts';
import { isAgent } from '../../model/authority.ts';
import type { DecisionResult } from '../../model/deed-view.ts';
import { BerthError } from '../../model/error.ts';
import type { ApprovalId } from '../../model/id.ts';
import { createApprovalServer } from '../../page/approval-server.ts';
import { durationS } from '../duration.ts';
import type { Io } from '../io.ts';
import { keyFileOf, openSigner } from '../keys.ts';
import { requireTerminal } from '../passphrase.ts';
import { type Session, withSession } from '../session.ts';
import type { Common } from '../words.ts';

export type ServeOptions = Common & { readonly at?: string; readonly for: string; readonly keyFile?: string };

const usualAddress = '127.0.0.1:3902';

/** A page for whoever sits at this terminal, until its time is over or the process is told to end. */
export async function serveApprovals(io: Io, options: ServeOptions): Promise<number> {
  requireTerminal(io);
  const address = readAddress(options.at ?? usualAddress);
  if (!isLoopback(address.host)) throw onlyHere(address.host);
  const openS = durationS(options.for, '--for');
  return withSession(io, { ...options, client: 'berth-page' }, async (session) => {
    const { control, caller } = session;
    if (isAgent(caller.principal)) throw noPerson(caller.principal);
    const signer = await openSigner(io, keyFileOf(io, caller.principal, options.keyFile));
    const server = createApprovalServer({
      control,
      caller,
      signer,
      gate: loopbackGate(),
      log: jsonLines((line) => io.stderr.write(line)),
      onDecision: (id, result) => io.stderr.write(`${told(id, result)}\n`),
    });
    const socket = await openSocket((request, peer) => server.fetch(request, peer), address);
    sayOpen(io, session, { origin: socket.origin, link: server.newLink(), options });
    const stopLinks = linkOnEnter(io, () => `${socket.origin}${server.newLink()}`);
    const why = await over(io, openS);
    stopLinks();
    await socket.close(() => Promise.resolve());
    io.stderr.write(`the page is closed: ${why}\n`);
    return 0;
  });
}

function sayOpen(
  io: Io,
  { caller }: Session,
  {
    origin,
    link,
    options,
  }: { readonly origin: string; readonly link: string; readonly options: ServeOptions },
): void {
  const url = `${origin}${link}`;
  if (options.json === true) {
    io.stdout.write(
      `${JSON.stringify({ page: origin, link: url, as: caller.principal, for: options.for })}\n`,
    );
    return;
  }
  const lines = [
    `the approvals of ${caller.principal} are at ${origin} for ${options.for}`,
    `  sign in once with ${url}`,
    '  Enter prints a new link, Ctrl+C closes the page',
  ];
  io.stdout.write(`${lines.join('\n')}\n`);
}

/** Whoever is at the terminal gets a new link with each line that is typed. */
function linkOnEnter({ stdin, stdout }: Io, newLink: () => string): () => void {
  const onData = () => stdout.write(`  sign in once with ${newLink()}\n`);
  stdin.on('data', onData);
  stdin.resume();
  return () => {
    stdin.off('data', onData);
    stdin.pause();
  };
}

/** Resolves with the reason once the page is to close. */
function over({ interrupt }: Io, openS: number): Promise<string> {
  return new Promise((resolve) => {
    const done = (why: string) => {
      clearTimeout(timer);
      interrupt.removeEventListener('abort', onStop);
      resolve(why);
    };
    const onStop = () => done('it was told to end');
    const timer = setTimeout(() => done('its time is over'), Math.min(openS * 1000, longestTimerMs));
    interrupt.addEventListener('abort', onStop);
    if (interrupt.aborted) onStop();
  });
}

/** A longer timer would fire at once. */
const longestTimerMs = 2 ** 31 - 1;

function told(id: ApprovalId, { decision, refusal, contract, entry }: DecisionResult): string {
  if (refusal !== undefined) return `${id}: nothing was done: ${refusal.summary}`;
  const about = contract === undefined ? '' : `, contract ${contract.id}`;
  const word = {
    done: 'approved',
    counted: 'your yes counts',
    'turned-down': 'rejected',
    rejected: 'refused',
  } as const;
  return `${id}: ${word[decision]}${about}, ledger entry ${entry?.seq ?? 0}`;
}

function onlyHere(host: string): BerthError {
  return new BerthError({
    code: 'INVALID_INPUT',
    message: `\`${host}\` is reached by others, and the page signs with your key`,
    fix: 'listen on 127.0.0.1; from another machine go through `ssh -L 3902:127.0.0.1:3902`',
    field: '--at',
  });
}

function noPerson(principal: string): BerthError {
  return new BerthError({
    code: 'FORBIDDEN',
    message: `${principal} is no person, and only a person decides`,
    fix: 'leave out `--as`, or name a person with it',
    field: '--as',
  });
}
