import type { EventStore } from '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js';
import type { JSONRPCMessage } from '@modelcontextprotocol/sdk/types.js';
import { InMemoryServerEventBus } from '@modelcontextprotocol/server';

import type { Profile } from '../profile.ts';
import { serveLegacyFixtures } from './legacy.ts';
import { fixtureState, serveModernFixtures } from './modern.ts';

/**
 * The fixtures of the official conformance suite, for `berth mcp --conformance`. Nothing else loads this folder. The
 * scenarios that use them exercise transports, sessions and adapters, not our tools.
 */
export function conformanceProfile(): Profile {
  const bus = new InMemoryServerEventBus();
  return {
    legacy: serveLegacyFixtures,
    modern: (server, own) => serveModernFixtures(server, own, bus),
    state: fixtureState,
    bus,
    streams: () => ({ eventStore: rememberEvents(), retryInterval: 500 }),
  };
}

/** Events of one session, so that a client that was gone hears what it missed. */
function rememberEvents(): EventStore {
  const events: { readonly stream: string; readonly message: JSONRPCMessage }[] = [];
  return {
    storeEvent: (stream, message) => Promise.resolve(String(events.push({ stream, message }) - 1)),
    replayEventsAfter: async (last, { send }) => {
      const at = Number(last);
      const stream = events[at]?.stream ?? '';
      for (const [index, event] of events.entries()) {
        const isMessage = Object.keys(event.message).length > 0;
        if (index > at && event.stream === stream && isMessage) await send(String(index), event.message);
      }
      return stream;
    },
  };
}
