import { existsSync } from 'node:fs';

/** The shell that scripts and setup commands run in: bash where there is one, as people write for it, else sh. */
export const shell: string = existsSync('/bin/bash') ? '/bin/bash' : '/bin/sh';

/**
 * The command that runs a script file: by the interpreter its first line names (`#!/usr/bin/env python3`), as the kernel
 * would, else by the shell.
 */
export function scriptCommand(text: string, path: string): readonly [string, ...string[]] {
  const [, interpreter, argument] = /^#![ \t]*([^ \t\n]+)(?:[ \t]+([^\n]*?))?[ \t]*(?:\n|$)/.exec(text) ?? [];
  if (interpreter === undefined) return [shell, path];
  return argument ? [interpreter, argument, path] : [interpreter, path];
}

/** A script as it is run. One that was written on Windows throughout, every line ending in CRLF, gets the ends a shell can read. */
export function scriptText(text: string): string {
  const everyLine = !/(^|[^\r])\n/.test(text);
  return everyLine ? text.replaceAll('\r\n', '\n') : text;
}

/** One line that stands for a script: its first that is neither empty, nor a comment, nor only `set -e` and the like. */
export function scriptTitle(text: string): string {
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const first = lines.find((line) => !/^(#|set [-+]\w+( pipefail)?$)/.test(line)) ?? lines[0] ?? '';
  const line = first.replaceAll(/\s+/g, ' ');
  return line.length <= titleCharacters ? line : `${line.slice(0, titleCharacters - 1).trimEnd()}…`;
}

const titleCharacters = 120;
