// NestJS's CacheModule over hardened memcached: node examples/nestjs/main.mjs
import 'reflect-metadata'
import { CACHE_MANAGER, CacheInterceptor, CacheModule } from '@nestjs/cache-manager'
import { Controller, Dependencies, Get, Module, UseInterceptors } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { createMemcachedCache } from '@memkeep/cache-manager'
import { encryption, Keyring } from '@memkeep/encryption'
import { sasl } from '@memkeep/sasl'
import { startMemcached } from '@memkeep/testkit'
import { tls } from '@memkeep/tls'

const server = await startMemcached('mutual-tls+sasl')

/** Without TypeScript a decorator is a function that is called. */
const decorate = (decorators, target, name) => {
  const property = name && Object.getOwnPropertyDescriptor(target, name)
  for (const decorator of decorators) decorator(target, name, property)
}

class Prices {
  #computed = 0

  constructor(cache) {
    this.cache = cache
  }

  /** Cached by NestJS: the whole answer, under the path. */
  list() {
    return { apple: 10, computed: ++this.#computed }
  }

  /** Cached by hand. */
  one() {
    return this.cache.wrap('price:apple', () => ({ apple: 10, computed: ++this.#computed }))
  }
}
decorate([Controller('prices'), Dependencies(CACHE_MANAGER)], Prices)
decorate([Get(), UseInterceptors(CacheInterceptor)], Prices.prototype, 'list')
decorate([Get('apple')], Prices.prototype, 'one')

class App {}
decorate(
  [
    Module({
      imports: [
        CacheModule.registerAsync({
          useFactory: () => ({
            ttl: 60_000,
            stores: createMemcachedCache({
              servers: server.address,
              transport: tls(server.clientTls),
              auth: sasl(server.credentials),
              middleware: [encryption({ keyring: Keyring.generate() })],
            }).stores,
          }),
        }),
      ],
      controllers: [Prices],
    }),
  ],
  App,
)

const app = await NestFactory.create(App, { logger: false })
await app.listen(0, '127.0.0.1')
const url = await app.getUrl()
const read = async (path) => (await fetch(`${url}${path}`)).json()

console.log('computed:', await read('/prices'))
console.log('from the cache:', await read('/prices'))
console.log('computed:', await read('/prices/apple'))
console.log('from the cache:', await read('/prices/apple'))

// closes the cache too
await app.close()
await server.stop()
