export { Channel } from './src/channel.js';
export { time, version } from './src/clock.js';
export { Engine } from './src/engine.js';
export { RpcError, StoaError } from './src/error.js';
export { EVENT_NAMES } from './src/events.js';
export { setLog } from './src/log.js';
export { Server } from './src/server.js';
export { Stream } from './src/stream.js';
export * as token from './src/token.js';
