// Stands in for the gateway: listens on PORT and keeps the contract between a part and its supervisor.
// BATON_FAKE_GATEWAY makes it misbehave: `silent` never says that it is ready, `failing` says why it fails.
import { createServer } from 'node:http';

const behaviour = process.env['BATON_FAKE_GATEWAY'];

process.on('disconnect', () => process.exit(0));
process.on('SIGTERM', () => process.exit(0));

if (behaviour === 'failing') {
  process.send({ type: 'failed', message: 'the gateway has no wings' }, () => process.exit(1));
} else if (behaviour === 'crashing') {
  throw new Error('the gateway fell over');
} else {
  const server = createServer((request, response) =>
    response.end(process.env['DATABASE_URL'] === undefined ? 'no database' : 'gateway'),
  );
  server.listen(Number(process.env['PORT']), '127.0.0.1', () => {
    if (behaviour !== 'silent') process.send({ type: 'ready', url: `http://127.0.0.1:${server.address().port}` });
  });
}
