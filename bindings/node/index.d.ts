// Stoa from Node: voice rooms. What fails throws, or rejects with, StoaError, whose message is a sentence that says what to do;
// a wrong type, or an option that does not exist, is a TypeError. Times are milliseconds, those of the clock since the Unix epoch,
// as Date has them but with fractions. Users are identities of 1 to 256 bytes. Everything belongs on the thread that made it.

import type { EventEmitter } from 'node:events';
import type { ChannelEvents, ConnectionState, SubscribeState } from './events.js';
import type { ChannelStats, EngineStats, ServerStats, StreamStats } from './stats.js';

export type { ChannelEvents, ConnectionState, SubscribeState } from './events.js';
export type { ChannelStats, Delay, EngineStats, ServerStats, StreamStats } from './stats.js';

/** The library's version, such as "0.1.0". */
export const version: string;
/** The clock of all times here: it starts at the system's time of day and then runs evenly. */
export function time(): number;
/** The names of all events of a channel. */
export const EVENT_NAMES: readonly (keyof ChannelEvents)[];
/** Sends log lines up to this level to standard error, for the whole process; otherwise the environment's STOA_LOG says it. */
export function setLog(level: 'off' | 'error' | 'warn' | 'info' | 'debug'): void;

export class StoaError extends Error {
  constructor(status: number, sentence: string);
  /** One of the header's STOA_...: negative, but 1 for a timeout. */
  status: number;
  /** Its name, such as "STOA_TIMED_OUT" or "STOA_ERROR_NOT_FOUND". */
  code: string;
}

/** A call failed at the other user. A registered method throws one to answer with a code and a sentence of its own. */
export class RpcError extends StoaError {
  /** rpcCode: not 0; LiveKit's are from 1001 to 1999. sentence: for the caller, cut at 256 bytes. */
  constructor(rpcCode: number, sentence: string, status?: number);
  rpcCode: number;
}

/** What waits can be broken off: it rejects with the signal's reason. */
export interface Waiting {
  signal?: AbortSignal;
}
export interface Bounded extends Waiting {
  /** Milliseconds; then it rejects with STOA_TIMED_OUT. */
  timeout?: number;
}

export interface EngineOptions {
  /** The app id, or LiveKit's API key: 1 to 256 bytes. */
  appId: string;
  /** The app certificate, or LiveKit's API secret. Without it a room server inside has a random one, and with a url each channel needs a token. */
  appCertificate?: string;
  /** The LiveKit server: ws://, http://, wss:// or https://. Without it the room server inside, on loopback. */
  url?: string;
  /** Media threads, 1 to 64; default: as many as cores, at most 4. */
  threads?: number;
  /** With TLS: a PEM file of the certificates to trust, in place of the system's. */
  caFile?: string;
}

/** What channels live in. It keeps no process alive; a channel that is open does. */
export class Engine {
  constructor(options: EngineOptions);
  /** What other processes join with. */
  readonly url: string;
  /** A new channel, not yet connected. */
  channel(options: ChannelOptions): Channel;
  /** A LiveKit token with which a user may join a room of this engine. ttl: seconds, from 1 to ten years; default 3600. */
  buildToken(room: string, user: string, ttl?: number): string;
  stats(): EngineStats;
  /** Of the room server inside. Throws STOA_ERROR_BAD_STATE where there is none. */
  serverStats(): ServerStats;
  /** Closes its channels, ends its streams and the room server. At most two seconds; again is as once. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export type QueuePolicy = 'default' | 'drop_oldest' | 'drop_newest';

export interface ChannelOptions {
  /** The room's name, 1 to 256 bytes. */
  name: string;
  /** Who joins. Without it uid, or one that the library chooses. */
  user?: string;
  /** A number of 32 bits as the user. */
  uid?: number;
  /** The caller's own token, for this room and user. Without it one is built from the engine's appId and appCertificate. */
  token?: string;
  /** Of all PCM of this channel: 8000, 16000, 24000 (default), 32000, 44100 or 48000 Hz. */
  sampleRate?: number;
  /** 1 (default), or 2: interleaved stereo. */
  channels?: number;
  /** Hear everybody who speaks, without subscribe(). */
  subscribeAll?: boolean;
  /** Give each frame out the moment it can be decoded, for machines that listen. */
  eager?: boolean;
  /** Capacity of the send queue, 20 to 600000 ms; default 30000. */
  sendQueueMs?: number;
  /** What a full send queue does; by default pushAudio() waits. */
  sendPolicy?: QueuePolicy;
  /** Capacity of each stream, 2000 (default) to 60000 ms. */
  receiveQueueMs?: number;
  /** What a full stream does; by default it drops its oldest frames, and counts them. */
  receivePolicy?: QueuePolicy;
  /** Of Opus, 6000 to 510000 bits a second; default 24000. */
  bitrate?: number;
  /** Never speak: the others see no microphone. */
  listenOnly?: boolean;
  /** For how long a lost connection is tried again, 1000 to 3600000 ms; default 60000. */
  reconnectTimeoutMs?: number;
  /** A lost connection is the end. */
  noReconnect?: boolean;
}

