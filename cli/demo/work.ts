/** What the demo's two messages do. The script harness runs a message as a shell script, so no model and no key is needed. */

/** Prints the workspace's state: what both sessions must agree on. */
const state = `
git branch --show-current
git status --porcelain=v2
git rev-parse HEAD
git ls-files -s | sha256sum
git ls-files -z --others --exclude-standard --cached | sort -z | xargs -0 sha256sum 2>/dev/null | sha256sum
`.trim();

/** The line after which the state is printed. */
export const stateMark = '--- the workspace is now:';

export const firstWork = `
set -eu
echo "I work in $(pwd), on branch $(git branch --show-current)."
mkdir -p demo
echo "A tracked file that I commit." > demo/committed.txt
git add demo/committed.txt
git commit --quiet -m "Demo: a commit that is on no remote"
echo "A tracked file that I change and do not commit." >> demo/committed.txt
printf 'Staged, and then changed again.\\n' > demo/staged.txt
git add demo/staged.txt
echo "The change after staging." >> demo/staged.txt
printf 'An untracked file, with\\r\\nCRLF line ends.\\r\\n' > demo/untracked.txt
printf '#!/bin/sh\\necho I can be run\\n' > demo/tool.sh
chmod +x demo/tool.sh
ln -s untracked.txt demo/link
for step in 1 2 3; do echo "step $step of 3"; sleep 0.4; done
echo "${stateMark}"
${state}
`.trim();

export const followUpWork = `
set -eu
echo "A fresh session, in $(pwd). This is what I find:"
cat demo/committed.txt demo/untracked.txt
demo/tool.sh
git log --oneline -1
echo "${stateMark}"
${state}
`.trim();
