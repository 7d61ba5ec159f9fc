/**
 * The `ask` command that scripts have on their PATH. It writes its question into a directory that the worker watches,
 * and waits at a FIFO for the answer: no network, no program that a sandbox might lack. Fields are separated by NUL.
 */
export const askHelper = `#!/bin/sh
# Asks a person and prints the answer.
usage() {
  cat >&2 <<'END'
usage: ask QUESTION [--option ID=LABEL]... [--text]

Asks a person, waits for the answer, and prints it: the ID of the option that was chosen, or the text that was written.
Without options it takes a text. The run is BLOCKED meanwhile.

exit status: 0 answered, 2 the question cannot be asked, 3 nobody can answer any more
END
  exit 2
}
[ $# -gt 0 ] || usage
case $1 in -h|--help) usage ;; -*) echo "ask: the question comes first" >&2; exit 2 ;; esac
[ -d "$BATON_ASK" ] || { echo "ask: there is nobody to ask here" >&2; exit 2; }
id=$(mktemp -u XXXXXXXXXXXX)
request=$BATON_ASK/$id
mkfifo "$request.answer" || exit 2
trap 'rm -f "$request.answer" "$request.part"' EXIT
printf 'q%s\\0' "$1" > "$request.part"
shift
while [ $# -gt 0 ]; do
  case $1 in
    --option) [ $# -gt 1 ] || usage; printf 'o%s\\0' "$2" >> "$request.part"; shift 2 ;;
    --option=*) printf 'o%s\\0' "\${1#--option=}" >> "$request.part"; shift ;;
    --text) printf 't\\0' >> "$request.part"; shift ;;
    *) echo "ask: unknown argument: $1" >&2; usage ;;
  esac
done
mv "$request.part" "$request.request"
answer=$(cat "$request.answer")
case $answer in
  a*) printf '%s\\n' "\${answer#a}" ;;
  r*) printf 'ask: %s\\n' "\${answer#r}" >&2; exit 2 ;;
  *) echo "ask: nobody answered" >&2; exit 3 ;;
esac
`;
