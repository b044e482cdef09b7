import type { ChildProcessWithoutNullStreams } from 'node:child_process';

/** The address of a server that was started with `--http`, as its log says it. Rejects where it ends before. */
export function readyUrl(server: ChildProcessWithoutNullStreams): Promise<string> {
  return new Promise((found, failed) => {
    let heard = '';
    server.stderr.on('data', (chunk: Buffer) => {
      heard = (heard + chunk.toString()).slice(-10_000);
      const at = /"event":"ready","url":"([^"]+)"/.exec(heard)?.[1];
      if (at !== undefined) found(at);
    });
    server.once('exit', () => failed(new Error(`the server did not start: ${heard}`)));
  });
}
