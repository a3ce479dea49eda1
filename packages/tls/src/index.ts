export { tls, type TlsOptions } from './tls.ts'
