/** The part of memcached 2.2, which brings no types, that the bench uses. */
declare module 'memcached' {
  type Done<T> = (error: unknown, value: T) => void

  class Memcached {
    constructor(servers: string)
    get<T>(key: string, done: Done<T>): void
    getMulti<T>(keys: string[], done: Done<T>): void
    /** `lifetime` in seconds, 0 for ever. */
    set(key: string, value: Buffer | string, lifetime: number, done: Done<boolean>): void
    end(): void
  }

  export = Memcached
}
