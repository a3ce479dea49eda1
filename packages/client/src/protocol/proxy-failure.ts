/**
 * What proxies answer when the memcached behind them cannot be reached, or does not answer in time: memcached's own
 * proxy, mcrouter, twemproxy (which sends the text of the errno) and moxi.
 */
const PROXY_FAILURE = new RegExp(
  `^SERVER_ERROR (?:${[
    'backend failure',
    // mcrouter
    ...['timeout', 'connection timeout', 'connection error', 'unavailable', 'request deadline exceeded'],
    ...['30[127] (?:shutdown|try again|busy)', 'remote error', 'aborted'],
    // twemproxy
    ...['connection refused', 'connection timed out', 'connection reset by peer', 'connection aborted'],
    ...['operation timed out', 'host is down', 'no route to host', 'network is (?:unreachable|down)'],
    ...[
      'host is unreachable',
      'broken pipe',
      'transport endpoint is not connected',
      'socket is not connected',
    ],
    // moxi
    ...['proxy downstream closed', 'proxy downstream timeout', 'proxy write to downstream.*'],
  ].join('|')})\\s*$`,
  'i',
)

/** Whether a reply says that a proxy could not reach the server behind it. */
export function isProxyFailure(message: string): boolean {
  return PROXY_FAILURE.test(message)
}