export interface MessageOptions extends Waiting {
  /** At most 256 bytes ("base64": 32 characters); by default the library chooses one. */
  messageId?: string;
  /** By which receivers tell messages apart, at most 256 bytes. */
  topic?: string;
  /** Who gets it; default: everyone. */
  to?: string[];
  /** "text" for strings and "bytes" for others by default; "json" and "base64" are the chunks of agora-realtime-ai-api 1.0 and 1.1.0. */
  format?: 'json' | 'base64' | 'text' | 'bytes';
  /** Each chunk is sent once and may be lost; of "json" and "base64" only. */
  lossy?: boolean;
}

export interface DataOptions extends Waiting {
  topic?: string;
  to?: string[];
  /** Sent once, may be lost or overtaken; better less than 1200 bytes then. */
  lossy?: boolean;
}

/** How speech is told from its absence, by blocks of 10 ms; each is explained at stoa_vad_options in stoa.h. */
export interface VadOptions {
  preStartRecognizeCount?: number;
  startRecognizeCount?: number;
  stopRecognizeCount?: number;
  /** Streams give out speech alone, each time from its pre-roll on. */
  speechOnly?: boolean;
  activePercent?: number;
  inactivePercent?: number;
  startVoiceProb?: number;
  stopVoiceProb?: number;
  startRmsThreshold?: number;
  stopRmsThreshold?: number;
}

export interface DumpOptions {
  /** A directory that is there. */
  directory: string;
  /** Of all files together; what does not fit is dropped, and counted. Default 256 MiB. */
  maxBytes?: number;
  /** Default: both. */
  what?: 'sent' | 'heard';
}

export interface UserInfo {
  user: string;
  name: string;
  metadata: string;
  attributes: Record<string, string>;
  kind: 'standard' | 'agent' | 'sip' | 'ingress' | 'egress' | 'connector' | 'bridge';
  joined_ms: number;
  quality: 'unknown' | 'lost' | 'poor' | 'good' | 'excellent';
  speaking: boolean;
  muted: boolean;
  permission: Permission;
  tracks: { id: string; name: string; kind: string; source: string; muted: boolean }[];
}

/** null: the server does not tell it. No can_publish_sources means all. */
export interface Permission {
  can_publish: boolean | null;
  can_publish_sources: string[];
  can_publish_data: boolean | null;
  can_subscribe: boolean | null;
  can_update_metadata: boolean | null;
  hidden: boolean | null;
}

/** users and publishers count this user too. */
export interface RoomInfo {
  name: string;
  id: string;
  metadata: string;
  users: number;
  publishers: number;
  recording: boolean;
  created_ms: number;
}

/** One user in one room. It keeps the process alive until it, or its engine, is closed. */
export class Channel extends EventEmitter {
  private constructor();

  readonly state: ConnectionState;
  /** The room's. */
  readonly name: string;
  /** Its own user, also where the library chose one. */
  readonly user: string;
  /** The one in use, a secret. */
  readonly token: string;

  on<Name extends keyof ChannelEvents>(name: Name, listener: (event: ChannelEvents[Name]) => void): this;
  once<Name extends keyof ChannelEvents>(name: Name, listener: (event: ChannelEvents[Name]) => void): this;
  off<Name extends keyof ChannelEvents>(name: Name, listener: (event: ChannelEvents[Name]) => void): this;

