//! DTLS as str0m has it, with two differences: connections share one configuration, and the keys are handed to who asked for them.
//!
//! dimpl tries its whole cryptography, every key exchange included, whenever a configuration is built, and str0m builds one for each
//! connection: a quarter of the time that a server spent on a join.

use super::seal::{self, Opener, Sealer};
use dimpl::{Config, Dtls};
use once_cell::sync::OnceCell;
use std::cell::RefCell;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;
use str0m::config::{CryptoProvider, DtlsCert, DtlsVersion};
use str0m::crypto::dtls::{DtlsImplError, DtlsInstance, DtlsOutput, DtlsProvider, ProtocolVersion};
use str0m::crypto::{CryptoError, SrtpProvider};
use str0m::{Rtc, RtcConfig};

/// str0m's provider of cryptography, but for DTLS.
pub fn provider() -> CryptoProvider {
    static DTLS: Shared = Shared(OnceCell::new());
    CryptoProvider { dtls_provider: &DTLS, ..str0m::crypto::from_feature_flags() }
}

/// Where what a connection's handshake comes to appears once that is over.
#[derive(Clone, Debug, Default)]
pub struct KeysSlot(Arc<Mutex<Option<(Sealer, Opener)>>>);

impl KeysSlot {
    /// Takes it; None: not there yet, taken before, or the handshake's profile has none.
    pub fn take(&self) -> Option<(Sealer, Opener)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

thread_local! {
    /// The slot of the connection that is being built on this thread. str0m asks a provider, which it holds as `&'static`, for
    /// its DTLS, and gives no other way to tell whose it is.
    static BUILDING: RefCell<Option<KeysSlot>> = const { RefCell::new(None) };
}

/// Builds a peer connection, and says where its keys will be. The configuration is to have [`super::crypto_provider`]'s provider.
pub fn build(config: RtcConfig, now: Instant) -> (Rtc, KeysSlot) {
    let slot = KeysSlot::default();
    BUILDING.set(Some(slot.clone()));
    let rtc = config.build(now);
    BUILDING.set(None);
    (rtc, slot)
}

/// The configuration, which never changes, and the largest packet it is for.
#[derive(Debug)]
struct Shared(OnceCell<(Option<usize>, Arc<Config>)>);

impl Shared {
    fn config(&self, mtu: Option<usize>) -> Result<Arc<Config>, CryptoError> {
        let make = || {
            // ICE has proven the way back already.
            let builder = Config::builder().use_server_cookie(false);
            let built = mtu.into_iter().fold(builder, |builder, mtu| builder.mtu(mtu)).build();
            built.map(Arc::new).map_err(|error| CryptoError::Other(format!("DTLS cannot be configured: {error}")))
        };
        match self.0.get_or_try_init(|| make().map(|config| (mtu, config)))? {
            (same, config) if *same == mtu => Ok(config.clone()),
            _ => make(),
        }
    }
}

impl DtlsProvider for Shared {
    fn generate_certificate(&self) -> Option<DtlsCert> {
        str0m::crypto::from_feature_flags().dtls_provider.generate_certificate()
    }

    fn new_dtls(
        &self,
        cert: &DtlsCert,
        now: Instant,
        version: DtlsVersion,
        mtu: Option<usize>,
    ) -> Result<Box<dyn DtlsInstance>, CryptoError> {
        let (config, cert, slot) = (self.config(mtu)?, cert.clone(), BUILDING.take());
        let dtls = match version {
            DtlsVersion::Dtls12 => Dtls::new_12(config, cert, now),
            DtlsVersion::Dtls13 => Dtls::new_13(config, cert, now),
            _ => Dtls::new_auto(config, cert, now),
        };
        Ok(Box::new(Handshake { dtls, srtp: str0m::crypto::from_feature_flags().srtp_provider, slot }))
    }
}

/// One connection's DTLS.
struct Handshake {
    dtls: Dtls,
    srtp: &'static dyn SrtpProvider,
    slot: Option<KeysSlot>,
}

impl std::fmt::Debug for Handshake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Handshake").finish_non_exhaustive()
    }
}

impl DtlsInstance for Handshake {
    fn poll_output<'a>(&mut self, buf: &'a mut [u8]) -> DtlsOutput<'a> {
        let output = self.dtls.poll_output(buf);
        if let (DtlsOutput::KeyingMaterial(exported, profile), Some(slot)) = (&output, &self.slot) {
            let keys = seal::keys(self.srtp, *profile, exported, self.dtls.is_active());
            *slot.0.lock().unwrap_or_else(PoisonError::into_inner) = keys;
        }
        output
    }

    fn set_active(&mut self, active: bool) {
        self.dtls.set_active(active);
    }

    fn handle_packet(&mut self, packet: &[u8]) -> Result<(), DtlsImplError> {
        self.dtls.handle_packet(packet)
    }

    fn handle_timeout(&mut self, now: Instant) -> Result<(), DtlsImplError> {
        self.dtls.handle_timeout(now)
    }

    fn send_application_data(&mut self, data: &[u8]) -> Result<usize, DtlsImplError> {
        self.dtls.send_application_data(data)
    }

    fn is_active(&self) -> bool {
        self.dtls.is_active()
    }

    fn protocol_version(&self) -> Option<ProtocolVersion> {
        self.dtls.protocol_version()
    }

    fn is_closing(&self) -> bool {
        self.dtls.is_closing()
    }

    fn is_closed(&self) -> bool {
        self.dtls.is_closed()
    }

    fn close(&mut self) -> Result<(), DtlsImplError> {
        self.dtls.close()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slot_is_of_the_connection_that_was_built_with_it() {
        let config = || RtcConfig::new().set_crypto_provider(Arc::new(provider()));
        let (_rtc, slot) = build(config(), Instant::now());
        assert_eq!(Arc::strong_count(&slot.0), 2, "its handshake holds it");
        assert!(slot.take().is_none(), "there was no handshake yet");
        let _plain = config().build(Instant::now());
        assert_eq!(Arc::strong_count(&slot.0), 2);
    }

    #[test]
    fn connections_share_a_configuration_unless_their_packets_differ() {
        let shared = Shared(OnceCell::new());
        let of = |mtu| shared.config(mtu).expect("a configuration");
        assert!(Arc::ptr_eq(&of(Some(1150)), &of(Some(1150))));
        assert!(!Arc::ptr_eq(&of(Some(1150)), &of(Some(1200))));
    }
}
