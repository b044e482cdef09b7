import { render } from 'ink';

import type { InkOptions } from '../ink.ts';
import { App } from './app.tsx';
import { Session } from './session.ts';

/** Mounts the chat and waits until the person leaves. Resolves to the exit code. */
export async function mountChat({ agent, status, color, stdin, stdout }: InkOptions): Promise<number> {
  const app = render(<App session={new Session(agent, status)} color={color} />, {
    exitOnCtrlC: false,
    ...(stdin !== undefined && { stdin }),
    ...(stdout !== undefined && { stdout }),
  });
  const code = await app.waitUntilExit();
  return typeof code === 'number' ? code : 0;
}
