import { BerthError } from '../model/error.ts';
import type { Io } from './io.ts';

/** What keys send in raw mode. */
const interruptKey = '\u0003';
const ends = ['\r', '\n', '\u0004', interruptKey];
const erase = /.?[\b\u007f]/u;

/** Asks for a secret at a terminal and shows nothing of it. Throws FORBIDDEN where nobody sits at one. */
export async function askPassphrase(io: Io, question: string): Promise<string> {
  requireTerminal(io);
  io.stderr.write(`${question}: `);
  io.stdin.setRawMode?.(true);
  try {
    return await typedLine(io);
  } finally {
    io.stdin.setRawMode?.(false);
    io.stderr.write('\n');
  }
}

/** Decisions are a person's: a pipe, a script and an assistant have no terminal. */
export function requireTerminal({ stdin }: Io): void {
  if (stdin.isTTY === true) return;
  throw new BerthError({
    code: 'FORBIDDEN',
    message: 'this is decided by a person at a terminal, and stdin is none',
    fix: 'run it yourself in a terminal; no program can do it for you',
  });
}

function typedLine({ stdin, interrupt }: Io): Promise<string> {
  return new Promise((resolve, reject) => {
    let typed = '';
    const done = (outcome: () => void) => {
      // At once: what is typed ahead belongs to the next question.
      stdin.pause().off('data', onData).off('end', onEnd);
      interrupt.removeEventListener('abort', onStop);
      outcome();
    };
    const onStop = () => done(() => reject(interrupted()));
    const onEnd = () => done(() => resolve(typed));
    const onData = (chunk: Buffer | string) => {
      const text = chunk.toString('utf8');
      const end = Math.min(...ends.map((key) => text.indexOf(key)).filter((at) => at >= 0), text.length);
      typed = withKeys(typed, text.slice(0, end));
      if (end === text.length) return;
      if (text[end] === interruptKey) return onStop();
      const rest = text.slice(end + 1);
      if (rest !== '') stdin.unshift(Buffer.from(rest));
      done(() => resolve(typed));
    };
    interrupt.addEventListener('abort', onStop);
    stdin.on('data', onData).on('end', onEnd);
    stdin.resume();
  });
}

/** What is typed once these keys were pressed too: backspace takes one character back. */
function withKeys(typed: string, pressed: string): string {
  let text = typed + pressed;
  while (erase.test(text)) text = text.replace(erase, '');
  return text;
}

function interrupted(): BerthError {
  return new BerthError({ code: 'INTERRUPTED', message: 'stopped before it was done', fix: 'run it again' });
}
