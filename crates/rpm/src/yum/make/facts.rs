//! What one read of a package gives.

use std::fs::File;
use std::io;

use pkgseal_repo::publication::{Decoder, Encoder, Stat};
use pkgseal_repo::{
    DigestAlgorithm, Digests, Finding, MultiHasher, Outcome, Report, Root, codes as repo_codes,
    read_through,
};

use super::pool::Found;
use super::text::{Chunks, Described};
use crate::codes;
use crate::package::{Format, Head, Reading, Stop, deviations, weigh};
use crate::tag::SignatureTag;

/// What the indices say of a package, and what it was when it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Facts {
    pub(super) stat: Stat,
    /// SHA-256 of the whole file, in hexadecimal.
    pub(super) id: String,
    /// Name, epoch, version, release and architecture.
    pub(super) name: String,
    pub(super) chunks: Chunks,
}

impl Facts {
    pub(super) fn encode(&self, encoder: &mut Encoder) {
        self.stat.encode(encoder);
        encoder.text(&self.id);
        encoder.text(&self.name);
        encoder.text(&self.chunks.primary);
        encoder.text(&self.chunks.filelists);
        encoder.text(&self.chunks.other);
    }

    pub(super) fn decode(decoder: &mut Decoder<'_>) -> Option<Self> {
        Some(Self {
            stat: Stat::decode(decoder)?,
            id: decoder.text()?.to_owned(),
            name: decoder.text()?.to_owned(),
            chunks: Chunks {
                primary: decoder.text()?.to_owned(),
                filelists: decoder.text()?.to_owned(),
                other: decoder.text()?.to_owned(),
            },
        })
    }
}

