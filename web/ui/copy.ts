import { announce } from '../shell/announce.ts';

/** Puts a text on the clipboard, and says so to those who do not see it. False when the browser does not allow it. */
export async function copy(text: string, what: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    announce(`Copied ${what}`);
    return true;
  } catch {
    announce(`This browser did not let the page copy ${what}`);
    return false;
  }
}
