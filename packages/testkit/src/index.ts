export {
  findMemcached,
  type CertificatePair,
  type Credentials,
  type MemcachedBinary,
  type ServerMaterial,
} from '@memkeep/local-server'
export { CHROMIUM_FLAGS, findChromium } from './chromium.ts'
export { eventually } from './eventually.ts'
export { startFaultProxy, type FaultMode, type FaultProxy, type FaultProxyOptions } from './fault-proxy.ts'
export { startFaultServer, type FaultServer } from './fault-server.ts'
export { findFreePort } from './free-port.ts'
export { heldBy } from './held-by.ts'
export { runIdleProcess, stayIdle, type IdleClient, type IdleMode } from './idle-process.ts'
export { Load } from './load.ts'
export { findServerFeatures, isSince, type ServerFeatures } from './memcached/features.ts'
export { findMissing } from './memcached/missing.ts'
export { startMemcached, type MemcachedServer, type StartOptions } from './memcached/server.ts'
export { occupyConnections, type Occupied } from './occupy.ts'
export {
  createPki,
  forgeLink,
  type Authority,
  type AuthorityOptions,
  type CrlOptions,
  type IssueOptions,
  type IssueServerOptions,
  type Pki,
} from './pki.ts'
export type { KeyType, SignatureHash } from './pki-keys.ts'
export { partsOf, POSTURES, type Posture, type PostureParts } from './posture.ts'
export { replaceFile } from './replace-file.ts'
export { retirable, type Retirable } from './retirable.ts'
export { startRelay, type Relay, type RelayTarget } from './relay.ts'
