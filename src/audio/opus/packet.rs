//! Questions about packets.

use super::OpusError;
use super::error::{check, length};
use opusic_sys as sys;

/// A packet of at most this many bytes carries no sound: discontinuous transmission (DTX).
const DTX_MAX_BYTES: usize = 2;

/// How long a packet is, in samples of one channel at `rate` (a rate of Opus).
///
/// # Errors
/// When the packet is empty, or its header contradicts itself or RFC 6716.
pub fn packet_samples(packet: &[u8], rate: u32) -> Result<usize, OpusError> {
    if packet.is_empty() {
        return Err(OpusError(sys::OPUS_INVALID_PACKET));
    }
    let rate = length(rate as usize)?;
    // SAFETY: the packet has at least the one byte that is read without looking at its length.
    let samples = check(unsafe { sys::opus_packet_get_nb_samples(packet.as_ptr(), length(packet.len())?, rate) })?;
    if samples == 0 {
        return Err(OpusError(sys::OPUS_INVALID_PACKET));
    }
    Ok(samples)
}

/// Whether the packet carries in-band FEC, that is, a coarse copy of the one before it.
pub fn packet_has_fec(packet: &[u8]) -> bool {
    let Ok(len) = length(packet.len()) else {
        return false;
    };
    // SAFETY: the packet has at least the one byte that is read without looking at its length.
    len > 0 && unsafe { sys::opus_packet_has_lbrr(packet.as_ptr(), len) } > 0
}

/// Whether the packet says no more than "silence from here on" (discontinuous transmission).
pub fn packet_is_dtx(packet: &[u8]) -> bool {
    !packet.is_empty() && packet.len() <= DTX_MAX_BYTES
}
