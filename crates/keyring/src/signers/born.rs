//! Certificates for keys that were made on a token and never leave it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use openpgp::crypto::mpi;
use openpgp::packet::UserID;
use openpgp::serialize::SerializeInto as _;
use openpgp::types::HashAlgorithm;
use openpgp::{Cert, Packet, Profile};
use pkgseal_openpgp::{Certificate, SigningKey};
use sequoia_openpgp as openpgp;

use super::encoding::Public;
use super::pkcs11::{self, Held};
use super::{KeySource, SignerError};
use crate::generate::plain::certify;
use crate::generate::{self, Algorithm, GenerateRequest, Layout};
use crate::{Error, Passphrase, Result};

/// What certificate to make for a key on a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdoptRequest {
    /// Whose key it is: `Example Archive Signing Key <archive@example.org>`.
    pub user_id: String,
    /// How long it lives; `None` for ever.
    pub validity: Option<Duration>,
}

/// A certificate for a key on a token, not yet written anywhere.
#[derive(Clone, Debug)]
pub struct Adopted {
    /// The certificate: one key, which certifies and signs.
    pub certificate: Certificate,
    /// The same, armored.
    pub armored: Vec<u8>,
    /// A revocation certificate, as [`Generated::revocation`](crate::Generated::revocation).
    pub revocation: Vec<u8>,
}

/// Makes a certificate as of `now` for the one key that `source` names on a token. The
/// token signs its self-signature and its revocation; the fingerprint follows from the key
/// and `now`, so the same key adopted at the same moment has the same one again.
///
/// # Errors
/// [`Error::Request`] for a user ID or a validity that no certificate has;
/// [`Error::Signer`]: `source` is no token, the key is not there, not the only one, or of a
/// kind that signs nothing; what the token says.
pub fn adopt(
    source: &KeySource,
    request: &AdoptRequest,
    passphrase: Option<&Passphrase>,
    now: Timestamp,
) -> Result<Adopted> {
    let KeySource::Pkcs11(key) = source else {
        return Err(SignerError::new(source, "only keys on tokens are adopted")
            .hint("name one with --key 'pkcs11:token=…;object=…'")
            .into());
    };
    let made = GenerateRequest {
        layout: Layout::One,
        primary_validity: request.validity,
        subkey_validity: None,
        // The token's key has its own.
        ..GenerateRequest::new(request.user_id.as_str(), Algorithm::default())
    };
    generate::check(&made, now)?;
    let (held, public) = pkcs11::unclaimed(key, source, passphrase, now)?;
    let mut signer = Certifying { held, public };
    let failed = generate::failed("making the certificate");

    let primary = signer.public.clone().role_into_primary();
    let bare =
        Cert::from_packets(std::iter::once(Packet::from(primary.clone()))).map_err(&failed)?;
    let user_id = UserID::from(request.user_id.as_str());
    let certification = certify(&user_id, &bare, &mut signer, &made, now).map_err(said)?;
    let packets = [
        Packet::from(primary),
        Packet::from(user_id),
        Packet::from(certification),
    ];
    let cert = Cert::from_packets(packets.into_iter()).map_err(&failed)?;
    let revocation = generate::revocation(&cert, &mut signer, now).map_err(said)?;

    let bytes = cert.to_vec().map_err(&failed)?;
    let (certificates, errors) = Certificate::parse_all(&bytes);
    let certificate = match (certificates.into_iter().next(), errors.first()) {
        (Some(certificate), None) => certificate,
        (_, error) => {
            let reason = error.map_or("it is empty", |error| error.reason.as_str());
            return Err(generate::failed("making the certificate")(reason));
        }
    };
    // What was made is read back and has to be a key that signs.
    SigningKey::choose(&certificate, None, now)?;
    Ok(Adopted {
        armored: certificate.to_armored(),
        revocation: generate::revocation_file(&certificate, revocation, &made, Profile::RFC4880)?,
        certificate,
    })
}

/// Writes `FPR.rev.asc` with mode 0600, then `FPR.cert.asc`, into a directory: both or none.
///
/// # Errors
/// [`Error::Exists`] when one of them is there already; [`Error::File`] when they cannot be
/// written.
pub fn write_adopted(directory: &Path, adopted: &Adopted) -> Result<Vec<PathBuf>> {
    let fingerprint = adopted.certificate.fingerprint();
    let path = |kind: &str| directory.join(format!("{fingerprint}.{kind}.asc"));
    generate::write_new(
        &[(path("rev"), &adopted.revocation)],
        (path("cert"), &adopted.armored),
    )
}

/// A key that certifies itself.
struct Certifying {
    held: Held,
    public: Public,
}

impl openpgp::crypto::Signer for Certifying {
    fn public(&self) -> &Public {
        &self.public
    }

    fn sign(&mut self, hash: HashAlgorithm, digest: &[u8]) -> openpgp::Result<mpi::Signature> {
        Ok(self.held.sign(hash, digest)?)
    }
}

/// What the token said, or else the library.
fn said(error: openpgp::anyhow::Error) -> Error {
    match error.downcast::<Error>() {
        Ok(error) => error,
        Err(error) => generate::failed("making the certificate")(error),
    }
}
