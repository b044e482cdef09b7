import type { Agent, TurnOptions } from '../../../src/agent/agent.ts';
import { runInk } from '../../../src/chat/ink.ts';
import { outsideEditor } from '../../../src/cli/outside-editor.ts';
import { planned, scriptedLookups, status, turnOf } from '../samples.ts';

/**
 * The chat with an agent from a script, as a program for a terminal: `rows 7 250` answers 250 rows of the seventh
 * batch, `slow` works until it is stopped, `plan` plans, and everything else is said back.
 */
const agent: Agent = {
  name: 'built-in',
  turn: (text, options = {}) => {
    const [, batch, count] = /^rows (\d+) (\d+)$/.exec(text) ?? [];
    if (batch !== undefined) return Promise.resolve(rows(Number(batch), Number(count)));
    if (text === 'slow') return slow(options);
    return Promise.resolve(
      text === 'plan' ? planned : turnOf({ reply: `said back: ${JSON.stringify(text)}` }),
    );
  },
  confirm: () => Promise.resolve(turnOf({ reply: 'committed' })),
};

function rows(batch: number, count: number) {
  const lines = Array.from({ length: count }, (_, i) => `row ${batch}.${i} of a long answer that one reads`);
  return turnOf({ reply: `batch ${batch}`, shown: [{ kind: 'text', lines }] });
}

async function slow({ signal, onEvent }: TurnOptions) {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let done = 0;
  onEvent?.({ kind: 'tool-started', tool: 'ledger_verify', args: {} });
  const timer = setInterval(() => {
    done += 1;
    onEvent?.({
      kind: 'tool-progress',
      tool: 'ledger_verify',
      progress: { done, total: 1000, message: 'entries' },
    });
    if (done === 1000) resolve();
  }, 20);
  signal?.addEventListener('abort', () => reject(new Error('aborted')));
  try {
    await promise;
  } finally {
    clearInterval(timer);
  }
  return turnOf({ reply: 'done at last' });
}

process.exitCode = await runInk({
  agent,
  status,
  lookups: scriptedLookups(),
  color: process.env['NO_COLOR'] === undefined,
  ...outsideEditor({ env: process.env }),
});
