import { fileURLToPath } from 'node:url';

import { afterEach, describe, expect, test } from 'vitest';

import { demoHome } from '../../cli/run.ts';
import { Terminal, tmuxMissing } from './terminal.ts';

const missing = tmuxMissing();
const cli = fileURLToPath(new URL('../../../src/cli.ts', import.meta.url));

/** What a person sees of the demo world in 80 columns, from the first key to the last: kept as text to be looked at. */
describe.skipIf(missing !== undefined)(
  `berth in a terminal${missing === undefined ? '' : ` (${missing})`}`,
  { timeout: 120_000 },
  () => {
    const opened: Terminal[] = [];
    afterEach(() => {
      for (const terminal of opened.splice(0)) terminal.close();
    });

    async function open(
      args: readonly string[],
      env: Readonly<Record<string, string>> = {},
    ): Promise<Terminal> {
      const program = [process.execPath, cli, ...args];
      const size = { columns: 80, rows: 30 };
      const terminal = Terminal.open(program, size, {
        BERTH_HOME: await demoHome(),
        TZ: 'Europe/Berlin',
        ...env,
      });
      opened.push(terminal);
      await terminal.shows(/entry 26/);
      return terminal;
    }

    test('a plan, an amended plan with what changed, a rack, a no with what would work', async () => {
      const terminal = await open(['--as', 'mila']);
      terminal.keys('16 H100 with NVLink for 3 days from next Monday in fra1 for acme', 'Enter');
      await terminal.shows('1 commit');
      terminal.keys('make it two weeks', 'Enter');
      await terminal.shows('Changed since', { all: true });
      await terminal.shows('1 commit');
      terminal.keys('/picture fra1/h1/r12', 'Enter');
      await terminal.shows('free  0 W of 10.2 kW', { all: true });
      await terminal.settled();
      terminal.keys('64 H100 for 2 days from tomorrow in fra1 for acme', 'Enter');
      await terminal.shows('What would work', { all: true });
      await terminal.settled();
      await expect(`${steady(terminal.all())}\n`).toMatchFileSnapshot('../../golden/chat/screen-plan.txt');
    });

    test('what an agent may not do alone waits for a person, who is told what to type', async () => {
      const terminal = await open(['--as', 'agent:ops-bot']);
      terminal.keys('16 H100 with NVLink for 1 day from next Monday in fra1 for globex', 'Enter');
      await terminal.shows('1 commit');
      terminal.keys('1', 'Enter');
      await terminal.shows('berth approve A-3', { all: true });
      await terminal.settled();
      terminal.keys('/approvals', 'Enter');
      await terminal.shows('1 approval', { all: true });
      await terminal.settled();
      await expect(`${steady(terminal.all())}\n`).toMatchFileSnapshot(
        '../../golden/chat/screen-approval.txt',
      );
    });

    test('ACCESSIBLE=1: lines that are written once, pictures in sentences, choices by number', async () => {
      const terminal = await open(['--as', 'mila'], { ACCESSIBLE: '1' });
      terminal.keys('8 H200 in ams2 for a week from next Monday for acme', 'Enter');
      await terminal.shows('1 commit');
      terminal.keys('/picture fra1/h1/r12', 'Enter');
      await terminal.shows('Holder C-102');
      terminal.keys('3', 'Enter');
      await terminal.shows('is rejected');
      await terminal.settled();
      const all = steady(terminal.all());
      expect(all).not.toMatch(/[┌│└█░]/u);
      await expect(`${all}\n`).toMatchFileSnapshot('../../golden/chat/screen-accessible.txt');
    });
  },
);

/** How long a call took, and so how much of its arguments fits, differs from run to run; so does where the ledger lies. */
function steady(text: string): string {
  return text
    .replaceAll(/^( {2}[a-z]+_[a-z]+) .*? \d+(?:\.\d+)? m?s$/gm, '$1 ARGUMENTS 1 ms')
    .replaceAll(/\/\S*ledger\.db/g, 'LEDGER')
    .replaceAll(/ +$/gm, '');
}
