import { Box, Static, Text, useAnimation, useApp, useCursor, useInput, usePaste, useWindowSize } from 'ink';
import { type ReactElement, useEffect, useSyncExternalStore } from 'react';

import type { Line } from '../cards/line.ts';
import { renderAnsi } from '../render.ts';
import { drawEntry } from './entry.ts';
import { keysOf } from './keys.ts';
import { liveRegion } from './live.ts';
import type { Session } from './session.ts';

export type AppProps = { readonly session: Session; readonly color: boolean };

/** The screen: a transcript that is written once, and below it the few rows that change. */
export function App({ session, color }: AppProps): ReactElement {
  const view = useSyncExternalStore(session.subscribe, session.view);
  const size = useWindowSize();
  const { exit } = useApp();
  const { setCursorPosition } = useCursor();
  const { time } = useAnimation({ interval: 1000, isActive: view.phase.kind === 'running' });
  useInput((input, key) => session.press(keysOf(input, key)));
  usePaste((text) => session.press([{ kind: 'paste', text }]));
  useEffect(() => {
    if (view.phase.kind === 'left') exit(view.phase.exitCode);
  }, [exit, view.phase]);
  const live = liveRegion(view, size, time);
  setCursorPosition(live.cursor);
  return (
    <>
      <Static items={[...view.entries]}>
        {(entry) => <Rows key={entry.id} lines={drawEntry(entry, size)} color={color} />}
      </Static>
      <Rows lines={live.lines} color={color} />
    </>
  );
}

/** Lines that already fit: Ink is asked neither to wrap nor to colour them. */
function Rows({ lines, color }: { readonly lines: readonly Line[]; readonly color: boolean }): ReactElement {
  return (
    <Box flexDirection="column">
      {lines.map((line, row) => (
        <Text key={row} wrap="truncate">
          {renderAnsi([line], { color }) || ' '}
        </Text>
      ))}
    </Box>
  );
}
