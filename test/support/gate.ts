import { connect, createServer, type Server, type Socket } from 'node:net';

/** A way to a server that can be closed, as a network can. */
export interface Gate {
  readonly port: number;
  readonly address: string;
  /** Where it leads; it may be named later than the gate is opened. */
  leadTo(host: string, port: number): void;
  open(): void;
  /** Drops all connections and refuses new ones. */
  close(): void;
  stop(): Promise<void>;
}

/** Opens a gate on loopback. */
export async function startGate(target?: string): Promise<Gate> {
  let [host = '127.0.0.1', port = '0'] = target?.split(':') ?? [];
  let isOpen = true;
  const sockets = new Set<Socket>();
  const server: Server = createServer((incoming) => {
    if (!isOpen) return void incoming.destroy();
    const outgoing = connect(Number(port), host);
    join(incoming, outgoing, sockets);
    join(outgoing, incoming, sockets);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const close = () => {
    isOpen = false;
    for (const socket of sockets) socket.destroy();
  };
  const own = (server.address() as { port: number }).port;
  return {
    port: own,
    address: `127.0.0.1:${own}`,
    leadTo: (newHost, newPort) => {
      host = newHost;
      port = String(newPort);
    },
    open: () => {
      isOpen = true;
    },
    close,
    stop: () => {
      close();
      return new Promise((resolve) => {
        server.close(() => resolve());
      });
    },
  };
}

function join(from: Socket, to: Socket, sockets: Set<Socket>): void {
  sockets.add(from);
  from.on('error', () => {});
  from.on('close', () => {
    sockets.delete(from);
    to.destroy();
  });
  from.pipe(to);
}
