//! One publication of a repository, as its verified root tells of it.

use jiff::Timestamp;
use pkgseal_openpgp::{Fingerprint, SignatureReport, Status};
use pkgseal_repo::{DigestAlgorithm, Digests, MultiHasher};

use super::repomd::Repomd;

/// A publication: what tells it from others, and what puts it in order among them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Generation {
    /// SHA-256 of `repomd.xml`.
    pub repomd: Digests,
    /// Its `revision`, as written.
    pub revision: Option<String>,
    /// When the newest of its metadata files was made, in seconds since 1970.
    pub newest: Option<u64>,
    /// When it was signed, by the latest signature that counts.
    pub signed: Option<Timestamp>,
    /// Who signed it.
    pub signers: Vec<Fingerprint>,
    /// Its metadata files: type and digests as stored.
    pub data: Vec<(String, Digests)>,
}

impl Generation {
    /// What a `repomd.xml` of these bytes says, vouched for by these signatures.
    pub(super) fn of(sha256: Digests, repomd: &Repomd, report: Option<&SignatureReport>) -> Self {
        let signatures = report.map_or(&[][..], |report| &report.signatures);
        let mut signers = report
            .and_then(SignatureReport::accepted_signers)
            .unwrap_or_default()
            .to_vec();
        signers.sort();
        Self {
            repomd: sha256,
            revision: repomd.revision.clone(),
            newest: repomd.newest(),
            signed: signatures
                .iter()
                .filter(|signature| signature.status == Status::Good)
                .filter_map(|signature| signature.created)
                .max(),
            signers,
            data: repomd
                .data
                .iter()
                .map(|data| (data.kind.clone(), data.checksum.clone()))
                .collect(),
        }
    }

    /// Its revision as a number, where it is one.
    pub(super) fn number(&self) -> Option<u64> {
        let text = self.revision.as_deref()?;
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| text.parse().ok()).flatten()
    }

    /// How messages call it.
    pub(super) fn name(&self) -> String {
        match (&self.revision, self.newest.and_then(moment)) {
            (Some(revision), _) => format!("revision {revision}"),
            (None, Some(newest)) => format!("the generation made {newest}"),
            (None, None) => "a generation without a revision".to_owned(),
        }
    }
}

/// SHA-256 of some bytes.
pub(super) fn sha256(bytes: &[u8]) -> Digests {
    let mut hasher = MultiHasher::new([DigestAlgorithm::Sha256]);
    hasher.update(bytes);
    hasher.finish()
}

/// Seconds since 1970 as a moment, where they are one.
pub(super) fn moment(seconds: u64) -> Option<Timestamp> {
    Timestamp::from_second(i64::try_from(seconds).ok()?).ok()
}
