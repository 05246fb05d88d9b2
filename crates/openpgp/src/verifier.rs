//! The one judge.

use std::io::Read;

use jiff::Timestamp;
use pkgseal_repo::Finding;

use crate::cleartext::TrailingBlanks;
use crate::judge::{self, Context};
use crate::{
    Certificates, Error, HashPlan, Hashes, Judged, Object, Profile, Result, SignatureBlock,
    SignatureReport, Signer, Verdict, cleartext, verdict,
};

/// Bytes read at once.
const CHUNK: usize = 1 << 17;

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

    /// The judge that whoever signs asks about what was written: with the public
    /// certificates of `signers` only, under the profile `strict`, wanting a good
    /// signature by every one of them.
    pub fn of_signers<'a>(signers: impl IntoIterator<Item = &'a Signer>, now: Timestamp) -> Self {
        let certificates = signers
            .into_iter()
            .map(|signer| signer.certificate().clone());
        let certificates = Certificates::new(certificates);
        // Of no signers nothing is good enough.
        let profile = Profile::strict().threshold(certificates.len().max(1));
        Self::new(certificates, profile, now)
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
    pub fn plan<'a>(&self, blocks: impl IntoIterator<Item = &'a SignatureBlock>) -> HashPlan {
        let mut plan = HashPlan::default();
        for signature in blocks.into_iter().flat_map(SignatureBlock::known) {
            plan.add(signature);
        }
        plan
    }

    /// Judges a block over bytes that were fed to `hashes`.
    pub fn hashed(
        &self,
        object: Object,
        block: &SignatureBlock,
        hashes: &Hashes,
    ) -> SignatureReport {
        self.judge(object, block, hashes, false)
    }

    fn judge(
        &self,
        object: Object,
        block: &SignatureBlock,
        hashes: &Hashes,
        cleartext: bool,
    ) -> SignatureReport {
        let context = Context {
            certificates: &self.certificates,
            profile: &self.profile,
            now: self.now,
            object,
            cleartext,
        };
        let signatures: Vec<_> = block
            .packets()
            .iter()
            .enumerate()
            .map(|(index, packet)| judge::facts(&context, index, packet, hashes))
            .collect();
        let verdict = verdict::of(&self.profile, &signatures);
        SignatureReport {
            signatures,
            verdict,
            profile: self.profile.name().to_owned(),
        }
    }

    /// Judges signatures anew that another verifier judged, by the certificates, profile
    /// and moment of this one. The signed data is not needed: which key made a signature
    /// is a fact that was found, and the same fingerprint is the same key. The other
    /// verifier must have known every certificate that this one knows; what it could not
    /// check at all stays as it is.
    pub fn again(&self, object: Object, report: &SignatureReport) -> SignatureReport {
        let context = Context {
            certificates: &self.certificates,
            profile: &self.profile,
            now: self.now,
            object,
            cleartext: false,
        };
        let signatures: Vec<_> = report
            .signatures
            .iter()
            .map(|facts| judge::again(&context, facts))
            .collect();
        let verdict = if signatures.is_empty() {
            report.verdict.clone()
        } else {
            verdict::of(&self.profile, &signatures)
        };
        SignatureReport {
            signatures,
            verdict,
            profile: self.profile.name().to_owned(),
        }
    }

    /// The verdict on one object whose signatures stand in several blocks, judged one by
    /// one with [`Verifier::hashed`]: as if all of them stood in one block.
    pub fn together(&self, reports: &[SignatureReport]) -> Verdict {
        let signatures: Vec<_> = reports
            .iter()
            .flat_map(|report| report.signatures.iter().cloned())
            .collect();
        verdict::of(&self.profile, &signatures)
    }

    /// Judges a detached signature over a stream, read once. A malformed `signature` is a
    /// rejecting report.
    ///
    /// # Errors
    /// [`Error::Read`](crate::Error::Read) when `data` cannot be read.
    pub fn detached(
        &self,
        object: Object,
        mut data: impl Read,
        signature: &[u8],
    ) -> Result<SignatureReport> {
        let block = match SignatureBlock::parse(signature) {
            Ok(block) => block,
            Err(finding) => return Ok(self.rejected(finding)),
        };
        let mut hashes = self.plan([&block]).start();
        let mut chunk = vec![0; CHUNK];
        loop {
            match data.read(&mut chunk) {
                Ok(0) => return Ok(self.hashed(object, &block, &hashes)),
                Ok(length) => hashes.update(chunk.get(..length).unwrap_or_default()),
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(source) => {
                    return Err(Error::Read {
                        what: "signed data",
                        source,
                    });
                }
            }
        }
    }

    /// Judges a detached signature over bytes in memory, and seals them if accepted.
    pub fn detached_bytes(
        &self,
        object: Object,
        data: Vec<u8>,
        signature: &[u8],
    ) -> Judged<Vec<u8>> {
        let report = match SignatureBlock::parse(signature) {
            Ok(block) => {
                let mut hashes = self.plan([&block]).start();
                hashes.update(&data);
                self.hashed(object, &block, &hashes)
            }
            Err(finding) => self.rejected(finding),
        };
        Judged::new(data, report)
    }

    /// Judges a clearsigned message by the strict grammar of [`cleartext`](crate::cleartext)
    /// and seals the signed text (what the signature covers, with its final newline)
    /// if accepted.
    pub fn cleartext(&self, object: Object, message: &[u8]) -> Judged<Vec<u8>> {
        self.cleartext_with(object, message, TrailingBlanks::Reject)
    }

    /// As [`Verifier::cleartext`], with a say in what becomes of trailing blanks.
    pub fn cleartext_with(
        &self,
        object: Object,
        message: &[u8],
        blanks: TrailingBlanks,
    ) -> Judged<Vec<u8>> {
        match cleartext::split_with(message, blanks) {
            Ok(message) => {
                let mut hashes = self.plan([&message.signatures]).start();
                let text = message.text.strip_suffix(b"\n").unwrap_or(&message.text);
                hashes.update(text);
                let report = self.judge(object, &message.signatures, &hashes, true);
                Judged::new(message.text, report)
            }
            Err(finding) => Judged::new(Vec::new(), self.rejected(finding)),
        }
    }

    fn rejected(&self, finding: Finding) -> SignatureReport {
        SignatureReport {
            signatures: Vec::new(),
            verdict: Verdict::Rejected {
                reasons: vec![finding],
            },
            profile: self.profile.name().to_owned(),
        }
    }
}