/// Why a package cannot be listed.
pub(super) enum Fault {
    /// It is broken, or no client could use it.
    Reject(Box<Finding>),
    /// The system failed.
    Io(io::Error),
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<Finding> for Fault {
    fn from(finding: Finding) -> Self {
        Self::Reject(Box::new(finding))
    }
}

/// Reads a package once: its head strictly, all of it for its digest. `changes` entries of
/// the changelog go into the index.
///
/// # Errors
/// A [`Fault`].
pub(super) fn read(root: &Root, found: &Found, changes: usize) -> Result<Facts, Fault> {
    let subject = found.path.as_str();
    let file = match root.file(&found.path) {
        Ok(Some(file)) => file,
        Ok(None) => {
            let detail = "it is gone, or a link to nothing";
            return Err(Finding::reject(repo_codes::FILE_MISSING, subject, detail).into());
        }
        Err(pkgseal_repo::Error::UnsafePath { reason, .. }) => {
            return Err(Finding::reject(repo_codes::PATH_UNSAFE, subject, reason).into());
        }
        Err(pkgseal_repo::Error::Read { source, .. }) => return Err(Fault::Io(source)),
        Err(error) => {
            let detail = error.to_string();
            return Err(Finding::reject(repo_codes::FILE_NOT_REGULAR, subject, detail).into());
        }
    };
    let before = Stat::of(&file.metadata()?);
    let facts = content(&file, found, before, changes)?;
    // The listing, the read and what stands there now are of one file.
    if before != found.stat || before != Stat::of(&file.metadata()?) {
        let detail = "it changed while it was read";
        let finding = Finding::reject(codes::MAKE_CHANGED, subject, detail)
            .hint("run again when the upload is complete");
        return Err(finding.into());
    }
    Ok(facts)
}

fn content(file: &File, found: &Found, stat: Stat, changes: usize) -> Result<Facts, Fault> {
    let subject = found.path.as_str();
    let about = |finding: Finding| Finding {
        subject: subject.to_owned(),
        ..finding
    };
    let head = match Head::read(&mut &*file, stat.size) {
        Ok(head) => head,
        Err(Stop::Io(error)) => return Err(error.into()),
        Err(Stop::Malformed(finding)) => return Err(about(*finding).into()),
    };
    let (format, newer) = Format::of(&head);
    let mut report = Report::new();
    report.findings = deviations(&head, format);
    // As everyone is verified who does not ask for more.
    for finding in &mut report.findings {
        weigh(finding, Reading::default());
    }
    report.findings.extend(newer);
    let whole = stat.size.saturating_sub(head.main_range().start as u64);
    report.findings.extend(integrity(&head, format, whole));
    if report.outcome() != Outcome::Accepted
        && let Some(finding) = crate::package::worst(&report)
    {
        return Err(about(finding).into());
    }
    let mut hasher = MultiHasher::new([DigestAlgorithm::Sha256]);
    hasher.update(head.bytes());
    read_through(file, &mut [&mut hasher])?;
    let size = hasher.count();
    let id = hasher.finish().hex(DigestAlgorithm::Sha256);
    let id = id.unwrap_or_default();
    let described = Described {
        main: head.main(),
        index: &head.main_index,
        location: &found.path,
        id: &id,
        size,
        modified: stat.modified.div_euclid(1_000_000_000),
        header: head.main_range(),
        archive: archive(&head),
    };
    let name = described.name().to_string();
    let chunks = described.chunks(changes).map_err(|what| {
        let detail = format!("{what} holds characters that no XML document can hold");
        Finding::reject(codes::MAKE_TEXT, subject, detail)
    })?;
    Ok(Facts {
        stat,
        id,
        name,
        chunks,
    })
}

/// Bytes of the uncompressed payload, as the signature header gives them.
fn archive(head: &Head) -> u64 {
    const ARCHIVESIZE: u32 = 1046;
    let of_signature = |tag: SignatureTag| head.signature_index.integer(head.signature(), tag.0);
    of_signature(SignatureTag::LONGARCHIVESIZE)
        .or_else(|| of_signature(SignatureTag::PAYLOADSIZE))
        .or_else(|| head.main_index.integer(head.main(), ARCHIVESIZE))
        .unwrap_or(0)
}

/// What a damaged or half uploaded file shows without its payload being hashed twice: the
/// digests of its header, its size. `whole` is the size of main header and payload.
fn integrity(head: &Head, format: Format, whole: u64) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut expected = Digests::new();
    for (tag, algorithm) in [
        (SignatureTag::SHA1, DigestAlgorithm::Sha1),
        (SignatureTag::SHA256, DigestAlgorithm::Sha256),
        (SignatureTag::SHA3_256, DigestAlgorithm::Sha3_256),
    ] {
        let hex = head.signature_index.string(head.signature(), tag.0);
        let Some(hex) = hex else { continue };
        if let Err(reason) = expected.insert_hex(algorithm, &String::from_utf8_lossy(hex)) {
            let detail = format!("{tag}: {reason}");
            found.push(Finding::reject(codes::DIGEST_MALFORMED, "", detail));
        }
    }
    let mut hasher = MultiHasher::new(expected.algorithms());
    hasher.update(head.main());
    if let Some(algorithm) = expected.mismatch(&hasher.finish()) {
        let detail = format!("the {algorithm} digest of the main header is not the one it carries");
        found.push(Finding::reject(codes::HEADER_DIGEST, "", detail));
    }
    let size = [SignatureTag::LONGSIZE, SignatureTag::SIZE]
        .iter()
        .find_map(|tag| {
            head.signature_index
                .integer(head.signature(), tag.0)
                .map(|size| (tag, size))
        });
    if let Some((tag, size)) = size
        && format == Format::V4
        && (whole < size || whole > size && !is_stored(head))
    {
        let detail = format!("main header and payload are {whole} bytes, {tag} says {size}");
        found.push(Finding::reject(codes::SIZE, "", detail));
    }
    found
}

/// Whether the payload is a plain archive, though sizes may have been taken of a compressed
/// one.
fn is_stored(head: &Head) -> bool {
    head.payload_start().starts_with(b"0707")
}
