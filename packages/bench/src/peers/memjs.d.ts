/** The part of memjs 1.3, which brings no types, that the bench uses. */
declare module 'memjs' {
  export interface Got {
    readonly value: Buffer | null
    readonly flags: Buffer | null
  }

  export interface Options {
    readonly username?: string
    readonly password?: string
    /** Seconds. */
    readonly timeout?: number
    readonly retries?: number
    readonly logger?: { log(...args: unknown[]): void }
  }

  export class Client {
    static create(servers: string, options: Options): Client
    get(key: string): Promise<Got>
    set(key: string, value: Buffer | string, options: object): Promise<boolean>
    close(): void
  }
}
