//! One configuration of the peer connection for both sides, client and server.

use std::sync::Arc;
use std::time::Duration;
use str0m::RtcConfig;
use str0m::config::{CryptoProvider, DtlsCert};
use str0m::rtp::{Extension, ExtensionMap};

/// The largest data channel message that either side takes, bytes; announced as `a=max-message-size`.
/// LiveKit's clients cut streams into chunks of 15 kB and refuse user packets over 64 kB; this leaves room.
pub const MAX_MESSAGE: usize = 256 * 1024;

/// What the data channels of one connection hold until it is acknowledged, bytes: more than one message of the
/// largest size, or that one could never leave. A write beyond it answers `Ok(false)` and belongs in a queue of ours.
pub const MAX_BUFFERED: usize = 512 * 1024;

/// Where cryptography comes from. Make it once for an engine or a server and pass it on: nothing is installed for the process.
pub fn crypto_provider() -> Arc<CryptoProvider> {
    Arc::new(super::dtls::provider())
}

/// A peer connection for Opus and its redundancy, in RTP mode: packets pass as they are, no reordering, no codec.
/// `cert` saves making a key for every connection where many live together.
///
/// - Payload types as LiveKit has them: Opus 111 (`minptime=10;useinbandfec=1`), RED 63 (`111/111`).
/// - Header extensions: audio level (RFC 6464) and mid, and those that simulcast needs. Neither transport-cc nor
///   absolute send time is offered: nobody estimates bandwidth from voice, and the feedback would cost as much as the voice.
/// - The first STUN retransmission after 50 ms: at the usual 250 ms some joins lost 200 ms to one dropped check.
pub fn config(crypto: &Arc<CryptoProvider>, cert: Option<&DtlsCert>) -> RtcConfig {
    let mut extensions = ExtensionMap::empty();
    extensions.set(1, Extension::AudioLevel);
    extensions.set(4, Extension::RtpMid);
    extensions.set(10, Extension::RtpStreamId);
    extensions.set(11, Extension::RepairedRtpStreamId);
    let mut config = RtcConfig::new()
        .set_crypto_provider(crypto.clone())
        .set_rtp_mode(true)
        .clear_codecs()
        .enable_opus(true, true)
        .set_extension_map(extensions)
        .set_stats_interval(None)
        // RED repairs itself and plain Opus has no RTX: nothing is ever sent twice, so nothing is kept.
        .set_send_buffer_audio(1)
        .set_sctp_max_message_size(MAX_MESSAGE as u32)
        .set_sctp_max_buffered_amount(MAX_BUFFERED);
    config.set_initial_stun_rto(Duration::from_millis(50));
    match cert {
        Some(cert) => config.set_dtls_cert(cert.clone()),
        None => config,
    }
}
