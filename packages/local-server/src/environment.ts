/** What programs are found and libraries loaded by, and what says how messages are written. */
const NEEDED = /^(?:PATH|TMPDIR|TZ|LANG|LC_[A-Z]+|LD_LIBRARY_PATH|DYLD_[A-Z_]+|MALLOC_[A-Z_]+)$/

/** Of an environment, what memcached needs: no keys and passwords, which encryption and SASL keep from the server. */
export function neededEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => NEEDED.test(name)))
}
