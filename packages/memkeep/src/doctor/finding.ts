/** How bad a finding is, the worst first. */
export const SEVERITIES = ['critical', 'high', 'medium', 'low', 'info'] as const
export type Severity = (typeof SEVERITIES)[number]

/** What a finding is about. */
export const AREAS = [
  'reachability',
  'tls',
  'authentication',
  'disclosure',
  'version',
  'data',
  'keys',
] as const
export type Area = (typeof AREAS)[number]

/** What was sent, and what came back; shortened, made printable, without secrets and without stored values. */
export interface Evidence {
  readonly sent: string
  readonly received: string
}

/** A rule of the audit: what it looks for, the same whatever the server. */
export interface Rule {
  /** Kebab case, such as `anonymous-commands`; an API: baselines and SARIF go by it. */
  readonly id: string
  readonly area: Area
  readonly severity: Severity
  /** What is wrong, in a few words, such as "Strangers may run commands". */
  readonly title: string
  /** What somebody can do with it. */
  readonly why: string
}

/** Something that the audit found on one server. */
export interface Finding extends Rule {
  /** `host:port`, `[::1]:11211` or a path. */
  readonly server: string
  /** What exactly, where the title says too little: the version, the cipher suite. Empty otherwise. */
  readonly detail: string
  readonly evidence: readonly Evidence[]
  /** The exact setting that cures it. */
  readonly cure: string
}
