import { fileURLToPath } from 'node:url';

import { afterEach, describe, expect, test } from 'vitest';

import { demoHome } from '../../cli/run.ts';
import { Terminal, tmuxMissing } from './terminal.ts';

const missing = tmuxMissing();
const cli = fileURLToPath(new URL('../../../src/cli.ts', import.meta.url));

describe.skipIf(missing !== undefined)(
  `sessions in a terminal${missing === undefined ? '' : ` (${missing})`}`,
  { timeout: 120_000 },
  () => {
    const opened: Terminal[] = [];
    afterEach(() => {
      for (const terminal of opened.splice(0)) terminal.close();
    });

    async function open(home: string, args: readonly string[] = []): Promise<Terminal> {
      const program = [process.execPath, cli, '--as', 'mila', ...args];
      const terminal = Terminal.open(program, { columns: 100, rows: 30 }, { BERTH_HOME: home });
      opened.push(terminal);
      await terminal.shows(/entry 26/);
      return terminal;
    }

    test('a chat that was left goes on in another one: by the picker, by --continue, and by arrow up', async () => {
      const home = await demoHome();
      const first = await open(home);
      first.keys('16 H100 with NVLink for 3 days from next Monday in fra1 for acme', 'Enter');
      await first.shows('1 commit');
      first.keys('/quit', 'Enter');
      await first.shows('left with 0');

      const second = await open(home);
      second.keys('Up');
      await second.shows('> 16 H100 with NVLink');
      second.keys('C-u');
      second.keys('/resume', 'Enter');
      await second.shows('resume:');
      second.keys('NVLink');
      await second.shows('1 of 1');
      second.keys('Enter');
      await second.shows('S-1 goes on', { all: true });
      await second.shows('1 commit');
      second.keys('make it two weeks', 'Enter');
      await second.shows('Changed since', { all: true });
      await second.shows('| S-1');
      second.keys('/resume', 'Enter');
      await second.shows('There is no other chat of yours', { all: true });
      second.keys('/quit', 'Enter');
      await second.shows('left with 0');

      const third = await open(home, ['--continue']);
      await third.shows('14 days', { all: true });
      third.keys('1', 'Enter');
      await third.shows('Committed as C-106', { all: true });
      expect(third.all().split('S-1 goes on').length).toBe(2);
    });
  },
);
