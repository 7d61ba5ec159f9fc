// Stands in for the worker: it does nothing, and keeps the contract between a part and its supervisor.
// BATON_FAKE_WORKER=stubborn makes it ignore that it shall stop.
process.on('disconnect', () => process.exit(0));
process.on('SIGTERM', () => {
  if (process.env['BATON_FAKE_WORKER'] !== 'stubborn') process.exit(0);
});
setInterval(() => {}, 60_000);
process.send({ type: 'ready' });
