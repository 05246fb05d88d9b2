//! The only place where OpenPGP signatures are made or judged.
//!
//! Facts below, verdict above: a [`Verifier`] reports [`SignatureFacts`] for every
//! signature packet it meets (mathematics, certificate, key state when it signed, key
//! state now, algorithms), and a [`Profile`] turns them into a [`Verdict`]. Bytes that an
//! accepting verifier saw come back as [`Verified`]; parsers of signed metadata take
//! nothing else.
//!
//! ```
//! use jiff::Timestamp;
//! use pkgseal_openpgp::{
//!     Armor, Certificates, Object, Profile, SignatureForm, Signer, Verifier,
//! };
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let secret_key = pkgseal_testkit::keys::load("good").secret().to_vec();
//! // Time is an argument: no library reads the clock.
//! let now: Timestamp = "2025-03-01T12:00:00Z".parse()?;
//!
//! // Sign. The passphrase is asked for only if the key has one.
//! let signer = Signer::open(&secret_key, || Ok(Vec::new()), now)?;
//! let mut hash = signer.hash()?;
//! hash.update(b"hello\n");
//! let packet = signer.sign_hash(hash, SignatureForm::Binary, now)?;
//! let signature = Signer::block(vec![packet], Armor::Armored)?;
//!
//! // Judge, with the public certificate only.
//! let certificates = Certificates::new([signer.certificate().clone()]);
//! let verifier = Verifier::new(certificates, Profile::strict(), now);
//! let report = verifier.detached(Object::Artifact, &b"hello\n"[..], &signature)?;
//! assert!(report.is_accepted());
//!
//! // Other bytes are rejected, and the report says why.
//! let report = verifier.detached(Object::Artifact, &b"hullo\n"[..], &signature)?;
//! let reason = &report.findings("greeting.txt")[0];
//! assert_eq!(reason.code.id, "signature.bad");
//! assert!(reason.detail.starts_with("the content is not what"));
//!
//! // Bytes in memory come back sealed, if they are accepted.
//! let judged = verifier.detached_bytes(Object::Artifact, b"hello\n".to_vec(), &signature);
//! let (sealed, _) = judged.accept();
//! assert_eq!(sealed.expect("accepted").get(), b"hello\n");
//! # Ok(())
//! # }
//! ```
//!
//! Follows RFC 9580 (OpenPGP) and RFC 9980 (post-quantum algorithms).

mod algorithm;
mod armor;
mod block;
mod certificate;
mod certificates;
pub mod cleartext;
pub mod codes;
mod draft;
pub mod edit;
mod error;
mod examination;
mod fingerprint;
mod framing;
mod hash;
mod judge;
mod keyfile;
mod keystate;
mod lint;
mod names;
mod plan;
mod profile;
mod report;
mod signer;
mod time;
mod verdict;
mod verified;
mod verifier;

pub use armor::crc24;
pub use block::SignatureBlock;
pub use certificate::{Certificate, CertificateError, KeyFacts, UserIdFacts};
pub use certificates::Certificates;
pub use codes::ALL as CODES;
pub use error::{Error, Result};
pub use examination::{Detail, Examination, ObjectSignatures, Signed};
pub use fingerprint::Fingerprint;
pub use framing::packet;
pub use hash::HashContext;
pub use plan::{HashPlan, Hashes};
pub use profile::{Object, Profile};
pub use report::{
    BadKey, KeyState, Mathematics, Revocation, SignatureFacts, SignatureReport, Standing, Status,
    Verdict,
};
pub use signer::{Armor, HolderError, SignatureForm, Signer, SigningKey};
pub use verified::{Judged, Verified};
pub use verifier::Verifier;
