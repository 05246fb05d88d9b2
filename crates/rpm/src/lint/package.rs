//! Traits of packages.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use pkgseal_openpgp::{Certificates, Examination, Verifier};
use pkgseal_repo::{Finding, Limits, codes as repo_codes};

use super::{Met, Scope, Target, acquaintance, certificate, weigh};
use crate::codes;
use crate::error::Result;
use crate::package::lintable::read_error;
use crate::package::lintable::{Format, Head, SIGNATURE_TAGS, Stop, about, binds_payload, open};
use crate::tag::{HeaderTag, Kind, SignatureTag};

/// Lints a package; `certificates` tell more of who signed it. Only its headers are read.
///
/// # Errors
/// [`Error::Read`](crate::Error::Read).
pub fn package(
    path: &Path,
    targets: &[Target],
    certificates: &Certificates,
    now: Timestamp,
    limits: &Limits,
) -> Result<Examination> {
    let subject = path.display().to_string();
    let mut examination = Examination::new("rpm", &subject);
    let verifier = acquaintance(certificates, now);
    match traits(path, &verifier, limits)? {
        Ok(met) => weigh(Scope::Package, targets, &subject, &met, &mut examination),
        Err(finding) => examination.report.push(about(&subject, *finding)),
    }
    examination.report.sort();
    Ok(examination)
}

/// What is met in a package; the inner error is why it cannot be read as one.
pub(super) fn traits(
    path: &Path,
    verifier: &Verifier,
    limits: &Limits,
) -> Result<std::result::Result<Vec<Met>, Box<Finding>>> {
    let (mut file, length) = open(path)?;
    match Head::read(&mut file, length) {
        Ok(head) => Ok(of_head(&head, verifier, limits)),
        Err(Stop::Io(source)) => Err(read_error(path, source)),
        Err(Stop::Malformed(finding)) => Ok(Err(finding)),
    }
}

fn of_head(
    head: &Head,
    verifier: &Verifier,
    limits: &Limits,
) -> std::result::Result<Vec<Met>, Box<Finding>> {
    let (format, newer) = Format::of(head);
    if let Some(newer) = newer {
        return Err(Box::new(newer));
    }
    let mut met = Vec::new();
    if format == Format::V6 {
        met.push(Met::new("format-6", "the package is of format 6"));
    }
    digests(head, format, &mut met);
    let compressor = head
        .main_index
        .string(head.main(), HeaderTag::PAYLOADCOMPRESSOR.0);
    if compressor == Some(b"zstd") {
        met.push(Met::new(
            "zstd-payload",
            "its payload is compressed with zstd",
        ));
    }
    signatures(head, verifier, limits, &mut met)?;
    Ok(met)
}

fn digests(head: &Head, format: Format, met: &mut Vec<Met>) {
    let index = &head.signature_index;
    if index.find(SignatureTag::SHA256.0).is_none() {
        let detail = "no SHA-256 of the header";
        met.push(Met::new("no-sha256-header-digest", detail));
    }
    if !binds_payload(head, format) {
        let detail = "no digest of the payload in the header";
        met.push(Met::new("no-payload-digest", detail));
    }
}

fn signatures(
    head: &Head,
    verifier: &Verifier,
    limits: &Limits,
    met: &mut Vec<Met>,
) -> std::result::Result<(), Box<Finding>> {
    let (mut in_openpgp, mut in_legacy) = (0_usize, 0_usize);
    for tag in SIGNATURE_TAGS {
        let packets = packets(head, tag, limits)?;
        if tag == SignatureTag::OPENPGP {
            in_openpgp = packets.len();
        } else {
            in_legacy += packets.len();
        }
        for packet in packets {
            // Whose key it is, the issuer tells: over what it is signed matters not.
            let (version, found) = certificate::of_signature(&packet, head.main(), verifier)
                .map_err(|finding| Finding {
                    detail: format!("{tag}: {}", finding.detail),
                    ..finding
                })?;
            if tag != SignatureTag::OPENPGP && version > 4 {
                let detail = format!("{tag} holds a version {version} signature");
                add(met, Met::new("v6-in-legacy-tag", detail));
            }
            for one in found {
                add(met, one);
            }
        }
    }
    match (in_openpgp, in_legacy) {
        (0, 0) => met.push(Met::new("unsigned", "the package carries no signature")),
        (1.., 0) => {
            let detail = "its signatures stand in the tag OPENPGP (278) alone";
            met.push(Met::new("openpgp-tag-only", detail));
        }
        _ => {}
    }
    if in_openpgp > 1 {
        let detail = format!("{in_openpgp} signatures in the tag OPENPGP (278)");
        met.push(Met::new("several-signatures", detail));
    }
    Ok(())
}

fn add(met: &mut Vec<Met>, one: Met) {
    if met.iter().all(|known| known.name != one.name) {
        met.push(one);
    }
}

fn packets(
    head: &Head,
    tag: SignatureTag,
    limits: &Limits,
) -> std::result::Result<Vec<Vec<u8>>, Box<Finding>> {
    let (header, index) = (head.signature(), &head.signature_index);
    if tag != SignatureTag::OPENPGP {
        let packet = index.bytes(header, tag.0, Kind::Bin);
        return Ok(packet.map(<[u8]>::to_vec).into_iter().collect());
    }
    let elements: Vec<_> = index.strings(header, tag.0).into_iter().flatten().collect();
    if elements.len() > limits.signatures {
        let detail = format!("{tag}: more than {} signatures", limits.signatures);
        return Err(Box::new(Finding::reject(repo_codes::LIMIT, "", detail)));
    }
    let decode = |element: &[u8]| {
        STANDARD.decode(element).map_err(|error| {
            let detail = format!("{tag}: not base64: {error}");
            Box::new(Finding::reject(codes::SIGNATURE_ENCODING, "", detail))
        })
    };
    elements.into_iter().map(decode).collect()
}
