// Sessions of Express in hardened memcached: node examples/express-session/main.mjs
import { callbackify } from 'node:util'
import { createMemcachedCache } from '@memkeep/cache-manager'
import { encryption, Keyring } from '@memkeep/encryption'
import { sasl } from '@memkeep/sasl'
import { startMemcached } from '@memkeep/testkit'
import { tls } from '@memkeep/tls'
import connectMemcached from 'connect-memcached'
import express from 'express'
import session from 'express-session'

const server = await startMemcached('tls+sasl')
const sessions = createMemcachedCache({
  servers: server.address,
  transport: tls(server.clientTls),
  auth: sasl(server.credentials),
  middleware: [encryption({ keyring: Keyring.generate() })],
  namespace: 'sessions',
})

// the session store asks three things of a client, with callbacks, and counts in seconds
const client = {
  get: callbackify((id) => sessions.get(id)),
  set: callbackify((id, value, seconds) => sessions.set(id, value, seconds * 1_000)),
  del: callbackify((id) => sessions.del(id)),
}
const MemcachedStore = connectMemcached(session)

const app = express()
app.use(
  session({
    store: new MemcachedStore({ client }),
    secret: 'signs cookies; yours is random',
    resave: false,
    saveUninitialized: false,
  }),
)
app.get('/', ({ session }, response) => {
  session.visits = (session.visits ?? 0) + 1
  response.json({ visits: session.visits })
})
app.get('/leave', ({ session }, response) => session.destroy(() => response.json({})))

const listening = app.listen(0, '127.0.0.1')
await new Promise((resolve) => listening.once('listening', resolve))
let cookie = ''
const visit = async (path) => {
  const response = await fetch(`http://127.0.0.1:${listening.address().port}${path}`, { headers: { cookie } })
  cookie = response.headers.get('set-cookie')?.split(';')[0] ?? cookie
  return response.json()
}

console.log('first:', await visit('/'))
console.log('again:', await visit('/'))
await visit('/leave')
console.log('after leaving:', await visit('/'))

listening.close()
listening.closeAllConnections()
await sessions.disconnect()
await server.stop()
