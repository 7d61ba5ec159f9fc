import { describe, expect, it } from 'vitest';
import { scriptCommand, scriptText, scriptTitle, shell } from './shell.ts';

describe('a script', () => {
  it.each([
    ['echo hi', [shell, '/script']],
    ['#!/bin/sh\necho hi', ['/bin/sh', '/script']],
    ['#! /usr/bin/env python3  \nprint(1)', ['/usr/bin/env', 'python3', '/script']],
    ['#!/usr/bin/env -S node --check', ['/usr/bin/env', '-S node --check', '/script']],
    ['#!\necho hi', [shell, '/script']],
    ['\n#!/bin/false', [shell, '/script']],
  ])('%j is run by the interpreter that its first line names', (text, command) => {
    expect(scriptCommand(text, '/script')).toEqual(command);
  });

  it('that was written with CRLF throughout is run with LF', () => {
    expect(scriptText('echo a\r\necho b\r\n')).toBe('echo a\necho b\n');
  });

  it('that has a CRLF on purpose is left alone', () => {
    expect(scriptText('cat <<E\nhead\r\nE\n')).toBe('cat <<E\nhead\r\nE\n');
    expect(scriptText('\necho\r\n')).toBe('\necho\r\n');
    expect(scriptText('one line')).toBe('one line');
  });

  it.each([
    ['#!/bin/sh\n\n# build it\n  make\tall \n make install', 'make all'],
    ['# nothing but this', '# nothing but this'],
    ['', ''],
    [`echo ${'x'.repeat(500)}`, `echo ${'x'.repeat(114)}…`],
  ])('is named by its first line that does something', (text, title) => {
    expect(scriptTitle(text)).toBe(title);
  });
});