  /** Joins the room. timeout: 15000. Rejects with why it was not joined; it is given up then. */
  connect(options?: Bounded): Promise<void>;
  /** Leaves the room; the streams of users end. It can connect again. timeout: 5000. */
  disconnect(options?: Bounded): Promise<void>;
  /** Makes the connection again now: for who knows that the network is another one. Events tell the rest. */
  reconnect(): void;
  /** Takes a token for the same room and user in place of the one in use. */
  renewToken(token: string): void;

  /**
   * Queues sound, which leaves in real time, and waits until the queue has all of it. Leave the array alone until then.
   * samples: at the channel's rate, interleaved; floats from -1 to 1. Any number of whole samples.
   * False: interrupt() dropped it. Rejects with STOA_ERROR_NOT_ALLOWED where this user may not speak.
   */
  pushAudio(samples: Int16Array | Float32Array, options?: Waiting): Promise<boolean>;
  /** Is silent now: drops what is queued, and what is being pushed. Both are samples for each channel; sent: since it was made. */
  interrupt(): { sent: number; dropped: number };
  /** How much sound has not left, ms. */
  readonly queued: number;
  /** Puts a mark behind what was pushed last: "played" has it as its id. Throws STOA_ERROR_LIMIT where 256 wait. */
  mark(id: number): void;
  /** Waits until everything that was pushed before has left. False: it was dropped. It is a mark, too. */
  played(options?: Waiting): Promise<boolean>;
  /** Also before connecting. While muted the queue goes on in silence. */
  mute(muted?: boolean): void;

  /** The others in the room, as they joined. */
  users(): string[];
  /** What is known of a user; by default of this one. */
  userInfo(user?: string): UserInfo;
  roomInfo(): RoomInfo;
  /** Tells everybody something else of this user, and waits for the server, at most 10 s. An attribute "" is taken away. */
  setUserInfo(info: { name?: string; metadata?: string; attributes?: Record<string, string> }, options?: Waiting): Promise<void>;

  /** Hears a user, and waits until it is so: as long as they publish no microphone it is not. timeout: 10000; it stays asked for. */
  subscribe(user: string, options?: Bounded): Promise<void>;
  /** Hears a user no more; their stream ends. timeout: 10000. */
  unsubscribe(user: string, options?: Bounded): Promise<void>;
  subscribeState(user: string): SubscribeState;
  /** The stream of a user who is in the room, also before they are subscribed to. signal: ends all waiting of its reads. */
  stream(user: string, options?: Waiting): Stream;
  /**
   * One more audio track of a user, by the name or the id that userInfo() tells. While the stream is open the track is subscribed to,
   * whether the user is or not; the mix, voice detection and dumps are without it.
   */
  trackStream(user: string, track: string, options?: Waiting): Stream;
  /** All who are subscribed to, mixed. It outlives connections. */
  mixedStream(options?: Waiting): Stream;

  /**
   * Sends a message of up to 16 MiB, and waits until the server has it. Messages leave in the order of the calls.
   * Where the signal is aborted it may leave all the same. Rejects with STOA_ERROR_DISCONNECTED where the connection ended before.
   */
  sendMessage(data: string | NodeJS.ArrayBufferView, options?: MessageOptions): Promise<void>;
  /** Sends a packet of at most 60000 bytes, and waits until it is taken over for sending. */
  sendData(data: string | NodeJS.ArrayBufferView, options?: DataOptions): Promise<void>;
  /**
   * Calls a method of another user, with a text of at most 15360 bytes, and waits for its answer.
   * timeout: of the answer, 1 to 600000 ms, which the other user is told; default 15000. Rejects with RpcError.
   */
  call(user: string, method: string, payload?: string, options?: Bounded): Promise<string>;
  /**
   * Answers calls of a method. method: 1 to 64 bytes. The text that it returns is the answer; an RpcError that it throws is the
   * caller's; of another error the caller hears nothing but that, and it is a warning of this process.
   * within: ms in which the answer counts.
   */
  register(method: string, answer: (payload: string, call: { user: string; within: number }) => string | Promise<string>): void;
  unregister(method: string): void;

