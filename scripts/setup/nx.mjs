/**
 * An environment in which nx keeps to itself: no daemon, no cloud, no terminal interface. Where `CI` is set it replays no
 * earlier results either: nx keeps them in the home folder, beyond a clone.
 */
export function quietNx(env = process.env) {
  const quiet = { ...env, NX_DAEMON: 'false', NX_TUI: 'false', NX_NO_CLOUD: 'true' }
  return isCi(env) ? { ...quiet, NX_SKIP_NX_CACHE: 'true' } : quiet
}

function isCi({ CI = '' }) {
  return !['', '0', 'false'].includes(CI.toLowerCase())
}
