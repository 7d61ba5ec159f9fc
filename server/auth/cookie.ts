/** How a cookie of ours is set: out of reach of scripts, and not sent along by other sites' forms. */
export interface Cookie {
  readonly name: string;
  /** Empty: the cookie is taken back. */
  readonly value: string;
  readonly path: string;
  readonly maxAgeMs: number;
  /** Over HTTPS only. */
  readonly secure: boolean;
}

/** A cookie as a `Set-Cookie` header. */
export function setCookie({ name, value, path, maxAgeMs, secure }: Cookie): string {
  const parts = [`${name}=${value}`, 'HttpOnly', 'SameSite=Lax', `Path=${path}`, `Max-Age=${maxAgeMs / 1_000}`];
  return (secure ? [...parts, 'Secure'] : parts).join('; ');
}

/** The value of a cookie in a `Cookie` header, or null. */
export function cookieIn(header: string | null | undefined, name: string): string | null {
  const cookie = header
    ?.split(';')
    .map((part) => part.trim())
    .find((part) => part.startsWith(`${name}=`));
  return cookie ? cookie.slice(name.length + 1) : null;
}
