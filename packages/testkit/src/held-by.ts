/**
 * How many listeners and signals an AbortSignal holds, by the collections that Node keeps in it: what
 * `AbortSignal.any` leaves in a signal is seen by no public function.
 */
export function heldBy(signal: AbortSignal): number {
  const fields = signal as unknown as Record<symbol, unknown>
  let held = 0
  for (const name of Object.getOwnPropertySymbols(signal)) {
    const { size } = Object(fields[name]) as { readonly size?: unknown }
    if (typeof size === 'number') held += size
  }
  return held
}
