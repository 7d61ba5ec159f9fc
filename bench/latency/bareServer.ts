import type { AddressInfo } from 'node:net';
import pg from 'pg';
import { WebSocketServer } from 'ws';

/**
 * A process of its own that sends what PostgreSQL notifies to whoever has a WebSocket open: no more than that.
 * Arguments: the database's URL and the channel. Tells its parent the port.
 */
const [url = '', channel = ''] = process.argv.slice(2);
const client = new pg.Client({ connectionString: url });
await client.connect();
await client.query(`LISTEN ${channel}`);
const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
server.once('listening', () => process.send?.({ port: (server.address() as AddressInfo).port }));
client.on('notification', ({ payload = '' }) => {
  for (const socket of server.clients) socket.send(payload);
});
// Its parent is gone: so is what it is for.
process.on('disconnect', () => process.exit(0));
