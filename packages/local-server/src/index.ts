export { assertBuiltWith, findMemcached, type MemcachedBinary, type Needs } from './binary.ts'
export { startGuarded, type GuardedProcess } from './guard.ts'
export { installHint, type Part } from './install-hint.ts'
export { startLocalServer, type LocalServer, type LocalServerOptions } from './local-server.ts'
export { findProgram } from './program.ts'
export { waitUntilTaken, type Probe } from './readiness.ts'
export {
  addSaslUser,
  checkCredentials,
  setUpAsciiAuth,
  setUpSasl,
  setUpTls,
  writeMaterial,
  type CertificatePair,
  type Credentials,
  type ServerMaterial,
  type SetUp,
} from './set-up.ts'
