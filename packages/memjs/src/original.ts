import type { Socket } from 'node:net'
import memjs, { type Response } from 'memjs'
import { KeyedClient } from './keyed-client.ts'

/** What memjs's callbacks are given. */
export type Callback = (error: Error | null, ...results: unknown[]) => void
export type StoredCallback = (error: Error | null, success: boolean | null) => void
export type CountCallback = (error: Error | null, success: boolean | null, value?: number | null) => void
export type StatsCallback = (
  error: Error | null,
  server: string,
  stats: Record<string, string> | null,
) => void
export type GetCallback<TOut> = (error: Error | null, value: TOut, flags: Buffer | null) => void

/** What memjs's promises give. */
export interface Got<TOut> {
  value: TOut
  flags: Buffer | null
}
export interface Counted {
  success: boolean
  value?: number | null | undefined
}

/** What of memjs's server ours changes. */
export interface ServerState {
  _socket: Socket | undefined
  connected: boolean
  responseBuffer: Buffer
  connectCallbacks: ((socket: Socket) => void)[]
  requestTimeouts: number[]
}

/** What is called on a socket, and a channel need not have. */
export interface MaybeSocket {
  setKeepAlive?(enable: boolean, delay: number): unknown
  ref?(): unknown
  unref?(): unknown
}

/** Methods that are called with whatever memjs takes, old forms too. */
interface AnyForm {
  get(...given: unknown[]): unknown
  increment(...given: unknown[]): unknown
  decrement(...given: unknown[]): unknown
}

/** What of memjs's server its types leave out. */
interface Responder {
  respond(response: Response): void
}

export const OriginalClient: AnyForm = KeyedClient.prototype
export const OriginalServer: Responder = memjs.Server.prototype as unknown as Responder
