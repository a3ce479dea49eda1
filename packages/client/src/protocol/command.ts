/** One command as data: a protocol turns it into bytes, and its reply into a result. */
export type Command =
  | { readonly verb: 'get'; readonly key: string }
  | {
      readonly verb: 'set'
      readonly key: string
      readonly value: Buffer
      /** Client flags, 32 bits. */
      readonly flags: number
      /** Expiry as memcached reads it: 0 never, up to 30 days relative seconds, else Unix seconds. */
      readonly exptime: number
    }
  | { readonly verb: 'delete'; readonly key: string }
