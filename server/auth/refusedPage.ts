/** A page that says why a sign-in came to nothing. All of it is the code's own words. */
export const refusedPage = (
  title: string,
  body: string,
): string => `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Sign in to Baton</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:34rem;margin:20vh auto;padding:0 1rem}code{font-family:ui-monospace,monospace}</style>
<h1>${title}</h1>
${body}</html>`;
