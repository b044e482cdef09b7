import { render } from 'ink';
import { createElement } from 'react';

import type { InkOptions } from '../ink.ts';
import { App } from './app.ts';
import { Session } from './session.ts';

/** Mounts the chat and waits until the person leaves. Resolves to the exit code. */
export async function mountChat({ color, stdin, stdout, ...options }: InkOptions): Promise<number> {
  const app = render(createElement(App, { session: new Session(options), color }), {
    exitOnCtrlC: false,
    ...(stdin !== undefined && { stdin }),
    ...(stdout !== undefined && { stdout }),
  });
  const code = await app.waitUntilExit();
  return typeof code === 'number' ? code : 0;
}
