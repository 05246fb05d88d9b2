//! Takes signatures out of a package: all, or those of chosen signers.

use std::fs::File;
use std::io::{self, Read, Seek as _, SeekFrom, Write as _};
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use pkgseal_openpgp::{
    Certificates, Examination, Fingerprint, Object, Profile, SignatureBlock, Verifier,
};
use pkgseal_repo::{Destination, Finding, StagedFile};

use super::read::Head;
use super::sign::{broken, read_whole, refuse_broken, refuse_damaged, refuse_damaged_rest};
use super::slots::SIGNATURE_TAGS;
use super::structure::deviations;
use super::verify::{KIND, read_error};
use super::writing::{self, Prepared, Source, Writing};
use crate::codes;
use crate::editor::Editor;
use crate::error::{Error, Result};
use crate::tag::SignatureTag;

/// Which signatures are taken out.
#[derive(Clone, Copy, Debug)]
pub enum Chosen<'a> {
    /// Every OpenPGP signature. Per-file signatures (IMA, fs-verity) stay.
    All,
    /// Per-file signatures. OpenPGP signatures stay, and hold: no signature is over these.
    Files,
    /// Both.
    Everything,
    /// Those that `signers` made: certificates, or the very keys, by full fingerprint.
    /// A certificate is found by a key of its own through the verifier's certificates;
    /// without them a signature counts as made by whom it names.
    By {
        /// Full fingerprints.
        signers: &'a [Fingerprint],
        /// Whose certificates tell which key belongs to whom.
        verifier: &'a Verifier,
    },
}

/// What holds per-file signatures.
const FILE_TAGS: [SignatureTag; 4] = [
    SignatureTag::FILESIGNATURES,
    SignatureTag::FILESIGNATURELENGTH,
    SignatureTag::VERITYSIGNATURES,
    SignatureTag::VERITYSIGNATUREALGO,
];

/// A signature that was taken out.
struct Removed {
    tag: &'static str,
    /// Full fingerprint of the certificate or key that made it, or of what it says made
    /// it; empty where it says nothing.
    signer: String,
    algorithm: String,
}

impl Removed {
    fn note(&self, subject: &str) -> Finding {
        let mut detail = self.tag.to_owned();
        for (word, what) in [("by", &self.signer), ("with", &self.algorithm)] {
            if !what.is_empty() {
                detail.push_str(&format!(" {word} {what}"));
            }
        }
        detail.push_str(" was removed");
        Finding::note(codes::REMOVED, subject, detail)
    }
}

/// Takes the chosen signatures out of a package and stages a copy without them: see
/// [`prepare_unsigned`].
///
/// # Errors
/// As [`prepare_unsigned`].
pub fn unsign(
    path: &Path,
    chosen: Chosen<'_>,
    destination: &Destination,
) -> Result<(StagedFile, Examination)> {
    prepare_unsigned(path, chosen, destination, Writing::COPY)?.staged(path)
}

/// Takes the chosen signatures out of a package, and leaves it to the caller when that gets
/// onto the disk. Of what signing put in nothing is left: the package is the unsigned one
/// again, bit for bit, also where its header had grown (see [`editor`](crate::editor)).
/// Everything else keeps its bytes, other signatures among them. The digests of the result
/// are checked before. Each signature that was taken out is a note in the examination.
///
/// # Errors
/// The old file is whole after each of them: [`Error::Broken`] when the package is
/// damaged, [`Error::NotSigned`] when no signature is among the chosen ones, or what
/// reading and writing may give.
pub fn prepare_unsigned(
    path: &Path,
    chosen: Chosen<'_>,
    destination: &Destination,
    writing: Writing,
) -> Result<Prepared> {
    let source = Source::open(path, writing, destination)?;
    let mut file = source.file();
    let length = source.length();
    let (head, format) = read_whole(path, &mut file, length)?;
    refuse_broken(path, deviations(&head, format))?;

    let mut editor = Editor::from_index(head.signature(), &head.signature_index, format.reserve());
    let removed = take_out(&mut editor, &head, chosen, file, length)
        .map_err(|source| read_error(path, source))?;
    if removed.is_empty() {
        refuse_damaged(path, &head, format, file, length)?;
        return Err(Error::NotSigned {
            path: path.to_owned(),
        });
    }
    let edited = editor.finish()?;
    let check = |target: &Path, mut written: &mut dyn Read, length| {
        let (again, format) = read_whole(target, &mut written, length)?;
        if again.main() != head.main() {
            return Err(broken(target, different()));
        }
        refuse_broken(target, deviations(&again, format))?;
        refuse_damaged_rest(target, &again, format, &mut written, length)?;
        let mut examination = Examination::new(KIND, target.display().to_string());
        for one in &removed {
            let note = one.note(&examination.subject);
            examination.report.push(note);
        }
        Ok(examination)
    };
    writing::prepare(path, source, &head, &edited, writing, destination, &check)
}

