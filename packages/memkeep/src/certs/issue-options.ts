/** What every certificate may be told. */
export interface IssueOptions {
  /** Days that it is good for. */
  readonly days?: number
  /** Default: the time of the call. */
  readonly now?: Date
}

/** Options of `createAuthority`. */
export interface AuthorityOptions extends IssueOptions {
  /** Its common name. Default: one that no other authority has. */
  readonly name?: string
}

/** Options of `issueServer`. */
export interface ServerOptions extends IssueOptions {
  /** The DNS names and IP addresses that clients write in `servers`. */
  readonly hosts: readonly string[]
}

/** Options of `issueClient`. */
export interface ClientOptions extends IssueOptions {
  /** The service's, as its common name: for people, since memcached compares no names. */
  readonly name: string
}
