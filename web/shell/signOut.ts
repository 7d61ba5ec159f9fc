/** Ends this browser's sign-in, and shows how to sign in again. */
export async function signOut(): Promise<void> {
  await fetch('/sign-out', { method: 'POST', credentials: 'same-origin' }).catch(() => {});
  location.assign('/');
}
