/**
 * How the local PostgreSQL is set: nothing that was acknowledged is ever lost, and it is a small guest on a developer's
 * machine. Memory in MB; the rest as https://www.postgresql.org/docs/18/runtime-config.html says.
 */
const settings: Readonly<Record<string, string>> = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  timezone: 'UTC',
  log_timezone: 'UTC',
  lc_messages: 'C',
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  shared_buffers: '64MB',
  max_wal_size: '512MB',
  max_connections: '200',
  // The gateway's and the worker's queries are short.
  jit: 'off',
  // Small pages of /dev/shm in containers; parallel queries have nothing to do here.
  max_parallel_workers_per_gather: '0',
  log_line_prefix: '%m [%p] ',
};

/** The settings as arguments of `postgres`. `more` comes last and wins. */
export function settingArguments(more: Readonly<Record<string, string>> = {}): string[] {
  return Object.entries({ ...settings, ...more }).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}
