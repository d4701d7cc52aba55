// What is counted: the numbers of stoa.h by their names in camelCase, where each is explained. Those in Us are microseconds.

/** How long something took, many times. The mean is totalUs / count. */
export interface Delay {
  count: number;
  totalUs: number;
  maxUs: number;
  recentUs: number;
}

export type EngineStats = Record<
  | 'timeUs' | 'threads' | 'channels' | 'channelsConnected' | 'handles' | 'cpuMediaUs' | 'cpuDispatchUs'
  | 'cpuCodecUs' | 'cpuServerUs' | 'dispatchWaiting' | 'codecWaiting' | 'codecRefused' | 'packetsSent' | 'bytesSent'
  | 'packetsReceived' | 'bytesReceived' | 'audioPacketsLost',
  number
> &
  Record<'callbacks' | 'codecQueue', Delay>;

export type ServerStats = Record<
  | 'timeUs' | 'rooms' | 'participants' | 'tracks' | 'subscriptions' | 'joins' | 'joinsRefused' | 'resumes'
  | 'participantsFailed' | 'packetsReceived' | 'bytesReceived' | 'packetsUnknown' | 'packetsMalformed'
  | 'packetsSent' | 'bytesSent' | 'packetsUnsent' | 'mediaPacketsReceived' | 'mediaBytesReceived'
  | 'mediaPacketsUnheard' | 'mediaPacketsIgnored' | 'mediaPacketsForwarded' | 'mediaBytesForwarded'
  | 'mediaDroppedUnready' | 'mediaDroppedFormat' | 'mediaDroppedOld' | 'dataPacketsReceived' | 'dataBytesReceived'
  | 'dataPacketsForwarded' | 'dataBytesForwarded' | 'dataDroppedForbidden' | 'dataDroppedMalformed'
  | 'dataDroppedDoubled' | 'dataDroppedFull' | 'dataWaitingBytes' | 'websockets' | 'websocketsDropped'
  | 'signalsReceived' | 'signalsSent' | 'signalsWaiting' | 'cpuUs' | 'serviceCalls' | 'serviceRefused'
  | 'webhooksSent' | 'webhooksFailed' | 'webhooksDropped' | 'mediaPacketsLost' | 'mediaPacketsLostOnward'
  | 'keyFramesAsked',
  number
> &
  Record<'jitter' | 'roundTrip', Delay>;

export type ChannelStats = Record<
  | 'timeUs' | 'connections' | 'packetsSent' | 'bytesSent' | 'packetsUnsent' | 'packetsReceived' | 'bytesReceived'
  | 'packetsRejected' | 'signalsSent' | 'signalsReceived' | 'signalsWaiting' | 'audioPacketsSent' | 'audioBytesSent'
  | 'audioPacketsLost' | 'audioJitterUs' | 'audioBitrate' | 'audioPacketsUnknown' | 'framesEncoded' | 'framesSilent'
  | 'framesMuted' | 'framesUnsent' | 'framesFailed' | 'spurtsEnded' | 'samplesPushed' | 'samplesSent'
  | 'samplesInterrupted' | 'samplesDroppedOldest' | 'samplesDroppedNewest' | 'samplesRefused' | 'starved'
  | 'overslept' | 'sendQueueUs' | 'sendQueueCapacityUs' | 'marksWaiting' | 'dataPacketsSent' | 'dataBytesSent'
  | 'dataPacketsReceived' | 'dataBytesReceived' | 'dataPacketsWaiting' | 'dataPacketsRefused' | 'dataPacketsDropped'
  | 'dataPacketsMalformed' | 'eventsWaiting' | 'eventsDropped' | 'callsWaiting' | 'messagesSent' | 'messagesFailed'
  | 'messagesUnqueued' | 'messagesWaiting' | 'messagesWaitingBytes' | 'messagesReceived' | 'messagesIncomplete'
  | 'messagesRefused' | 'messagesUntold' | 'chunksDoubled' | 'rpcCallsMade' | 'rpcCallsFailed' | 'rpcCallsTaken'
  | 'rpcCallsRefused' | 'rpcCallsUnanswered' | 'rpcCallsStray' | 'cpuUs',
  number
> &
  Record<'roundTrip' | 'signalRoundTrip' | 'captureQueue' | 'encode', Delay>;

export type StreamStats = Record<
  | 'timeUs' | 'packetsReceived' | 'bytesReceived' | 'packetsLost' | 'packetsLate' | 'packetsDuplicate'
  | 'packetsDiscarded' | 'packetsMalformed' | 'packetsUnread' | 'framesDecoded' | 'framesRecoveredCopy'
  | 'framesRecoveredFec' | 'framesConcealed' | 'framesSilence' | 'decodedUs' | 'recoveredUs' | 'concealedUs'
  | 'silenceUs' | 'insertedUs' | 'removedUs' | 'jitterUs' | 'jitterTargetUs' | 'jitterBufferUs' | 'networkUs'
  | 'framesWritten' | 'framesRead' | 'framesDroppedOldest' | 'framesDroppedNewest' | 'framesWaiting'
  | 'framesCapacity' | 'mixDroppedUs',
  number
> &
  Record<'jitterBuffer' | 'decode' | 'ring', Delay>;
