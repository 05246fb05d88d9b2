//! What is not as it should be in the parts no signature covers, and in what the main
//! header says of itself.
//!
//! Each deviation has its code. A strict reading rejects every one of them; a tolerant one
//! warns of those that rpm accepts and that put nothing signed in doubt. Who edits a
//! package asks for [`deviations`] as they are: rejected is what no honest tool writes,
//! warned of are old or sloppy forms that real vendors ship.

use pkgseal_repo::{Finding, Severity};

use super::level::Reading;
use super::read::Head;
use crate::codes;
use crate::editor::Editor;
use crate::header::Index;
use crate::lead::Lead;
use crate::tag::{HeaderTag, Kind, SignatureTag};

/// Deviations in what nothing covers. rpm accepts each of them: it looks at the magic
/// number of the lead, never at the rest; takes the first of two equal tags; skips what it
/// does not know; and reads neither padding nor reserve nor SIZE. A tag of a signature or
/// digest that cannot be read has a code of its own, which always rejects.
const TOLERATED: &[pkgseal_repo::Code] = &[
    codes::LEAD,
    codes::SIGNATURE_HEADER_DUPLICATE,
    codes::SIGNATURE_HEADER_UNSORTED,
    codes::SIGNATURE_HEADER_UNKNOWN,
    codes::SIGNATURE_HEADER_TYPE,
    codes::SIGNATURE_HEADER_NOT_V6,
    codes::SIGNATURE_HEADER_GAP,
    codes::PADDING,
    codes::RESERVE,
    codes::SIZE,
    codes::DIGEST_CASE,
];

/// What is a warning or a note as it is, and rejects when reading strictly.
const OLD_FORMS: &[pkgseal_repo::Code] = &[
    codes::SIGNATURE_HEADER_DRIBBLE,
    codes::SIGNATURE_HEADER_REGION_TAG,
    codes::HEADER_UNSORTED,
    codes::MISPLACED,
    codes::SIGNATURE_UNSUPPORTED,
    codes::PAYLOAD_UNCOMPRESSED,
];

/// Gives a deviation the weight it has in this reading.
pub(crate) fn weigh(finding: &mut Finding, reading: Reading) {
    let tolerated = TOLERATED.contains(&finding.code);
    match reading {
        Reading::Tolerant if tolerated && finding.severity == Severity::Reject => {
            finding.severity = Severity::Warning;
        }
        Reading::Strict if tolerated || OLD_FORMS.contains(&finding.code) => {
            finding.severity = finding.severity.max(Severity::Reject);
        }
        Reading::Tolerant | Reading::Strict => {}
    }
}

/// The two generations of the package format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// Version 4 (and 3): the signature header may cover the payload.
    V4,
    /// Version 6: signatures on the main header alone, in tag 278.
    V6,
}

impl Format {
    /// By RPMFORMAT in the main header; a finding when it is newer than known.
    pub(crate) fn of(head: &Head) -> (Self, Option<Finding>) {
        let format = head
            .main_index
            .integer(head.main(), HeaderTag::RPMFORMAT.0)
            .unwrap_or(4);
        let newer = (format > 6).then(|| {
            Finding::undecided(
                codes::FORMAT,
                "",
                format!("the header says package format {format}; this program knows up to 6"),
            )
        });
        (if format >= 6 { Self::V6 } else { Self::V4 }, newer)
    }

    /// The tag of the space reserved for signatures.
    pub(crate) fn reserve(self) -> SignatureTag {
        match self {
            Self::V4 => SignatureTag::RESERVEDSPACE,
            Self::V6 => SignatureTag::RESERVED,
        }
    }
}

/// Name, epoch, version, release and architecture, as the main header has them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) name: String,
    pub(crate) epoch: u64,
    pub(crate) version: String,
    pub(crate) release: String,
    pub(crate) arch: String,
    pub(crate) source: bool,
}

/// Reads who the package is; `None` where the header does not say.
pub(crate) fn identity(main: &[u8], index: &Index) -> Option<Identity> {
    let text = |tag: HeaderTag| {
        let bytes = index.string(main, tag.0)?;
        Some(String::from_utf8_lossy(bytes).into_owned())
    };
    Some(Identity {
        name: text(HeaderTag::NAME)?,
        epoch: index.integer(main, HeaderTag::EPOCH.0).unwrap_or(0),
        version: text(HeaderTag::VERSION)?,
        release: text(HeaderTag::RELEASE)?,
        arch: text(HeaderTag::ARCH)?,
        source: index.find(HeaderTag::SOURCEPACKAGE.0).is_some()
            || index.find(HeaderTag::SOURCERPM.0).is_none(),
    })
}

/// Everything about lead, signature header, padding and the tags of the main header.
pub(crate) fn deviations(head: &Head, format: Format) -> Vec<Finding> {
    let mut found = Vec::new();
    lead(head, &mut found);
    signature_header(head, format, &mut found);
    main_header(head, &mut found);
    found
}

fn lead(head: &Head, found: &mut Vec<Finding>) {
    let Some(lead) = Lead::parse(head.lead()) else {
        return;
    };
    let identity = identity(head.main(), &head.main_index);
    let names = identity.as_ref().map_or_else(Vec::new, |i| {
        let tail = format!("{}-{}", i.version, i.release);
        let usual = format!("{}-{tail}", i.name);
        if usual.as_bytes() == lead.name() {
            return vec![usual];
        }
        vec![
            usual,
            format!("{}-{}:{tail}", i.name, i.epoch),
            // The name alone: builders that use the `rpm` crate.
            i.name.clone(),
        ]
    });
    let source = identity.map(|i| i.source);
    for deviation in lead.deviations(source, &names) {
        found.push(Finding::reject(
            codes::LEAD,
            "",
            format!("lead: {deviation}"),
        ));
    }
}

