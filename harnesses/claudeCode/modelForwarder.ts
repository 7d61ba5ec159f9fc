/**
 * Stands in a sandbox without a network, between the agent and the worker's bridge: it listens on the sandbox's own
 * loopback, passes what comes there on to the bridge's socket, and runs the agent. Its arguments: the socket, then the
 * command. It knows no key.
 */
export const modelForwarder = `'use strict';
const net = require('node:net');
const { spawn } = require('node:child_process');
const [socket, ...command] = process.argv.slice(2);
const server = net.createServer((incoming) => {
  const outgoing = net.connect(socket);
  for (const [one, other] of [[incoming, outgoing], [outgoing, incoming]]) {
    one.on('error', () => other.destroy());
    one.on('close', () => other.destroySoon());
    one.pipe(other);
  }
});
server.listen(0, '127.0.0.1', () => {
  const url = 'http://127.0.0.1:' + server.address().port;
  const child = spawn('/usr/bin/env', ['ANTHROPIC_BASE_URL=' + url, ...command], { stdio: 'inherit' });
  child.on('error', (error) => { console.error(error.message); process.exit(127); });
  child.on('exit', (code, signal) => {
    if (signal) process.kill(process.pid, signal);
    else process.exit(code);
  });
});
`;
