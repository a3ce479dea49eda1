/** What connections are made with, as far as it is looked at here. */
interface Connecting<Endpoint, Options, Channel> {
  readonly name: string
  readonly confidential: boolean
  connect(endpoint: Endpoint, options: Options): Channel
}

/** A transport whose connections can be made to be replaced. */
export interface Retirable<Endpoint, Options, Channel> {
  readonly transport: Connecting<Endpoint, Options, Channel>
  /** How many connections it was asked for. */
  readonly connected: number
  /** Asks for the replacement of the connection that was made last. */
  readonly retire: () => void
}

/** The same transport, with a way to have its last connection replaced. */
export function retirable<
  Endpoint,
  Options extends { readonly onRetire?: (() => void) | undefined },
  Channel,
>(below: Connecting<Endpoint, Options, Channel>): Retirable<Endpoint, Options, Channel> {
  let connected = 0
  let retire: (() => void) | undefined
  return {
    transport: {
      name: below.name,
      confidential: below.confidential,
      connect(endpoint, options) {
        connected++
        retire = options.onRetire
        return below.connect(endpoint, options)
      },
    },
    get connected() {
      return connected
    },
    retire: () => retire?.(),
  }
}
