import { serveStdio } from '../../src/mcp/stdio.ts';
import { PrincipalId } from '../../src/model/id.ts';
import { tools } from '../../tools/index.ts';
import { fakeControl } from './fake-control.ts';

await serveStdio({
  tools,
  control: fakeControl().control,
  caller: { principal: PrincipalId.parse('person:ada') },
  version: '0.0.0',
});