fn signature_header(head: &Head, format: Format, found: &mut Vec<Finding>) {
    let index = &head.signature_index;
    let bytes = head.signature();
    if index.trailer_tag != SignatureTag::HEADERSIGNATURES.0 {
        found.push(Finding::warning(
            codes::SIGNATURE_HEADER_REGION_TAG,
            "",
            format!(
                "the region of the signature header ends in tag {}",
                index.trailer_tag
            ),
        ));
    }
    let mut seen = Vec::with_capacity(index.entries.len());
    for entry in &index.entries {
        let tag = SignatureTag(entry.tag);
        if seen.contains(&tag) {
            found.push(Finding::reject(
                codes::SIGNATURE_HEADER_DUPLICATE,
                "",
                format!("the signature header holds {tag} twice"),
            ));
        }
        if seen.last().is_some_and(|last| *last > tag) && !entry.dribble {
            found.push(Finding::reject(
                codes::SIGNATURE_HEADER_UNSORTED,
                "",
                format!("{tag} stands behind a higher tag in the signature header"),
            ));
        }
        seen.push(tag);
        if entry.dribble {
            found.push(Finding::warning(
                codes::SIGNATURE_HEADER_DRIBBLE,
                "",
                format!("{tag} stands outside the region of the signature header"),
            ));
        }
        match tag.shape() {
            None => found.push(Finding::reject(
                codes::SIGNATURE_HEADER_UNKNOWN,
                "",
                format!("the signature header holds the unknown tag {tag}"),
            )),
            Some((kind, count)) => {
                if entry.kind != kind || count.is_some_and(|count| entry.count != count) {
                    found.push(Finding::reject(
                        codes::SIGNATURE_HEADER_TYPE,
                        "",
                        format!(
                            "{tag} of the signature header has type {:?} and count {}",
                            entry.kind, entry.count
                        ),
                    ));
                }
            }
        }
        if format == Format::V6 {
            let severity = match tag {
                // Older readers would use them, newer ones ignore them.
                SignatureTag(1000..) => Some(Severity::Reject),
                SignatureTag::SHA1 | SignatureTag::LONGSIZE | SignatureTag::LONGARCHIVESIZE => {
                    Some(Severity::Warning)
                }
                _ => None,
            };
            if let Some(severity) = severity {
                found.push(Finding::new(
                    codes::SIGNATURE_HEADER_NOT_V6,
                    severity,
                    "",
                    format!("the signature header of a version 6 package holds {tag}"),
                ));
            }
        }
        if tag.is_reserve() && !Editor::reserve_is_canonical(bytes, index, tag) {
            found.push(Finding::reject(
                codes::RESERVE,
                "",
                format!("{tag} of the signature header is not zero throughout"),
            ));
        }
    }
    // Readers that look at the signature header alone take these two for version 6, and
    // ignore the signatures of version 4.
    let looks_v6 = seen.contains(&SignatureTag::RESERVED) && seen.contains(&SignatureTag::SHA3_256);
    if format == Format::V4 && looks_v6 && seen.iter().any(|t| t.0 >= 1000) {
        found.push(Finding::reject(
            codes::SIGNATURE_HEADER_NOT_V6,
            "",
            "the signature header looks like version 6 (tags 279 and 999), the main header like version 4",
        ));
    }
    for gap in &index.gaps {
        found.push(Finding::reject(
            codes::SIGNATURE_HEADER_GAP,
            "",
            format!(
                "{} bytes at offset {} of the signature header belong to no entry",
                gap.range.len(),
                gap.range.start
            ),
        ));
    }
    if head.padding().iter().any(|&b| b != 0) {
        found.push(Finding::reject(
            codes::PADDING,
            "",
            "the padding after the signature header is not zero",
        ));
    }
}

/// What is odd about the tags of the main header.
pub(crate) fn main_header(head: &Head, found: &mut Vec<Finding>) {
    let entries = &head.main_index.entries;
    let mut sorted = true;
    let mut last = 0;
    for entry in entries {
        if (256..1000).contains(&entry.tag) {
            found.push(Finding::reject(
                codes::HEADER_SIGNATURE_TAG,
                "",
                format!(
                    "the main header holds {} of the signature header",
                    SignatureTag(entry.tag)
                ),
            ));
        }
        sorted &= last <= entry.tag;
        last = entry.tag;
    }
    let mut tags: Vec<_> = entries.iter().map(|e| e.tag).collect();
    if !sorted {
        found.push(Finding::warning(
            codes::HEADER_UNSORTED,
            "",
            "the main header's tags are not in order",
        ));
        tags.sort_unstable();
    }
    let mut duplicates: Vec<_> = tags
        .iter()
        .zip(tags.iter().skip(1))
        .filter(|(a, b)| a == b)
        .map(|(tag, _)| *tag)
        .collect();
    duplicates.dedup();
    for tag in duplicates {
        found.push(Finding::reject(
            codes::HEADER_DUPLICATE,
            "",
            format!("the main header holds {} twice", HeaderTag(tag)),
        ));
    }
}

/// The binary entry of a signature-header tag.
pub(crate) fn binary(head: &Head, tag: SignatureTag) -> Option<&[u8]> {
    head.signature_index
        .bytes(head.signature(), tag.0, Kind::Bin)
}

/// Whether a package carries a signature, good or bad.
pub(crate) fn is_signed(head: &Head) -> bool {
    [
        SignatureTag::OPENPGP,
        SignatureTag::RSA,
        SignatureTag::DSA,
        SignatureTag::PGP,
        SignatureTag::GPG,
    ]
    .iter()
    .any(|tag| head.signature_index.find(tag.0).is_some())
}
