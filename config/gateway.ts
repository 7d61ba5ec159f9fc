import { z } from 'zod';
import { limitSettings } from './limits.ts';
import { oidcSettings, readOidc, type OidcSettings } from './oidc.ts';
import { flag, list, port, readConfig } from './read.ts';
import { readMasterKeys, shared, type MasterKeys } from './shared.ts';

const schema = z.object({
  ...shared,
  PORT: port.default(4600).describe('The port the gateway listens on; 0 takes a free one.'),
  HOST: z.string().default('127.0.0.1').describe('The address the gateway listens on.'),
  BATON_GATEWAY_INTERNAL_PORT: port.optional().describe('The port of /metrics, /healthz and /readyz; none when not set.'),
  BATON_PUBLIC_URL: z.url().optional().describe('The address people open, where it is not http://HOST:PORT.'),
  BATON_ALLOWED_HOSTS: list.default([]).describe('Further Host names that requests may come with, comma-separated.'),
  BATON_GRAPHIQL: flag.default(false).describe('Whether GET /graphql shows GraphiQL.'),
  BATON_BLOB_GRACE_MINUTES: z.coerce
    .number()
    .nonnegative()
    .default(60)
    .describe('How long a blob that nothing refers to is kept, in minutes: longer than taking a snapshot may last.'),
  BATON_WEB_ROOT: z.string().describe('The directory of the built viewer.'),
  ...limitSettings,
  ...oidcSettings,
});

export type GatewayConfig = z.output<typeof schema> & MasterKeys & { readonly oidc: OidcSettings | null };

/** The gateway's settings, validated. */
export function gatewayConfig(environment?: NodeJS.ProcessEnv): GatewayConfig {
  const config = readConfig(schema, environment);
  return { ...config, ...readMasterKeys(config), oidc: readOidc(config) };
}
