import * as openid from 'openid-client';
import type { OidcSettings } from '../../config/oidc.ts';
import type { FirstTeam, ProvidedPerson, SignInAttempt } from '../../journal/identities.ts';

/** The provider, or who came from it, was refused. Its message is for the person in the browser. */
export class OidcRefused extends Error {}

/** An OpenID provider, found when it is first needed: a gateway starts while the provider is down. */
export class Oidc {
  readonly settings: OidcSettings;
  readonly #redirectUri: string;
  #found: Promise<openid.Configuration> | null = null;

  /** `publicUrl` is where the provider sends browsers back to. */
  constructor(settings: OidcSettings, publicUrl: string) {
    this.settings = settings;
    this.#redirectUri = `${publicUrl}/sign-in/oidc/callback`;
  }

  /** Begins a sign-in: where the browser goes, and what it has to come back with. */
  async begin(returnTo: string): Promise<{ readonly url: URL; readonly attempt: SignInAttempt }> {
    const provider = await this.#provider();
    const attempt = {
      state: openid.randomState(),
      nonce: openid.randomNonce(),
      verifier: openid.randomPKCECodeVerifier(),
      returnTo,
    };
    const url = openid.buildAuthorizationUrl(provider, {
      redirect_uri: this.#redirectUri,
      scope: this.settings.scopes,
      state: attempt.state,
      nonce: attempt.nonce,
      code_challenge: await openid.calculatePKCECodeChallenge(attempt.verifier),
      code_challenge_method: 'S256',
    });
    return { url, attempt };
  }

  /** The person whom the provider tells of. Throws OidcRefused for one who may not sign in, and what openid-client throws. */
  async finish(query: string, { state, nonce, verifier }: SignInAttempt): Promise<ProvidedPerson> {
    const provider = await this.#provider();
    const tokens = await openid.authorizationCodeGrant(provider, new URL(`${this.#redirectUri}${query}`), {
      expectedState: state,
      expectedNonce: nonce,
      pkceCodeVerifier: verifier,
      idTokenExpected: true,
    });
    const idToken = tokens.claims();
    if (!idToken) throw new Error('the provider gave no ID token');
    const more = provider.serverMetadata().userinfo_endpoint
      ? await openid.fetchUserInfo(provider, tokens.access_token, idToken.sub)
      : {};
    const claims: Readonly<Record<string, unknown>> = { ...more, ...idToken };
    this.#refuse(claims);
    const email = verifiedEmail(claims);
    const name = [claims['name'], claims['preferred_username'], email?.split('@')[0]].find(
      (one): one is string => typeof one === 'string' && one.trim() !== '',
    );
    return { issuer: idToken.iss, subject: idToken.sub, name: (name ?? 'Someone').trim().slice(0, 100), email };
  }

  /** The team that this person joins when they are new here. */
  firstTeam({ email }: ProvidedPerson): FirstTeam | null {
    const { team, admins } = this.settings;
    return team === null ? null : { slug: team, role: email !== null && admins.includes(email) ? 'ADMIN' : 'MEMBER' };
  }

  #refuse(claims: Readonly<Record<string, unknown>>): void {
    const { allowedDomains, allowedGroups, groupsClaim } = this.settings;
    if (allowedDomains.includes('*')) return;
    const domain = verifiedEmail(claims)?.split('@').at(-1);
    if (domain !== undefined && allowedDomains.includes(domain)) return;
    const groups = claims[groupsClaim];
    const named: unknown[] = Array.isArray(groups) ? groups : [groups];
    if (named.some((group) => typeof group === 'string' && allowedGroups.includes(group))) return;
    throw new OidcRefused('Your account there is not one of those that may sign in to this Baton. Ask the person who runs it.');
  }

  #provider(): Promise<openid.Configuration> {
    const { issuer, clientId, clientSecret } = this.settings;
    // Only an issuer on this machine may be without TLS: config/oidc.ts refuses others.
    const execute = issuer.protocol === 'http:' ? [openid.allowInsecureRequests] : [];
    this.#found ??= openid
      .discovery(issuer, clientId, clientSecret, undefined, { execute, timeout: 10 })
      .catch((error: unknown) => {
        this.#found = null;
        throw error;
      });
    return this.#found;
  }
}

function verifiedEmail(claims: Readonly<Record<string, unknown>>): string | null {
  const { email, email_verified: verified } = claims as { email?: unknown; email_verified?: unknown };
  return typeof email === 'string' && verified === true ? email.trim().toLowerCase() : null;
}
