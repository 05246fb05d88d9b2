//! Signature headers that come back whole, as koji keeps them.

use pkgseal_repo::Finding;

use crate::codes;
use crate::editor::padding;
use crate::header::{INTRO, Index, Intro, MAGIC, Role};
use crate::package::read::{Head, Stop};
use crate::package::slots::SIGNATURE_TAGS;
use crate::package::structure::{Format, deviations};
use crate::tag::{Kind, SignatureTag};

/// Whether bytes begin as a header does.
pub(super) fn is_header(bytes: &[u8]) -> bool {
    bytes.starts_with(&MAGIC)
}

/// Reads a signature header, with or without the padding behind it; nothing else may be
/// there. Returns it without.
pub(super) fn parse(blob: &[u8]) -> Result<(&[u8], Index), Box<Finding>> {
    let fault = |fault| match Stop::from(fault) {
        Stop::Malformed(finding) => finding,
        Stop::Io(error) => Box::new(Finding::undecided(codes::HEADER, "", error.to_string())),
    };
    let short = || {
        Box::new(Finding::reject(
            codes::TRUNCATED,
            "",
            "the signature header is cut short",
        ))
    };
    let intro = blob.first_chunk::<INTRO>().ok_or_else(short)?;
    let length = Intro::parse(intro, Role::Signature)
        .map_err(fault)?
        .length();
    let (header, rest) = blob.split_at_checked(length).ok_or_else(short)?;
    if rest.iter().any(|byte| *byte != 0) {
        let detail = "bytes that are not zero follow the signature header";
        return Err(Box::new(Finding::reject(codes::PADDING, "", detail)));
    }
    if !rest.is_empty() && rest.len() != padding(length) {
        let detail = format!(
            "{} bytes follow the signature header, where {} pad it",
            rest.len(),
            padding(length)
        );
        return Err(Box::new(Finding::reject(codes::PADDING, "", detail)));
    }
    let index = Index::parse(header, Role::Signature).map_err(fault)?;
    Ok((header, index))
}

/// Holds the digests of a foreign signature header against the package's own. koji tells
/// by MD5, which is on header and payload; where a package has none (version 6), the
/// digests of the main header tell.
pub(super) fn same_package(head: &Head, header: &[u8], index: &Index) -> Result<(), Box<Finding>> {
    let another = |tag: SignatureTag, what: &str| {
        let detail = format!("{tag} {what}: the signature header is another package's");
        Box::new(Finding::reject(codes::APPLY_IDENTITY, "", detail))
    };
    let mut shared = false;
    for (tag, kind) in [
        (SignatureTag::MD5, Kind::Bin),
        (SignatureTag::SHA256, Kind::String),
        (SignatureTag::SHA3_256, Kind::String),
        (SignatureTag::SHA1, Kind::String),
    ] {
        let own = head.signature_index.bytes(head.signature(), tag.0, kind);
        match (own, index.bytes(header, tag.0, kind)) {
            (Some(own), Some(foreign)) if own == foreign => shared = true,
            (Some(_), Some(_)) => return Err(another(tag, "differs")),
            // koji would not find the package again.
            (Some(_), None) if tag == SignatureTag::MD5 => {
                return Err(another(tag, "is missing"));
            }
            (None, Some(_)) if tag == SignatureTag::MD5 => {
                return Err(another(tag, "is new"));
            }
            _ => {}
        }
    }
    if shared {
        Ok(())
    } else {
        Err(another(SignatureTag::SHA256, "is missing on either side"))
    }
}

/// What is wrong with the unsigned parts of the package that would come of it. rpm
/// tolerates some of it; but nobody has to bring new bytes of which nothing is known.
pub(super) fn deviations_with(head: &Head, header: &[u8]) -> Vec<Finding> {
    let mut front = [head.lead(), header].concat();
    front.resize(front.len() + padding(header.len()), 0);
    front.extend_from_slice(head.main());
    let length = front.len() as u64;
    match Head::read(&mut front.as_slice(), length) {
        Ok(spliced) => {
            let (format, _) = Format::of(&spliced);
            deviations(&spliced, format)
        }
        Err(Stop::Malformed(finding)) => vec![*finding],
        Err(Stop::Io(error)) => vec![Finding::undecided(codes::HEADER, "", error.to_string())],
    }
}

/// What the package's own signature header has and the foreign one has not, signatures
/// and reserves aside.
pub(super) fn dropped(head: &Head, index: &Index) -> Vec<SignatureTag> {
    let own = head.signature_index.entries.iter();
    own.map(|entry| SignatureTag(entry.tag))
        .filter(|tag| !tag.is_reserve() && !SIGNATURE_TAGS.contains(tag))
        .filter(|tag| index.find(tag.0).is_none())
        .collect()
}
