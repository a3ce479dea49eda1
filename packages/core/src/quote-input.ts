import { existsSync } from 'node:fs'
import { basename, dirname } from 'node:path'

/** What messages write in place of input that must not be repeated. */
const HIDDEN_PATH = 'the file (its path is not shown, since it may be a secret given by mistake)'

const HIDDEN_NAME = '(its name is not shown, since it may be a secret given by mistake)'

const MAX_PATH = 4_096
const MAX_NAME = 40
/** The text form of a key, PEM, a URI. */
const SECRET_FORM = /memkeep-key-|-----BEGIN|:\/\//i
/** The endings of the files that options name. */
const FILE_NAME =
  /^[\w.+-]{1,100}\.(?:json|txt|pem|crt|cer|key|keys|pfx|p12|crl|html|sarif|sock|env|conf|password)$/i
const IDENTIFIER = /^[A-Za-z][A-Za-z-]*$/
/** A part of a path in words: a random secret has capitals, or digits among its letters. */
const WORD = /^[a-z._-]{0,40}\d{0,3}$/
/** Upper case alone could be a secret in base 32. */
const VARIABLE = /^(?=.*(?:_|PASSWORD|SECRET|USER|KEY))[A-Z_][A-Z0-9_]*$/

/**
 * Anything that a caller passed, for messages: numbers and the like as they are; of text, objects and functions
 * nothing but the type, since any text may be a password in the wrong place.
 */
export function describeInput(value: unknown): string {
  if (value === null) return 'null'
  switch (typeof value) {
    case 'number':
    case 'boolean':
    case 'undefined':
      return String(value)
    case 'bigint':
      return `${String(value)}n`
    case 'string':
      return value === '' ? 'an empty string' : 'a string'
    case 'object':
      return Array.isArray(value) ? 'an array' : 'an object'
    default:
      return `a ${typeof value}`
  }
}

/** The name of an option or a property that a caller wrote, in quotes; a description if it may be more than a name. */
export function quoteName(name: string): string {
  return name.length <= MAX_NAME && IDENTIFIER.test(name) ? `"${name}"` : HIDDEN_NAME
}

/** The name of an environment variable; a description if it may be the secret itself instead of its variable. */
export function quoteVariable(name: string): string {
  return VARIABLE.test(name) && name.length <= MAX_NAME ? name : HIDDEN_NAME
}

/**
 * A path for messages: as it is where it names something, or looks like a path and nothing else; else a description.
 * Keys and passwords are given in the place of a path by mistake.
 */
export function quotePath(path: string): string {
  return isPath(path) ? path : HIDDEN_PATH
}

/**
 * The error of a file system call as a cause: with its code alone where its message would repeat a path that
 * {@link quotePath} hides.
 */
export function fileErrorCause(path: string, cause: unknown): unknown {
  if (isPath(path)) return cause
  const { code, syscall } = cause as { readonly code?: string; readonly syscall?: string }
  return Object.assign(new Error(`${code ?? 'unknown error'}: ${syscall ?? 'file system call'} failed`), {
    code,
  })
}

function isPath(path: string): boolean {
  if (path.length > MAX_PATH || path.includes('\0') || SECRET_FORM.test(path)) return false
  if (existsSync(path) || FILE_NAME.test(path)) return true
  const folder = existingFolderOf(path)
  const exists = folder !== '.' && folder !== '/'
  const rest = (folder === '.' ? path : path.slice(folder.length)).split('/').filter((part) => part !== '')
  if (rest.length === 1) return exists || FILE_NAME.test(basename(path))
  return rest.every(isWord) && (path.startsWith('/') || FILE_NAME.test(basename(path)))
}

/** The nearest folder above a path that is there; `/` or `.` if it is none of its own. */
function existingFolderOf(path: string): string {
  let folder = dirname(path)
  while (folder !== '.' && folder !== '/' && !existsSync(folder)) folder = dirname(folder)
  return folder
}

function isWord(part: string): boolean {
  return WORD.test(part) || FILE_NAME.test(part)
}
