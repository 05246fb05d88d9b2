//! Every fact about a package, for people.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pkgseal_openpgp::{Examination, SignatureBlock, Verifier};
use pkgseal_repo::{Limits, hex};

use super::file_signatures;
use super::header_blob::{digest, nevra};
use super::read::Head;
use super::slots::SIGNATURE_TAGS;
use super::structure::Format;
use super::verify::{about, open, verify};
use crate::error::Result;
use crate::tag::{HeaderTag, Kind, SignatureTag};

/// Verifies a package, and adds what it is made of: format, digests and what they cover,
/// signatures with their tags and ranges, space for more, signatures on files.
///
/// # Errors
/// As [`verify`].
pub fn inspect(path: &Path, verifier: &Verifier, limits: &Limits) -> Result<Examination> {
    let mut examination = verify(path, verifier, limits)?;
    let (mut file, length) = open(path)?;
    // What cannot be read is a finding of the verification already.
    if let Ok(head) = Head::read(&mut file, length) {
        describe(&head, length, &mut examination);
        examination.report.sort();
    }
    Ok(examination)
}

fn describe(head: &Head, length: u64, examination: &mut Examination) {
    let (format, _) = Format::of(head);
    examination.add_detail("package", nevra(head));
    examination.add_detail(
        "format",
        match format {
            Format::V4 => {
                "4: signatures in RSA, DSA, PGP and GPG, and in OPENPGP for newer readers"
            }
            Format::V6 => "6: signatures in OPENPGP; tags from 1000 on are not looked at",
        },
    );
    let main = head.main_range();
    examination.add_detail(
        "layout",
        format!(
            "signature header {}..{}, main header {}..{}, payload {}..{length}",
            crate::lead::LENGTH,
            crate::lead::LENGTH + head.signature().len(),
            main.start,
            main.end,
            main.end,
        ),
    );
    let compressor = head
        .main_index
        .string(head.main(), HeaderTag::PAYLOADCOMPRESSOR.0);
    if let Some(compressor) = compressor {
        examination.add_detail("payload", String::from_utf8_lossy(compressor));
    }
    examination.add_detail("header-sha256", digest(head.main()));
    digests(head, examination);
    signatures(head, examination);
    reserve(head, examination);
    let (files, findings) = file_signatures::collect(head);
    for one in files {
        let name = if one.kind == "IMA" {
            "ima-signatures"
        } else {
            "verity-signatures"
        };
        examination.add_detail(name, one.describe());
    }
    let subject = examination.subject.clone();
    for finding in findings {
        examination.report.push(about(&subject, finding));
    }
}

/// Each digest with its tag and what it is of.
fn digests(head: &Head, examination: &mut Examination) {
    let (signature, index) = (head.signature(), &head.signature_index);
    for tag in [
        SignatureTag::SHA1,
        SignatureTag::SHA256,
        SignatureTag::SHA3_256,
    ] {
        if let Some(hex) = index.string(signature, tag.0) {
            let hex = String::from_utf8_lossy(hex);
            examination.add_detail("digest", format!("{tag} of the main header: {hex}"));
        }
    }
    if let Some(md5) = index.bytes(signature, SignatureTag::MD5.0, Kind::Bin) {
        let hex = hex::encode(md5);
        let tag = SignatureTag::MD5;
        examination.add_detail("digest", format!("{tag} of main header and payload: {hex}"));
    }
    for (tag, what) in [
        (HeaderTag::PAYLOADSHA256, "payload"),
        (HeaderTag::PAYLOADSHA256ALT, "uncompressed payload"),
        (HeaderTag::PAYLOADSHA512, "payload"),
        (HeaderTag::PAYLOADSHA512ALT, "uncompressed payload"),
        (HeaderTag::PAYLOADSHA3_256, "payload"),
        (HeaderTag::PAYLOADSHA3_256ALT, "uncompressed payload"),
    ] {
        if let Some(hex) = head.main_index.string(head.main(), tag.0) {
            let hex = String::from_utf8_lossy(hex);
            examination.add_detail("digest", format!("{tag} of the {what}: {hex}"));
        }
    }
}

/// Each signature packet with its tag and what it covers.
fn signatures(head: &Head, examination: &mut Examination) {
    let (signature, index) = (head.signature(), &head.signature_index);
    for tag in SIGNATURE_TAGS {
        let covers = match tag {
            SignatureTag::OPENPGP | SignatureTag::RSA | SignatureTag::DSA => "the main header",
            _ => "main header and payload",
        };
        let mut packets: Vec<Vec<u8>> = Vec::new();
        if tag == SignatureTag::OPENPGP {
            let elements = index.strings(signature, tag.0).into_iter().flatten();
            packets.extend(elements.map(|text| STANDARD.decode(text).unwrap_or_default()));
        } else {
            packets.extend(index.bytes(signature, tag.0, Kind::Bin).map(<[u8]>::to_vec));
        }
        for packet in packets {
            let what = match SignatureBlock::parse_single_binary(&packet) {
                Ok(block) => block
                    .summary()
                    .into_iter()
                    .map(|(version, key, digest)| {
                        format!(
                            "OpenPGP v{version}, {key}, {digest}, {} bytes",
                            packet.len()
                        )
                    })
                    .collect(),
                Err(finding) => finding.detail,
            };
            examination.add_detail("signature", format!("{tag} on {covers}: {what}"));
        }
    }
}

/// Bytes that are kept free for signatures.
fn reserve(head: &Head, examination: &mut Examination) {
    for entry in &head.signature_index.entries {
        let tag = SignatureTag(entry.tag);
        if tag.is_reserve() {
            let size = entry.range.len();
            examination.add_detail("reserve", format!("{tag}: {size} bytes"));
        }
    }
}
