//! What a peer connection needs beside sound to carry video: only the room server has it.

use str0m::RtcConfig;
use str0m::rtp::{Extension, ExtensionSerializer, ExtensionValues};

/// Where AV1's dependency descriptor is specified; VP9 may carry it too.
const DEPENDENCY_DESCRIPTOR: &str =
    "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension";

/// The RTP header extension by which a sender's bandwidth is measured.
pub const TRANSPORT_CC: &str = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01";

/// Adds codecs (VP8, H.264, VP9, AV1, H.265, each with RTX) and the header extensions that go with video, numbered as
/// libwebrtc numbers them. Nothing is kept to be sent again until a section carries video (`StreamTx::set_rtx_cache`).
pub fn with_video(config: RtcConfig) -> RtcConfig {
    config
        .enable_vp8(true)
        .enable_h264(true)
        .enable_vp9(true)
        .enable_av1(true)
        .enable_h265(true)
        .set_send_buffer_video(1)
        .set_extension(3, Extension::TransportSequenceNumber)
        .set_extension(5, Extension::PlayoutDelay)
        .set_extension(6, Extension::VideoContentType)
        .set_extension(12, Extension::with_serializer(DEPENDENCY_DESCRIPTOR, DependencyDescriptors))
        .set_extension(13, Extension::VideoOrientation)
}

/// A dependency descriptor as it came: bytes to pass on, and to choose layers by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DependencyDescriptor(Vec<u8>);

impl DependencyDescriptor {
    /// Its bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

/// The longest that is passed on, bytes; with three layers a whole structure has about 100.
const MAX_DESCRIPTOR: usize = 200;
/// The longest value in the one-byte form of header extensions (RFC 8285).
const ONE_BYTE_FORM: usize = 16;

#[derive(Debug)]
struct DependencyDescriptors;

impl ExtensionSerializer for DependencyDescriptors {
    fn write_to(&self, buf: &mut [u8], values: &ExtensionValues) -> usize {
        let Some(DependencyDescriptor(bytes)) = values.user_values.get() else { return 0 };
        let Some(room) = buf.get_mut(..bytes.len()) else { return 0 };
        room.copy_from_slice(bytes);
        bytes.len()
    }

    fn parse_value(&self, bytes: &[u8], values: &mut ExtensionValues) -> bool {
        let fits = !bytes.is_empty() && bytes.len() <= MAX_DESCRIPTOR;
        if fits {
            values.user_values.set(DependencyDescriptor(bytes.to_vec()));
        }
        fits
    }

    fn is_video(&self) -> bool {
        true
    }

    fn is_audio(&self) -> bool {
        false
    }

    fn requires_two_byte_form(&self, values: &ExtensionValues) -> bool {
        values.user_values.get::<DependencyDescriptor>().is_some_and(|d| d.0.len() > ONE_BYTE_FORM)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_descriptor_passes_as_it_came() {
        for length in [1, 16, 17, MAX_DESCRIPTOR] {
            let bytes: Vec<u8> = (0..length as u8).collect();
            let mut values = ExtensionValues::default();
            assert!(DependencyDescriptors.parse_value(&bytes, &mut values));
            let mut written = [0; 255];
            assert_eq!(DependencyDescriptors.write_to(&mut written, &values), length);
            assert_eq!(written[..length], bytes);
            assert_eq!(DependencyDescriptors.requires_two_byte_form(&values), length > 16);
        }
        let mut values = ExtensionValues::default();
        assert!(!DependencyDescriptors.parse_value(&[0; MAX_DESCRIPTOR + 1], &mut values));
        assert!(!DependencyDescriptors.parse_value(&[], &mut values));
        assert_eq!(DependencyDescriptors.write_to(&mut [0; 255], &values), 0);
    }
}
