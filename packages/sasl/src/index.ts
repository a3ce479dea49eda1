export { asciiAuth } from './ascii-auth.ts'
export type { AuthOptions } from './credentials.ts'
export { sasl } from './sasl.ts'
