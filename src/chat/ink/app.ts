import { Box, Static, Text, useAnimation, useApp, useCursor, useInput, usePaste, useWindowSize } from 'ink';
import { createElement, Fragment, type ReactElement, useEffect, useSyncExternalStore } from 'react';

import type { Line } from '../cards/line.ts';
import { type Paint, renderAnsi } from '../render.ts';
import { drawEntry } from './entry.ts';
import { keysOf } from './keys.ts';
import { liveRegion } from './live.ts';
import type { Entry, Session } from './session.ts';

export type AppProps = { readonly session: Session; readonly color: boolean };

/**
 * The screen: a transcript that is written once, and below it the few rows that change. Without JSX, because Node
 * runs TypeScript by stripping its types and nothing else.
 */
export function App({ session, color }: AppProps): ReactElement {
  const view = useSyncExternalStore(session.subscribe, session.view);
  const size = useWindowSize();
  const { exit, suspendTerminal } = useApp();
  const { setCursorPosition } = useCursor();
  const { time } = useAnimation({ interval: 1000, isActive: view.phase.kind === 'running' });
  useInput((input, key) => session.press(keysOf(input, key)));
  usePaste((text) => session.press([{ kind: 'paste', text }]));
  useEffect(() => session.lendTerminal((use) => suspendTerminal(use)), [session, suspendTerminal]);
  useEffect(() => {
    if (view.phase.kind === 'left') exit(view.phase.exitCode);
  }, [exit, view.phase]);
  const paint = { color, theme: view.theme };
  const live = liveRegion(view, size, time);
  setCursorPosition(live.cursor);
  const transcript = {
    items: [...view.entries],
    children: (entry: Entry) => rows(drawEntry(entry, size), paint, entry.id),
  };
  return createElement(Fragment, null, createElement(Static<Entry>, transcript), rows(live.lines, paint));
}

/** Lines that already fit: Ink is asked neither to wrap nor to colour them. */
function rows(lines: readonly Line[], paint: Paint, key?: number): ReactElement {
  const texts = lines.map((line, row) =>
    createElement(Text, { key: row, wrap: 'truncate' }, renderAnsi([line], paint) || ' '),
  );
  return createElement(Box, { flexDirection: 'column', ...(key !== undefined && { key }) }, ...texts);
}
