import type { Socket } from 'node:net'

/** A connection, or why there is none. */
export type Opened<S extends Socket = Socket> =
  | { readonly socket: S; readonly failure?: undefined }
  | { readonly socket?: undefined; readonly failure: string }
