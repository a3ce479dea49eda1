import type {
  CountCommand,
  DeleteCommand,
  FlushCommand,
  StoreCommand,
  TouchCommand,
} from '../protocol/command.ts'

/** A store whose value is still to come. */
export type StoreHead = Omit<StoreCommand, 'value'>

/** What a line of a client asks for. Keys have one character for each byte. */
export type TextCommand =
  /** Answered without asking the server; with an empty line, not at all. */
  | { readonly kind: 'answer'; readonly line: string }
  /** A block of `length` bytes and its line end follow. */
  | { readonly kind: 'store'; readonly head: StoreHead; readonly length: number; readonly noreply: boolean }
  /** So many bytes follow, which are no command; `forget` is a key that must not keep its value. */
  | {
      readonly kind: 'swallow'
      readonly bytes: number
      readonly line: string
      readonly forget: string | undefined
    }
  /** One command with one reply. */
  | { readonly kind: 'run'; readonly command: SingleCommand; readonly noreply: boolean }
  | { readonly kind: 'get'; readonly keys: readonly string[]; readonly options: GetOptions }
  | { readonly kind: 'stats'; readonly group: string; readonly form: StatsForm }
  | { readonly kind: 'version' }
  /** The connection ends when all that was asked before is answered. */
  | { readonly kind: 'end' }

/** A command of one reply and no value. */
export type SingleCommand = DeleteCommand | CountCommand | TouchCommand | FlushCommand

/** How keys are read. */
export interface GetOptions {
  readonly withCas: boolean
  /** The new expiry; undefined leaves it. */
  readonly exptime: number | undefined
  /** What is answered instead of the values; the keys are read for the sake of their expiry. */
  readonly refusal: string | undefined
}

/** How the answer to `stats` looks: statistics, a word for it is done, or a text that is sent as it is. */
export type StatsForm = 'list' | 'RESET' | 'OK' | 'dump'

/** An answer that needs no server. */
export function answer(line: string): TextCommand {
  return { kind: 'answer', line }
}

/** What the server says to a line that it does not understand. */
export const ERROR: TextCommand = answer('ERROR')
export const BAD_FORMAT = 'CLIENT_ERROR bad command line format'
export const BAD_EXPTIME = 'CLIENT_ERROR invalid exptime argument'
export const BAD_DELTA = 'CLIENT_ERROR invalid numeric delta argument'
export const BAD_CHUNK = 'CLIENT_ERROR bad data chunk'
export const TOO_LARGE = 'SERVER_ERROR object too large for cache'

/** A refusal, which `noreply` silences as everything else. */
export function refusal(line: string, noreply: boolean): TextCommand {
  return answer(noreply ? '' : line)
}
