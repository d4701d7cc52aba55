// What the listeners of a channel are told. Each event has its name, and when it happened; error is undefined where nothing is wrong.

import type { Permission, StoaError } from './index.js';

export type ConnectionState = 'disconnected' | 'connecting' | 'connected' | 'reconnecting' | 'failed';
export type SubscribeState = 'idle' | 'no_subscribe' | 'subscribing' | 'subscribed';
export type Quality = 'unknown' | 'lost' | 'poor' | 'good' | 'excellent';
type Format = 'json' | 'base64' | 'text' | 'bytes';
type Told<Name, Members> = { name: Name; time: number } & Members;
type User<Members = {}> = { user: string } & Members;
type States<State> = { oldState: State; newState: State };

/** Numbers of milliseconds: elapsed (since the last change, or of the speech), left, gap, within. */
interface Members {
  /** reason: in words, such as "duplicate_identity". */
  connection_state_changed: States<ConnectionState> & { reason: string; error?: StoaError; elapsed: number };
  user_joined: User;
  user_left: User<{ reason: string }>;
  audio_subscribe_state_changed: User<States<SubscribeState> & { elapsed: number }>;
  user_muted: User<{ muted: boolean }>;
  /** track: as trackStream() was given it; "" for the user's voice. */
  stream_ended: User<{ track: string }>;
  /** id: of mark(). */
  played: { id: number; interrupted: boolean };
  data_received: User<{ topic: string; data: Buffer; reliable: boolean }>;
  /** Too many events waited, 1024, and the oldest were dropped. */
  overflow: { dropped: number };
  /** level: dB below the maximum. */
  user_speaking: User<{ level: number; speaking: boolean }>;
  /** message: a Buffer for the format "bytes". */
  stream_message: User<{ messageId: string; format: Format; topic: string; message: string | Buffer }>;
  stream_message_error: User<{ messageId: string; format: Format; error: StoaError }>;
  /** What the promise of sendMessage() tells. */
  message_sent: { ticket: number; messageId: string; error?: StoaError };
  token_will_expire: { left: number };
  /** What was pushed came too late. */
  starving: { gap: number };
  /** Frames of a stream that nobody took in time. */
  stream_overflow: User<{ track: string; dropped: number }>;
  speech_started: User;
  speech_ended: User<{ elapsed: number }>;
  user_metadata_changed: User<{ metadata: string }>;
  /** Those that changed; "" where one is gone. */
  user_attributes_changed: User<{ attributes: Record<string, string> }>;
  connection_quality_changed: User<States<Quality>>;
  room_metadata_changed: { metadata: string };
  /** What register() answers. */
  rpc_called: User<{ id: number; method: string; payload: string; callId: string; within: number }>;
  /** What the promise of call() tells. */
  rpc_answered: User<{ ticket: number; rpcCode: number; payload: string; error?: StoaError }>;
  /** By the server; mute() has the next word. */
  microphone_muted: { muted: boolean };
  permissions_changed: User<{ permission: Permission }>;
  user_name_changed: User<{ userName: string }>;
}

export type ChannelEvents = { [Name in keyof Members]: Told<Name, Members[Name]> };
