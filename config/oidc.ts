import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { ConfigError, list } from './read.ts';

/** How people sign in at an OpenID provider; without an issuer they sign in by links only. */
export const oidcSettings = {
  BATON_OIDC_ISSUER: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('The OpenID provider.'),
  BATON_OIDC_CLIENT_ID: z.string().optional().describe('Baton’s id at the provider.'),
  BATON_OIDC_CLIENT_SECRET: z.string().optional().describe('Its secret there.'),
  BATON_OIDC_CLIENT_SECRET_FILE: z.string().optional().describe('A file that holds the secret, instead.'),
  BATON_OIDC_LABEL: z.string().default('single sign-on').describe('What the button calls the provider.'),
  BATON_OIDC_SCOPES: z.string().default('openid profile email').describe('What is asked of the provider.'),
  BATON_OIDC_ALLOWED_DOMAINS: list.default([]).describe('Domains whose verified addresses may sign in; * for everyone.'),
  BATON_OIDC_ALLOWED_GROUPS: list.default([]).describe('Groups whose people may sign in.'),
  BATON_OIDC_GROUPS_CLAIM: z.string().default('groups').describe('The claim that names a person’s groups.'),
  BATON_OIDC_TEAM: z
    .string()
    .regex(/^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/)
    .optional()
    .describe('The short name of the team that people join at their first sign-in.'),
  BATON_OIDC_ADMINS: list.default([]).describe('Addresses of those who join it as admins.'),
};

const schema = z.object(oidcSettings);

export interface OidcSettings {
  readonly issuer: URL;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly label: string;
  readonly scopes: string;
  readonly groupsClaim: string;
  /** In lower case. */
  readonly allowedDomains: readonly string[];
  readonly allowedGroups: readonly string[];
  readonly team: string | null;
  /** In lower case. */
  readonly admins: readonly string[];
}

const lower = (text: string): string => text.toLowerCase();

/** The settings of the provider, or null without one. Throws ConfigError for those that do not go together. */
export function readOidc(config: z.output<typeof schema>): OidcSettings | null {
  const { BATON_OIDC_ISSUER: issuer, BATON_OIDC_CLIENT_ID: clientId } = config;
  if (issuer === undefined) return null;
  const file = config.BATON_OIDC_CLIENT_SECRET_FILE;
  const clientSecret = config.BATON_OIDC_CLIENT_SECRET ?? (file && readFileSync(file, 'utf8').trim());
  if (!clientId || !clientSecret)
    throw new ConfigError('With BATON_OIDC_ISSUER set BATON_OIDC_CLIENT_ID and BATON_OIDC_CLIENT_SECRET too, or its _FILE.');
  const url = new URL(issuer);
  if (url.protocol === 'http:' && !['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname))
    throw new ConfigError('BATON_OIDC_ISSUER must be https:, but on this machine itself.');
  const allowedDomains = config.BATON_OIDC_ALLOWED_DOMAINS.map(lower);
  const allowedGroups = config.BATON_OIDC_ALLOWED_GROUPS;
  if (allowedDomains.length + allowedGroups.length === 0)
    throw new ConfigError(
      'Say who may sign in: BATON_OIDC_ALLOWED_DOMAINS, * for everyone whom the provider knows, or BATON_OIDC_ALLOWED_GROUPS.',
    );
  return {
    issuer: url,
    clientId,
    clientSecret,
    label: config.BATON_OIDC_LABEL,
    scopes: config.BATON_OIDC_SCOPES,
    groupsClaim: config.BATON_OIDC_GROUPS_CLAIM,
    allowedDomains,
    allowedGroups,
    team: config.BATON_OIDC_TEAM ?? null,
    admins: config.BATON_OIDC_ADMINS.map(lower),
  };
}
