const armour =
  /^-----BEGIN (?:(OPENSSH|RSA|EC|DSA|ENCRYPTED) )?PRIVATE KEY-----\r?\n([\s\S]+?)\r?\n-----END (?:\w+ )?PRIVATE KEY-----\s*$/;
/** https://github.com/openssh/openssh-portable/blob/master/PROTOCOL.key */
const opensshMagic = 'openssh-key-v1\0';

/** Why a text is no private key that ssh can use without asking for a passphrase, or null. */
export function refuseSshPrivateKey(text: string): string | null {
  const [, kind, body = ''] = armour.exec(text) ?? [];
  if (body === '') return 'This is not a private key. Give the whole file, from -----BEGIN to -----END.';
  const locked =
    kind === 'ENCRYPTED' || /^Proc-Type: 4,ENCRYPTED/m.test(body) || (kind === 'OPENSSH' && cipherOf(body) !== 'none');
  return locked
    ? 'This key is locked by a passphrase, which nobody could type. Make one without, for this environment alone.'
    : null;
}

function cipherOf(body: string): string {
  const bytes = Buffer.from(body, 'base64');
  const at = opensshMagic.length;
  if (bytes.length < at + 4 || bytes.toString('latin1', 0, at) !== opensshMagic) return 'unknown';
  return bytes.toString('latin1', at + 4, at + 4 + Math.min(bytes.readUInt32BE(at), 64));
}
