//! Packages: who signed one and is it intact; signatures put in.
//!
//! A package is `lead | signature header | padding | main header | payload`. Signatures
//! cover the main header, or the main header and the payload; a signed main header binds
//! the payload by a digest inside it. Everything before the main header is covered by
//! nothing, and is read with that in mind.

/// What lints look at.
pub(crate) mod lintable {
    pub(crate) use super::read::{Head, Stop};
    pub(crate) use super::slots::SIGNATURE_TAGS;
    pub(crate) use super::structure::Format;
    pub(crate) use super::verify::{about, open, read_error};

    /// Whether the main header holds a digest of SHA-256 or better of the payload.
    pub(crate) fn binds_payload(head: &Head, format: Format) -> bool {
        super::digests::DigestCheck::start(head, format).binds_payload()
    }
}

mod coverage;
mod digests;
mod file_signatures;
pub mod header_blob;
mod in_place;
mod inspect;
mod level;
mod pipeline;
mod read;
mod sign;
mod slots;
mod structure;
mod unsign;
mod verify;
mod writing;

pub use in_place::{Completed, Edit, InPlace, recover};
pub use inspect::inspect;
pub use level::{Level, Reading, VerifyOptions};
pub(crate) use pipeline::{Sink, feed};
pub use read::recognise;
pub(crate) use read::{Head, Stop};
pub(crate) use sign::worst;
pub use sign::{Existing, SignOptions, Signing, Tags, Whole, sign, sign_with, stage};
pub(crate) use structure::{Format, Identity, deviations, identity, is_signed, weigh};
pub use unsign::{Chosen, prepare_unsigned, unsign};
pub(crate) use verify::examine;
pub(crate) use verify::{open, read_error};
pub use verify::{verify, verify_with};
pub use writing::{HardLinks, How, Prepared, Times, Writing};
