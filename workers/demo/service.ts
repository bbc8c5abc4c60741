/**
 * The demo's service, a process of its own: it lends connections from a small pool, and is sick once the pool is exhausted, until it is
 * restarted. It ends with the process that started it.
 */
import { createServer } from 'node:http';

const POOL_SIZE = 5;
let lent = process.env['DEMO_EXHAUSTED'] === '1' ? POOL_SIZE : 0;

const server = createServer((request, response) => {
  const answer = (status: number, text: string): void => void response.writeHead(status).end(`${text}\n`);
  if (request.method === 'GET' && request.url === '/healthz') {
    if (lent < POOL_SIZE) answer(200, `ok, ${POOL_SIZE - lent} of ${POOL_SIZE} connections free`);
    else answer(503, 'connection pool exhausted');
  } else if (request.method === 'POST' && request.url === '/exhaust') {
    lent = POOL_SIZE;
    answer(200, 'every connection is lent and none comes back');
  } else answer(404, 'expected GET /healthz or POST /exhaust');
});
server.listen(Number(process.env['DEMO_PORT']), '127.0.0.1', () => process.send?.('listening'));
process.on('disconnect', () => process.exit(0));
process.on('SIGTERM', () => process.exit(0));
