/** How the command ends. Exit codes are API: they never change their meaning. */
export const EXIT = {
  /** It did what was asked, and the answer is good. */
  OK: 0,
  /** It did what was asked, and the answer is no: findings that `--fail-on` names, peers with other keys. */
  NO: 1,
  /** It could not do what was asked: wrong usage, an unreachable server, an unsafe order. Nothing was changed. */
  FAILED: 2,
  /** It was interrupted, as by Ctrl-C (128 and the number of SIGINT, as shells count). */
  INTERRUPTED: 130,
} as const

export type ExitCode = (typeof EXIT)[keyof typeof EXIT]
