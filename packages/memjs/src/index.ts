export { HardenedMemjsClient } from './hardened-memjs-client.ts'
export type { HardenedMemjsOptions } from './options.ts'
