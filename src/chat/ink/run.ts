import { render } from 'ink';
import { createElement } from 'react';

import type { InkOptions } from '../ink.ts';
import { App } from './app.ts';
import { Session } from './session.ts';

/** Mounts the chat and waits until the person leaves. Resolves to the exit code. */
export async function mountChat({
  color,
  stdin,
  stdout,
  onShown = () => {},
  ...options
}: InkOptions): Promise<number> {
  const session = new Session(options);
  const screen = () => createElement(App, { session, color });
  const app = render(screen(), {
    exitOnCtrlC: false,
    ...(stdin !== undefined && { stdin }),
    ...(stdout !== undefined && { stdout }),
  });
  setImmediate(onShown);
  // Two changes of size may arrive as one that ends where it began. Ink then sees none, yet the terminal has dropped
  // rows below the cursor, and the next frame would erase as many above it.
  const redraw = () => {
    app.clear();
    app.rerender(screen());
  };
  process.on('SIGWINCH', redraw);
  try {
    const code = await app.waitUntilExit();
    return typeof code === 'number' ? code : 0;
  } finally {
    process.off('SIGWINCH', redraw);
  }
}
