import { join } from 'node:path';
import { Client, type Connection } from '@temporalio/client';
import { expect, inject, onTestFinished, test } from 'vitest';
import { machine } from '../../config/machine.ts';
import { temporaryDirectory } from '../../test/support/temporaryDirectory.ts';
import { waitFor } from '../../test/support/waitFor.ts';
import { searchAttributes } from '../../workflows/searchAttributes.ts';
import { Ports } from '../ports.ts';
import { identify } from '../processes/identity.ts';
import { connectTemporal } from './connect.ts';
import { registerSearchAttributes } from './register.ts';
import { startTemporal } from './server.ts';

async function connect(address: string): Promise<Connection> {
  const connection = await connectTemporal(address, 10_000);
  onTestFinished(() => connection.close());
  return connection;
}

test('it keeps its executions over a restart on the same port, with the attributes of runs and a month of retention', async () => {
  await using directory = await temporaryDirectory();
  const start = () =>
    startTemporal({
      directory: directory.path,
      log: join(directory.path, 'temporal.log'),
      ports: new Ports(join(directory.path, 'ports.json')),
      namespace: 'default',
      machine: machine(),
      progress: () => {},
    });
  const first = await start();
  onTestFinished(first.kill);
  const client = new Client({ connection: await connect(first.address) });
  await client.workflow.start('anything', {
    taskQueue: 'nobody',
    workflowId: 'run-1',
    searchAttributes: { BatonRunState: ['QUEUED'], BatonRepository: ['a', 'b'] },
  });
  await first.stop();
  expect(await first.exited).toMatch(/exited with code 0/);
  expect(identify(first.pid)).toBeNull();

  const second = await start();
  onTestFinished(second.kill);
  expect(second.address).toBe(first.address);
  const connection = await connect(second.address);
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace: 'default' });
  expect(Object.keys(customAttributes).sort()).toEqual(Object.keys(searchAttributes).sort());
  const { config } = await connection.workflowService.describeNamespace({ namespace: 'default' });
  expect(Number(config?.workflowExecutionRetentionTtl?.seconds)).toBe(30 * 24 * 60 * 60);
  const found = await waitFor('the run to be listed', async () => {
    for await (const { workflowId } of new Client({ connection }).workflow.list({ query: 'BatonRepository = "b"' }))
      return workflowId;
    return null;
  });
  expect(found).toBe('run-1');
});

test('registering search attributes again changes nothing', async () => {
  const connection = await connect(inject('temporalAddress'));
  expect(await registerSearchAttributes(connection, 'default')).toEqual([]);
});

test('search attributes of a namespace that does not exist: what its operator can type is said', async () => {
  const connection = await connect(inject('temporalAddress'));
  await expect(registerSearchAttributes(connection, 'nowhere')).rejects.toThrow(
    /did not take the search attributes[^]*temporal operator search-attribute create --namespace nowhere --name BatonRunState --type Keyword/,
  );
});

test('one team with much work does not keep another waiting', async () => {
  const connection = await connect(inject('temporalAddress'));
  const client = new Client({ connection });
  const taskQueue = `fairness-${process.pid}`;
  const start = (team: string, n: number) =>
    client.workflow.start('anything', {
      taskQueue,
      workflowId: `${taskQueue}-${team}-${n}`,
      priority: { priorityKey: 3, fairnessKey: team },
    });
  for (let n = 0; n < 20; n++) await start('busy', n);
  for (let n = 0; n < 2; n++) await start('small', n);
  const order: string[] = [];
  for (let n = 0; n < 22; n++) {
    const task = await connection.withDeadline(Date.now() + 10_000, () =>
      connection.workflowService.pollWorkflowTaskQueue({ namespace: 'default', taskQueue: { name: taskQueue } }),
    );
    order.push(task.workflowExecution?.workflowId ?? 'none');
  }
  expect(order.toSorted()).toHaveLength(22);
  expect(order.slice(0, 8).filter((id) => id.includes('-small-'))).toHaveLength(2);
});

test('a server that does not answer is given up after its time, with the reason', async () => {
  await expect(connectTemporal('127.0.0.1:1', 100)).rejects.toThrow(/ECONNREFUSED|No connection|Deadline|DEADLINE/);
});
