//! The only place where OpenPGP signatures are made or judged.
//!
//! Facts below, verdict above: a [`Verifier`] reports [`SignatureFacts`] for every
//! signature packet it meets (mathematics, certificate, key state when it signed, key
//! state now, algorithms), and a [`Profile`] turns them into a [`Verdict`]. Bytes that an
//! accepting verifier saw come back as [`Verified`]; parsers of signed metadata take
//! nothing else.
//!
//! Follows RFC 9580 (OpenPGP) and RFC 9980 (post-quantum algorithms).

mod algorithm;
mod armor;
mod block;
mod certificate;
mod certificates;
pub mod cleartext;
pub mod codes;
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

pub use block::SignatureBlock;
pub use certificate::{Certificate, CertificateError, KeyFacts, UserIdFacts};
pub use certificates::Certificates;
pub use codes::ALL as CODES;
pub use error::{Error, Result};
pub use examination::{Examination, ObjectSignatures, Signed};
pub use fingerprint::Fingerprint;
pub use hash::HashContext;
pub use plan::{HashPlan, Hashes};
pub use profile::{Object, Profile};
pub use report::{
    BadKey, KeyState, Mathematics, Revocation, SignatureFacts, SignatureReport, Status, Verdict,
};
pub use signer::{Armor, SignatureForm, Signer};
pub use verified::{Judged, Verified};
pub use verifier::Verifier;
