import { formsOf, shortestMasked, type NamedSecret } from './secretForms.ts';

interface Form {
  readonly text: string;
  readonly name: string;
}

/** Finds secrets in text, in all their forms, and puts `[secret NAME]` in their place; the longest counts that begins first. */
export class SecretMask {
  /** Forms by their first characters, the longest first. */
  readonly #forms = new Map<string, Form[]>();
  /** What a form can begin with, up to one character less than the keys above. */
  readonly #beginnings = new Set<string>();
  readonly #firsts = new Uint8Array(0x1_00_00);

  constructor(secrets: readonly NamedSecret[]) {
    const names = new Map(secrets.flatMap((secret) => [...formsOf(secret)].map((text) => [text, secret.name] as const)));
    for (const [text, name] of names) {
      const key = text.slice(0, shortestMasked);
      const forms = this.#forms.get(key);
      if (forms) forms.push({ text, name });
      else this.#forms.set(key, [{ text, name }]);
      for (let length = 1; length < shortestMasked; length++) this.#beginnings.add(text.slice(0, length));
      this.#firsts[text.charCodeAt(0)] = 1;
    }
    for (const forms of this.#forms.values()) forms.sort((a, b) => b.text.length - a.text.length);
  }

  /** A whole text, masked. */
  text(text: string): string {
    return this.scan(text, true).shown;
  }

  /** Masks what has come of a text; unless it is all of it, its end is held back where a secret may have begun. */
  scan(text: string, isAll: boolean): { readonly shown: string; readonly held: string } {
    let shown = '';
    let from = 0;
    for (let at = 0; at < text.length;) {
      if (this.#firsts[text.charCodeAt(at)] === 0) {
        at++;
        continue;
      }
      if (!isAll && this.#mayBegin(text, at)) return { shown: shown + text.slice(from, at), held: text.slice(at) };
      const found = this.#forms.get(text.slice(at, at + shortestMasked))?.find((form) => text.startsWith(form.text, at));
      if (found) {
        shown += `${text.slice(from, at)}[secret ${found.name}]`;
        at += found.text.length;
        from = at;
      } else at++;
    }
    return { shown: shown + text.slice(from), held: '' };
  }

  /** Whether a form begins here that is longer than what there is of the text. */
  #mayBegin(text: string, at: number): boolean {
    const there = text.length - at;
    if (there < shortestMasked) return this.#beginnings.has(text.slice(at));
    const forms = this.#forms.get(text.slice(at, at + shortestMasked)) ?? [];
    return forms.some((form) => form.text.length > there && form.text.startsWith(text.slice(at)));
  }
}

/** Masks a text that comes in parts, however it is cut. Holds back no more than the beginning of a secret. */
export class MaskedStream {
  readonly #mask: SecretMask;
  #held = '';

  constructor(mask: SecretMask) {
    this.#mask = mask;
  }

  take(part: string): string {
    const { shown, held } = this.#mask.scan(this.#held + part, false);
    this.#held = held;
    return shown;
  }

  /** What was held back, when nothing more comes. */
  end(): string {
    const shown = this.#mask.text(this.#held);
    this.#held = '';
    return shown;
  }
}
