//! The one judge.

use std::io::Read;

use jiff::Timestamp;

use crate::{Certificates, HashPlan, Hashes, Judged, Object, Profile, Result, SignatureReport};

/// Signature packets of one block, parsed but not judged.
#[derive(Clone, Debug)]
pub struct SignatureBlock {}

impl SignatureBlock {
    /// Reads a detached signature, armored or binary: signature packets only, nothing
    /// before, between or after; at most
    /// [`Limits::signatures`](pkgseal_repo::Limits::signatures) packets. Several armored
    /// blocks in a row are one block (apt accepts them in Release.gpg).
    ///
    /// # Errors
    /// A finding (`signature.malformed`, `signature.none`) saying where and why: a
    /// malformed block is a rejection, not a failure.
    pub fn parse(_bytes: &[u8]) -> std::result::Result<Self, pkgseal_repo::Finding> {
        unimplemented!()
    }

    /// As [`SignatureBlock::parse`], binary and exactly one packet: what an .rpm header
    /// holds.
    ///
    /// # Errors
    /// As [`SignatureBlock::parse`].
    pub fn parse_single_binary(_bytes: &[u8]) -> std::result::Result<Self, pkgseal_repo::Finding> {
        unimplemented!()
    }

    /// How many signatures.
    pub fn len(&self) -> usize {
        unimplemented!()
    }

    /// Whether there are none (never, after parsing).
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// For each signature: OpenPGP version, public-key algorithm name, digest name.
    pub fn summary(&self) -> Vec<(u8, String, String)> {
        unimplemented!()
    }
}

/// Judges signatures against certificates, under a profile, at a moment.
/// Cheap to clone; share it between threads.
#[derive(Clone, Debug)]
pub struct Verifier {
    certificates: Certificates,
    profile: Profile,
    now: Timestamp,
}

impl Verifier {
    /// A judge. `now` is whatever the caller calls now: no library reads the clock.
    pub fn new(certificates: Certificates, profile: Profile, now: Timestamp) -> Self {
        Self {
            certificates,
            profile,
            now,
        }
    }

    /// The moment called now.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// The profile.
    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// The certificates.
    pub fn certificates(&self) -> &Certificates {
        &self.certificates
    }

    /// Which hashes must be computed to judge `blocks`.
    pub fn plan<'a>(&self, _blocks: impl IntoIterator<Item = &'a SignatureBlock>) -> HashPlan {
        unimplemented!()
    }

    /// Judges a block over bytes that were fed to `hashes`.
    pub fn hashed(
        &self,
        _object: Object,
        _block: &SignatureBlock,
        _hashes: &Hashes,
    ) -> SignatureReport {
        unimplemented!()
    }

    /// Judges a detached signature over a stream, read once. A malformed `signature` is a
    /// rejecting report.
    ///
    /// # Errors
    /// [`Error::Read`](crate::Error::Read) when `data` cannot be read.
    pub fn detached(
        &self,
        _object: Object,
        _data: impl Read,
        _signature: &[u8],
    ) -> Result<SignatureReport> {
        unimplemented!()
    }

    /// Judges a detached signature over bytes in memory, and seals them if accepted.
    pub fn detached_bytes(
        &self,
        _object: Object,
        _data: Vec<u8>,
        _signature: &[u8],
    ) -> Judged<Vec<u8>> {
        unimplemented!()
    }

    /// Judges a clearsigned message by the strict grammar of [`cleartext`](crate::cleartext)
    /// and seals the signed text (what the signature covers, with its final newline)
    /// if accepted.
    pub fn cleartext(&self, _object: Object, _message: &[u8]) -> Judged<Vec<u8>> {
        unimplemented!()
    }
}
