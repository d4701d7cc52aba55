//! TLS to a server (rustls, with the cryptography of the media).

use super::dial::Target;
use crate::{Error, Result, Status};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{CertificateError, ClientConfig, RootCertStore};
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// Whom to trust. One for all channels of an engine, so that later ones resume the session of the first.
pub(super) struct Tls(TlsConnector);

impl Tls {
    /// Trusts the certificates in a PEM file and no others, or without one those of the system.
    pub(super) fn new(ca_file: &str) -> Result<Tls> {
        let roots = if ca_file.is_empty() { system()? } else { given(ca_file)? };
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| Error::new(Status::INTERNAL, format!("TLS cannot be set up: {error}")))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Tls(TlsConnector::from(Arc::new(config))))
    }

    /// Says hello, and checks whom it is speaking with.
    pub(super) async fn connect(&self, target: &Target, stream: TcpStream) -> Result<TlsStream<TcpStream>> {
        let failed =
            |what: String| Error::new(Status::UNREACHABLE, format!("no TLS with {}: {what}", target.authority()));
        let name = ServerName::try_from(target.host.clone())
            .map_err(|_| failed("the host is no name that a certificate could have; check the URL".into()))?;
        self.0.connect(name, stream).await.map_err(|error| {
            let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
            failed(inner.map_or_else(|| format!("{error}; check that the URL is a TLS server's"), explain))
        })
    }
}

fn explain(error: &rustls::Error) -> String {
    match error {
        rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer) => {
            "its certificate is of an issuer that is not trusted here; give the issuer's certificate as ca_file".into()
        }
        rustls::Error::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        ) => "its certificate is for another name; check the host in the URL".into(),
        rustls::Error::InvalidCertificate(CertificateError::Expired | CertificateError::ExpiredContext { .. }) => {
            "its certificate has expired; ask who runs it, and check this machine's clock".into()
        }
        rustls::Error::InvalidMessage(_) => {
            "it does not speak TLS; check the URL: without TLS it begins with ws://".into()
        }
        other => format!("{other}; ask who runs it"),
    }
}

fn given(ca_file: &str) -> Result<RootCertStore> {
    let bad = |what: String| Error::new(Status::BAD_ARGUMENT, format!("ca_file \"{ca_file}\" {what}"));
    let mut roots = RootCertStore::empty();
    let found = CertificateDer::pem_file_iter(ca_file).map_err(|error| bad(format!("cannot be read: {error}")))?;
    for certificate in found {
        let certificate = certificate.map_err(|error| bad(format!("cannot be read: {error}")))?;
        roots.add(certificate).map_err(|error| bad(format!("has a certificate that cannot be used: {error}")))?;
    }
    if roots.is_empty() {
        return Err(bad("has no certificate: give a file in PEM form, with BEGIN CERTIFICATE in it".into()));
    }
    Ok(roots)
}

fn system() -> Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    // Some systems have certificates that nothing can be done with; the others count.
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        let why = found.errors.first().map_or_else(|| "there are none".into(), ToString::to_string);
        let text = format!(
            "this system's trusted certificates were not found ({why}): install them (ca-certificates), or give a ca_file"
        );
        return Err(Error::new(Status::BAD_STATE, text));
    }
    Ok(roots)
}
