import type { CheckContext } from '../check.ts'

/** What a server must have turned on to show a fault, and how that is said where it cannot be seen. */
const CONDITIONS = {
  anything: '',
  tls: 'if it speaks TLS',
  sasl: 'if it uses SASL',
  'sasl-password-file': 'if its users are in the file of MEMCACHED_SASL_PWDB',
  'ascii-auth': 'if it uses ASCII authentication',
  'ascii-auth-file-end': 'if its file of passwords does not end with a line feed',
  'ascii-auth-and-binary': 'if its `-B` or `-l` names the binary protocol beside `-Y`',
  udp: 'if UDP is on',
  'sasl-and-udp': 'if it uses SASL and UDP is on',
  'unix-socket': 'if it listens on a Unix socket',
  binary: 'if it takes the binary protocol',
  dump: 'if it lets clients dump keys',
  proxy: 'if it is a proxy',
  verbose: 'if it logs verbosely',
} as const

export type Condition = keyof typeof CONDITIONS

/** Whether a server fulfils a condition, as far as it shows. */
export type Answer = 'yes' | 'no' | 'unknown'

/** What conditions are told by. */
export type Observed = Pick<CheckContext, 'endpoint' | 'speaks' | 'strangerProtocol' | 'version'> & {
  /** What `stats settings` said, where it was told. */
  readonly settings: ReadonlyMap<string, string> | undefined
}

/** A condition that cannot be seen, in words: `if UDP is on`. */
export function describeCondition(condition: Condition): string {
  return CONDITIONS[condition]
}

/** Whether a server fulfils a condition. A setting that it does not name is one that it was built without. */
export function evaluate(condition: Condition, observed: Observed): Answer {
  const { endpoint, speaks, strangerProtocol, settings } = observed
  const setting = (name: string, isOn: (value: string) => boolean, missing: Answer = 'no'): Answer => {
    if (settings === undefined) return 'unknown'
    const value = settings.get(name)
    return value === undefined ? missing : isOn(value) ? 'yes' : 'no'
  }
  const isYes = (value: string): boolean => value === 'yes'
  const isSet = (value: string): boolean => value !== 'no' && value !== 'NULL'
  switch (condition) {
    case 'anything':
      return 'yes'
    case 'tls':
      return speaks.tls ? 'yes' : setting('ssl_enabled', isYes)
    case 'sasl':
      return setting('auth_enabled_sasl', isYes)
    case 'sasl-password-file':
      // no setting tells where the users are
      return unlessNo(evaluate('sasl', observed))
    case 'ascii-auth':
      // it speaks text, and would not even tell its version
      if (settings === undefined && strangerProtocol === 'text' && observed.version === undefined)
        return 'yes'
      return setting('auth_enabled_ascii', isSet)
    case 'ascii-auth-file-end':
    case 'ascii-auth-and-binary':
      // no setting tells more
      return unlessNo(evaluate('ascii-auth', observed))
    case 'udp':
      return setting('udpport', (port) => port !== '0')
    case 'sasl-and-udp':
      return both(evaluate('sasl', observed), evaluate('udp', observed))
    case 'unix-socket':
      return 'path' in endpoint ? 'yes' : setting('domain_socket', isSet)
    case 'binary':
      if (strangerProtocol === 'binary') return 'yes'
      return setting('binding_protocol', (protocol) => protocol !== 'ascii', 'unknown')
    case 'dump':
      return setting('dump_enabled', isYes, 'yes')
    case 'proxy':
      return setting('proxy_enabled', isYes)
    case 'verbose':
      return setting('verbosity', (level) => Number(level) > 1)
  }
}

/** What can be told not to be, but not to be. */
function unlessNo(answer: Answer): Answer {
  return answer === 'no' ? 'no' : 'unknown'
}

function both(first: Answer, second: Answer): Answer {
  if (first === 'no' || second === 'no') return 'no'
  return first === 'yes' && second === 'yes' ? 'yes' : 'unknown'
}
