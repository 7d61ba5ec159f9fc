import { Gauge, type Registry } from 'prom-client';

/** A number that is read when Prometheus asks for it. */
export function readGauge(registry: Registry, name: string, help: string, read: () => number | Promise<number>): Gauge {
  const gauge: Gauge = new Gauge({
    name,
    help,
    registers: [registry],
    collect: async () => {
      gauge.set(await read());
    },
  });
  return gauge;
}

/** The same by a label, whose values are always all there. */
export function readGauges<L extends string>(
  registry: Registry,
  {
    name,
    help,
    label,
    values,
  }: { readonly name: string; readonly help: string; readonly label: string; readonly values: readonly L[] },
  read: () => ReadonlyMap<L, number> | Promise<ReadonlyMap<L, number>>,
): Gauge {
  const gauge: Gauge = new Gauge({
    name,
    help,
    labelNames: [label],
    registers: [registry],
    collect: async () => {
      const numbers = await read();
      for (const value of values) gauge.set({ [label]: value }, numbers.get(value) ?? 0);
    },
  });
  return gauge;
}
