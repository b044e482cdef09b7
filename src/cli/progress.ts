import type { Io } from './io.ts';

/** One line on stderr that is rewritten while work goes on: on a terminal only, and gone when it is done. */
export function progressLine(io: Io): {
  step(done: number, total: number | undefined, what: string): void;
  clear(): void;
} {
  const shown = io.stderr.isTTY === true;
  return {
    step(done, total, what) {
      const count = total === undefined ? `${done}` : `${done} of ${total}`;
      if (shown) io.stderr.write(`\r\u001b[2K${count} ${what}`);
    },
    clear() {
      if (shown) io.stderr.write('\r\u001b[2K');
    },
  };
}
