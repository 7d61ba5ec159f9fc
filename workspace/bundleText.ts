/** What a bundle says of itself, and how it is put back with plain git and tar. Neither holds a word of the snapshot. */

export const bundleReadme = `# A snapshot of a run

This is a workspace as Baton captured it. To put it back, with git and tar and nothing else:

    sh unpack.sh <a new directory>

It clones each repository from its own address (set REMOTE_1, REMOTE_2 … to clone from elsewhere), fetches the commits
that no remote has from the bundle here, and lays the files over the commit that the work started from.

What is here, for each of the repositories 1, 2, 3 …:

- \`path\`, \`url\`, \`base\`, \`head\`: its folder in the workspace, its remote, the commit that the work started from, and HEAD
- \`repository.bundle\`: branches, tags and stash with their commits, as far as no remote is known to have them (\`git bundle verify\`, \`git fetch\`)
- \`worktree/\`: files that are not as in the commit \`base\`
- \`from-commits\`: such files whose content the commits have, as \`git update-index -z --index-info\` takes them
- \`deleted\`: files of \`base\` that are gone, each name ended by a NUL
- \`index\`: what is staged, for \`git update-index -z --index-info\`, and \`objects/\` with content that only the index has
- \`git/\`: small files of the git directory, such as what a merge or a rebase under way has left to do, \`info/exclude\` and
  the stash's earlier entries. The script leaves them here, for a todo list can name programs to run; copied into \`.git\`
  once you have read them, git goes on from there

\`nested/\` has the repositories that lie in the workspace besides: cloned or begun there, submodules, linked worktrees. Each
is as above, with all of its commits, and

- \`kind\`, \`format\`, \`git-directory\`: EMBEDDED, SUBMODULE or WORKTREE, its object format, and where its git directory lies
- \`to-git-directory\`, \`to-worktree\`, \`to-common\`: the ways between its folder, its git directory and the one with its objects
- \`settings\`: its remotes and other settings that run nothing; for those above, where their submodules come from

\`outside/\` has files that lie in no repository, \`home/\` those of the agent's home that the environment names: the script
leaves these here, for your home is yours. \`gaps.txt\` names what the snapshot does not hold and why, and
\`manifest.json\` is the snapshot's own list of all that, to the byte. Marks such as assume-unchanged and the times of
links are in the manifest only.
`;

export const unpackScript = `#!/bin/sh
# Puts the snapshot back: sh unpack.sh <a new directory>
set -eu

# Puts back commits, files, index and HEAD of the repository in the current directory, from the folder $1.
put_back() {
  from=$1
  own=$(git rev-parse --absolute-git-dir)
  if [ -f "$from/settings" ]; then cat "$from/settings" >> "$(git rev-parse --git-common-dir)/config"; fi
  if [ -f "$from/git/shallow" ]; then cp "$from/git/shallow" "$own/shallow"; fi
  if [ -f "$from/repository.bundle" ]; then
    git fetch --quiet --force --update-head-ok "$from/repository.bundle" '+refs/*:refs/*'
  fi
  if [ -s "$from/base" ]; then git read-tree -u --reset "$(cat "$from/base")"; else git read-tree --empty; fi
  if [ -s "$from/deleted" ]; then xargs -0 rm -rf -- < "$from/deleted"; fi
  if [ -s "$from/from-commits" ]; then
    GIT_INDEX_FILE="$own/baton-index" git update-index -z --index-info < "$from/from-commits"
    GIT_INDEX_FILE="$own/baton-index" git -c core.autocrlf=false checkout-index --quiet --force --all
    rm -f "$own/baton-index"
  fi
  if [ -d "$from/worktree" ]; then (cd "$from/worktree" && tar -cf - .) | tar -xpf -; fi
  for object in "$from"/objects/*; do
    if [ -f "$object" ]; then git hash-object -w -t blob --no-filters "$object" > /dev/null; fi
  done
  if [ -s "$from/index" ]; then git update-index -z --index-info < "$from/index"; fi
  if [ -f "$from/head" ]; then
    head=$(cat "$from/head")
    case $head in
      ref:*) git symbolic-ref HEAD "\${head#ref: }" ;;
      *) git update-ref --no-deref HEAD "$head" ;;
    esac
  fi
  git update-index -q --refresh || true
}

here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "\${1:?Say where: sh unpack.sh <a new directory>}"
target=$(cd "$1" && pwd)
number=0
while [ -d "$here/repositories/$((number + 1))" ]; do
  number=$((number + 1))
  from="$here/repositories/$number"
  into="$target/$(cat "$from/path")"
  if [ -f "$from/gone" ]; then
    echo "The folder $(cat "$from/path") was gone from the workspace." >&2
    continue
  fi
  eval "remote=\\\${REMOTE_$number:-}"
  git clone --quiet --no-checkout "\${remote:-$(cat "$from/url")}" "$into"
  cd "$into"
  put_back "$from"
done
number=0
while [ -d "$here/nested/$((number + 1))" ]; do
  number=$((number + 1))
  from="$here/nested/$number"
  into="$target/$(cat "$from/path")"
  own="$target/$(cat "$from/git-directory")"
  mkdir -p "$into" "$(dirname "$own")"
  case $(cat "$from/kind") in
    WORKTREE)
      mkdir -p "$own"
      printf '%s\\n' "$(cat "$from/to-common")" > "$own/commondir"
      printf '%s\\n' "$into/.git" > "$own/gitdir"
      printf 'ref: refs/heads/main\\n' > "$own/HEAD"
      printf 'gitdir: %s\\n' "$own" > "$into/.git"
      ;;
    SUBMODULE)
      git init --quiet --template= --object-format="$(cat "$from/format")" --separate-git-dir="$own" "$into"
      printf 'gitdir: %s\\n' "$(cat "$from/to-git-directory")" > "$into/.git"
      git config --file "$own/config" core.worktree "$(cat "$from/to-worktree")"
      ;;
    *) git init --quiet --template= --object-format="$(cat "$from/format")" "$into" ;;
  esac
  cd "$into"
  put_back "$from"
done
if [ -d "$here/outside" ]; then (cd "$here/outside" && tar -cf - .) | (cd "$target" && tar -xpf -); fi
echo "The snapshot is in $target."
`;
