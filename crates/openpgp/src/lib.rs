//! The only place where OpenPGP signatures are made or judged.
//!
//! Facts below, verdict above: a [`Verifier`] reports [`SignatureFacts`] for every
//! signature packet it meets (mathematics, certificate, key state when it signed, key
//! state now, algorithms), and a [`Profile`] turns them into a [`Verdict`]. Bytes that an
//! accepting verifier saw come back as [`Verified`]; parsers of signed metadata take
//! nothing else.
//!
//! Follows RFC 9580 (OpenPGP) and RFC 9980 (post-quantum algorithms).

mod certificate;
pub mod cleartext;
mod codes;
mod error;
mod examination;
mod hash;
mod names;
mod plan;
mod profile;
mod report;
mod signer;
mod verified;
mod verifier;

pub use certificate::{
    Certificate, CertificateError, Certificates, Fingerprint, KeyFacts, UserIdFacts,
};
pub use codes::ALL as CODES;
pub use error::{Error, Result};
pub use examination::{Examination, ObjectSignatures, Signed};
pub use hash::HashContext;
pub use plan::{HashPlan, Hashes};
pub use profile::{Object, Profile};
pub use report::{
    BadKey, KeyState, Mathematics, Revocation, SignatureFacts, SignatureReport, Status, Verdict,
};
pub use signer::{Armor, SignatureForm, Signer};
pub use verified::{Judged, Verified};
pub use verifier::{SignatureBlock, Verifier};
