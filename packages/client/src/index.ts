export { bridgeText } from './bridge/bridge-text.ts'
export type { CallOptions, CountOptions, FlushOptions, StoreOptions, TouchOptions } from './call-options.ts'
export { MemcachedClient } from './client.ts'
export type { Discovered, DiscoveredServer, Discovery, DiscoveryContext } from './discovery/discovery.ts'
export { elastiCache, type ElastiCacheOptions } from './discovery/elasticache.ts'
export type { ExpiryOptions } from './expiry.ts'
export type {
  Hardening,
  MemcachedClientOptions,
  OnServerDown,
  ServersInput,
  WeightedEndpoint,
} from './options.ts'
export { PartialResult, type ServerFault } from './partial-result.ts'
export type { ProtocolName } from './protocol/protocol.ts'
export type { CasResult, Item } from './results.ts'
export type { ProtocolChoice } from './server/negotiate.ts'
export {
  CHANNEL_NAMES,
  type AuthenticateMessage,
  type CommandMessage,
  type ConnectMessage,
  type DisconnectMessage,
  type DiscoveryMessage,
  type EjectMessage,
  type Operation,
  type Outcome,
  type RewrapMessage,
  type RewrapOutcome,
} from './telemetry/channels.ts'
