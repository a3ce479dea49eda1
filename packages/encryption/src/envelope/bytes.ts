/** Copies a few bytes. Below a hundred of them this costs a third of `Buffer.prototype.copy`'s call. */
export function copyBytes(source: Buffer, from: number, count: number, target: Buffer, to: number): void {
  for (let index = 0; index < count; index++) target[to + index] = source[from + index] ?? 0
}

/** Writes 32 bits, big-endian, without the checks of `Buffer.prototype.writeUInt32BE`. Returns where they end. */
export function writeUint32(target: Buffer, value: number, at: number): number {
  target[at] = value >>> 24
  target[at + 1] = value >>> 16
  target[at + 2] = value >>> 8
  target[at + 3] = value
  return at + 4
}