fn different() -> Finding {
    Finding::reject(
        codes::HEADER_DIGEST,
        "",
        "its main header is not the one that was read: the file changed meanwhile",
    )
}

fn take_out(
    editor: &mut Editor,
    head: &Head,
    chosen: Chosen<'_>,
    file: &File,
    length: u64,
) -> io::Result<Vec<Removed>> {
    let mut removed = Vec::new();
    if matches!(chosen, Chosen::Files | Chosen::Everything) {
        for tag in FILE_TAGS {
            if editor.remove(tag) {
                removed.push(Removed {
                    tag: tag.name().unwrap_or("another tag"),
                    signer: String::new(),
                    algorithm: String::new(),
                });
            }
        }
    }
    if matches!(chosen, Chosen::Files) {
        return Ok(removed);
    }
    for tag in SIGNATURE_TAGS {
        if tag == SignatureTag::OPENPGP {
            let elements = editor.strings(tag);
            let mut kept = Vec::with_capacity(elements.len());
            for element in elements {
                let packet = STANDARD.decode(&element).unwrap_or_default();
                match made(&packet, tag, head, chosen, file, length)? {
                    Some(one) => removed.push(one),
                    None => kept.push(element),
                }
            }
            editor.put_strings(tag, &kept);
        } else if let Some(packet) = editor.bytes(tag).map(<[u8]>::to_vec)
            && let Some(one) = made(&packet, tag, head, chosen, file, length)?
        {
            editor.remove(tag);
            removed.push(one);
        }
    }
    Ok(removed)
}

/// What is known of a signature, if it is among the chosen ones.
fn made(
    packet: &[u8],
    tag: SignatureTag,
    head: &Head,
    chosen: Chosen<'_>,
    mut file: &File,
    length: u64,
) -> io::Result<Option<Removed>> {
    let mut one = Removed {
        tag: tag.name().unwrap_or("another tag"),
        signer: String::new(),
        algorithm: String::new(),
    };
    let Ok(block) = SignatureBlock::parse_single_binary(packet) else {
        // What cannot be read was made by nobody in particular.
        return Ok((!matches!(chosen, Chosen::By { .. })).then_some(one));
    };
    let nobody;
    let (verifier, signers) = match chosen {
        Chosen::By { signers, verifier } => (verifier, Some(signers)),
        Chosen::All | Chosen::Files | Chosen::Everything => {
            nobody = nobody_in_particular();
            (&nobody, None)
        }
    };
    let mut hashes = verifier.plan([&block]).start();
    hashes.write_all(head.main())?;
    let whole = [SignatureTag::PGP, SignatureTag::GPG, SignatureTag::PGP5].contains(&tag);
    if whole && !verifier.certificates().is_empty() {
        let payload = head.main_range().end as u64;
        file.seek(SeekFrom::Start(payload))?;
        let mut rest = file.take(length.saturating_sub(payload));
        io::copy(&mut rest, &mut hashes)?;
    }
    let report = verifier.hashed(Object::Package, &block, &hashes);
    let Some(facts) = report.signatures.into_iter().next() else {
        return Ok(None);
    };
    let names = [&facts.certificate, &facts.key]
        .into_iter()
        .flatten()
        .map(Fingerprint::as_str)
        .chain(facts.issuers.iter().map(String::as_str));
    let is_chosen = signers.is_none_or(|signers| {
        names
            .clone()
            .any(|name| signers.iter().any(|signer| signer.as_str() == name))
    });
    one.signer = names.clone().next().unwrap_or_default().to_owned();
    one.algorithm = facts.public_key_algorithm;
    Ok(is_chosen.then_some(one))
}

/// Knows no certificate, so that only what a signature says of itself counts.
fn nobody_in_particular() -> Verifier {
    Verifier::new(
        Certificates::default(),
        Profile::strict(),
        Timestamp::UNIX_EPOCH,
    )
}