  /** Listens for who speaks when; null: no more. */
  setVad(options: VadOptions | null): void;
  /** Writes what is sent and heard as WAV files; null completes them. */
  setDump(options: DumpOptions | null): Promise<void>;
  /** Frames that are in no file. */
  readonly dumpDropped: number;
  stats(): ChannelStats;

  /** Leaves at once, and ends its streams and all that waits. At most one second; again is as once. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Some milliseconds of sound. */
export interface Frame {
  /** 16-bit, interleaved; yours. */
  pcm: Int16Array;
  samplesPerChannel: number;
  /** Hz. */
  sampleRate: number;
  channels: number;
  /** "recovered": from another packet; "concealed": the packet was lost; "silence": the user stopped speaking. */
  origin: 'decoded' | 'recovered' | 'concealed' | 'silence';
  /** When it was ready to be heard. */
  time: number;
  /** When its packet arrived; 0 where none did. */
  arrival: number;
  /** Of its first sample, in units of 1/48000 s. */
  rtpTime: number;
  /** dB below the maximum: 0 is the loudest, 127 silence. */
  level: number;
  /** 0 to 1; 0.6 is a fair threshold. */
  voiceProbability: number;
  /** With voice detection. */
  speech: 'none' | 'start' | 'speaking' | 'end';
}

/** Frames wait in the library, 2 s of them (see receiveQueueMs). It ends when the user leaves or is unsubscribed, after what came before. */
export class Stream implements AsyncIterable<Frame> {
  private constructor();
  /** "" for the mix. */
  readonly user: string;
  /** How many frames can be read without waiting. */
  readonly readable: number;
  /** Frames that nobody took in time. */
  readonly dropped: number;
  readonly closed: boolean;
  /** The next frame; null at the end. One reads at a time: otherwise STOA_ERROR_BUSY. */
  read(options?: Waiting): Promise<Frame | null>;
  /** Also after the end. */
  stats(): StreamStats;
  /** A read that waits gets null. The user stays subscribed to. */
  close(): void;
  /** Who breaks off closes it. */
  [Symbol.asyncIterator](): AsyncIterator<Frame>;
  [Symbol.dispose](): void;
}

export interface ServerOptions {
  /** API keys with their secrets as KEY:SECRET, separated by spaces. */
  keys: string;
  /** The address; default 127.0.0.1. */
  bind?: string;
  /** For signalling by TCP; default: a free one. */
  port?: number;
  /** For media by UDP; default: a free one. */
  udpPort?: number;
  /** At most 8 URLs that get LiveKit's webhooks, separated by spaces. */
  webhooks?: string;
  /** Show the numbers of stats() at /metrics to everyone. */
  metrics?: boolean;
  /** The room service may unmute. */
  remoteUnmute?: boolean;
}

/** A room server. It keeps the process alive until it is closed. */
export class Server {
  constructor(options: ServerOptions);
  readonly url: string;
  readonly port: number;
  readonly udpPort: number;
  stats(): ServerStats;
  /** Tells its participants, and closes its ports. At most two seconds; again is as once. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Tokens, as JSON of either family; the forms are explained in stoa.h. ttl: seconds, from 1 to ten years, default 3600. */
export namespace token {
  type Document = { family: 'livekit'; claims: Record<string, unknown> } | { family: 'access_token2'; claims: Record<string, unknown> };
  /** A LiveKit token with which a user may join a room, speak, hear and send data. */
  function livekit(of: { key: string; secret: string; room: string; user: string; ttl?: number }): string;
  /** An AccessToken2. appId, certificate: 32 hexadecimal characters each. user: "" for any. */
  function rtc(of: { appId: string; certificate: string; channel: string; user?: string; ttl?: number }): string;
  /** Everything that a token can say. */
  function build(document: Document, key: string, secret: string): string;
  /** What it says. It is NOT verified: anybody could have made it. */
  function parse(token: string): Document;
  /** What it says, after its key, signature and times were looked at, and that it is for this room and user. Throws STOA_ERROR_BAD_TOKEN. */
  function verify(token: string, by: { key: string; secret: string; room?: string; user?: string }): Document;
}
