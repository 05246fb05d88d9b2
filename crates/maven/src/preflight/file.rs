//! One file of a release, read once: its checksums, its signature, its POM.

use std::io::{ErrorKind, Read, Write};

use pkgseal_openpgp::{
    Hashes, Mathematics, Object, SignatureBlock, SignatureReport, Verdict, Verified, Verifier,
};
use pkgseal_repo::{
    Digests, Finding, Limits, MultiHasher, Progress, SafePath, codes as repo_codes,
};

use super::{Source, unasked};
use crate::pom::{self, Pom};
use crate::{CHECKSUM_SUFFIXES, Coordinates, Result, checksum, codes};

/// Bytes read at once.
const CHUNK: usize = 1 << 17;
/// Checksums that every file must have.
const REQUIRED: [&str; 2] = [".md5", ".sha1"];
/// Extensions of what must be a zip archive.
const ARCHIVES: [&str; 5] = ["jar", "war", "aar", "ear", "rar"];

/// What was found in one file.
pub(super) struct Looked {
    pub(super) findings: Vec<Finding>,
    pub(super) signatures: Option<SignatureReport>,
    pub(super) pom: Option<Pom>,
    pub(super) bytes: u64,
}

/// What Central says, as the cause of a finding.
pub(super) fn says(words: impl std::fmt::Display) -> String {
    format!("Maven Central: {words}")
}

pub(super) fn look(
    source: &Source,
    path: &SafePath,
    verifier: &Verifier,
    limits: &Limits,
    progress: &dyn Progress,
) -> Result<Looked> {
    let mut findings = Vec::new();
    let expected = checksums(source, path, limits, &mut findings)?;
    let signature = signature(source, path, limits, &mut findings)?;
    let coordinates = Coordinates::of(path);
    let wants_pom = coordinates.as_ref().is_some_and(crate::tree::is_pom);

    let mut hashes = verifier.plan(&signature).start();
    let mut digests = MultiHasher::new(expected.algorithms());
    let mut kept = Vec::new();
    let mut head = Vec::new();
    let mut bytes = 0;
    let mut content = source.open(path)?;
    let mut chunk = vec![0; CHUNK];
    loop {
        let read = match content.read(&mut chunk) {
            Ok(0) => break,
            Ok(read) => chunk.get(..read).unwrap_or_default(),
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) if error.kind() == ErrorKind::InvalidData => {
                let finding =
                    Finding::reject(codes::BUNDLE_MALFORMED, path.as_str(), error.to_string());
                return Ok(Looked {
                    findings: vec![finding],
                    signatures: None,
                    pom: None,
                    bytes,
                });
            }
            Err(error) => return Err(source.error(path, error)),
        };
        hashes.update(read);
        digests.update(read);
        bytes += read.len() as u64;
        progress.bytes(read.len() as u64);
        if wants_pom && kept.len() as u64 <= limits.pom {
            kept.extend(read);
        }
        if head.len() < 4 {
            // Writing to a vector cannot fail.
            let _ = head.write_all(read.get(..4 - head.len()).unwrap_or(read));
        }
    }
    findings.extend(compare(path, &expected, &digests.finish()));
    if let Some(found) = &coordinates {
        findings.extend(archive(path, found, &head));
    }
    let pom = match coordinates {
        Some(found) if wants_pom => read_pom(path, &found, kept, limits, &mut findings),
        _ => None,
    };
    let signatures = signature
        .filter(|_| !verifier.certificates().is_empty())
        .map(|block| judge(path, &block, &hashes, verifier, &mut findings));
    Ok(Looked {
        findings,
        signatures,
        pom,
        bytes,
    })
}

/// What the checksum files say; what they lack.
fn checksums(
    source: &Source,
    path: &SafePath,
    limits: &Limits,
    findings: &mut Vec<Finding>,
) -> Result<Digests> {
    let name = path.file_name();
    let mut expected = Digests::new();
    for (suffix, algorithm) in CHECKSUM_SUFFIXES {
        let kind = suffix.trim_start_matches('.');
        let checksum = path.with_suffix(suffix)?;
        let wrong = match source.read(&checksum, limits.side_file)? {
            None if REQUIRED.contains(&suffix) => {
                findings.push(
                    Finding::reject(
                        codes::CENTRAL_CHECKSUM_MISSING,
                        path.as_str(),
                        format!("there is no {}", checksum.file_name()),
                    )
                    .because(says(format!("Missing {kind} checksum for file: {name}")))
                    .hint("pkgseal maven sign DIR --checksums md5,sha1"),
                );
                continue;
            }
            None => continue,
            Some(None) => Err("it is too large".to_owned()),
            Some(Some(bytes)) => checksum::parse(&bytes, algorithm, name, &mut expected),
        };
        if let Err(reason) = wrong {
            findings.push(
                Finding::reject(codes::CENTRAL_CHECKSUM_INVALID, checksum.as_str(), reason)
                    .because(says(format!("Invalid {kind} checksum for file: {name}"))),
            );
        }
    }
    Ok(expected)
}

fn compare(path: &SafePath, expected: &Digests, actual: &Digests) -> Vec<Finding> {
    let name = path.file_name();
    CHECKSUM_SUFFIXES
        .into_iter()
        .filter_map(|(suffix, algorithm)| {
            let listed = expected.hex(algorithm)?;
            let found = actual.hex(algorithm).unwrap_or_default();
            (listed != found).then(|| {
                let kind = suffix.trim_start_matches('.');
                Finding::reject(
                    codes::CENTRAL_CHECKSUM_INVALID,
                    path.as_str(),
                    format!("its {algorithm} is {found}, {name}{suffix} says {listed}"),
                )
                .because(says(format!("Invalid {kind} checksum for file: {name}")))
                .hint("the file changed after its checksum was written: stage the release again")
            })
        })
        .collect()
}

/// The signature beside it, parsed.
fn signature(
    source: &Source,
    path: &SafePath,
    limits: &Limits,
    findings: &mut Vec<Finding>,
) -> Result<Option<SignatureBlock>> {
    let name = path.file_name();
    let asc = path.with_suffix(".asc")?;
    let Some(bytes) = source.read(&asc, limits.signature)? else {
        let module = if name.ends_with(".module") {
            "; Gradle metadata is a file like any other"
        } else {
            ""
        };
        findings.push(
            Finding::reject(
                codes::CENTRAL_SIGNATURE_MISSING,
                path.as_str(),
                format!("there is no {}{module}", asc.file_name()),
            )
            .because(says(format!("Missing signature for file: {name}")))
            .hint("pkgseal maven sign DIR"),
        );
        return Ok(None);
    };
    let parsed = match bytes {
        None => Err("it is too large for a signature".to_owned()),
        Some(bytes)
            if !bytes.starts_with(b"-----BEGIN PGP SIGNATURE-----") && !bytes.is_empty() =>
        {
            Err("it does not begin as an armored signature".to_owned())
        }
        Some(bytes) => SignatureBlock::parse(&bytes).map_err(|finding| finding.detail),
    };
    match parsed {
        Ok(block) => Ok(Some(block)),
        Err(reason) => {
            findings.push(invalid(path, asc.as_str(), reason));
            Ok(None)
        }
    }
}

fn invalid(path: &SafePath, subject: &str, reason: String) -> Finding {
    Finding::reject(codes::CENTRAL_SIGNATURE_INVALID, subject, reason)
        .because(says(format!(
            "Invalid signature for file: {}",
            path.file_name()
        )))
        .hint("sign again after the last change: pkgseal maven sign DIR")
}

/// Central asks for the mathematics alone; the profile for all the rest.
fn judge(
    path: &SafePath,
    block: &SignatureBlock,
    hashes: &Hashes,
    verifier: &Verifier,
    findings: &mut Vec<Finding>,
) -> SignatureReport {
    // As strict as with a repository: who publishes today signs with a key alive today.
    let report = verifier.hashed(Object::Repository, block, hashes);
    let has = |wanted| {
        let mut all = report.signatures.iter();
        all.any(|facts| facts.mathematics == wanted)
    };
    let reason = report.signatures.iter().find_map(|facts| {
        let reason = facts.reason.as_ref()?;
        Some(reason.detail.clone())
    });
    let subject = path.as_str();
    if has(Mathematics::Bad) || has(Mathematics::PrefixDiffers) {
        let reason = reason.unwrap_or_else(|| "the content is not what was signed".to_owned());
        findings.push(invalid(path, subject, reason));
    } else if !has(Mathematics::Good) && has(Mathematics::PrefixMatches) {
        let words = format!(
            "Invalid signature for file: {}.asc - Could not find a public key by the key fingerprint. \
             Please ensure it is uploaded to one of the PGP servers we support.",
            path.file_name()
        );
        findings.push(
            Finding::reject(
                codes::CENTRAL_KEY_NOT_FOUND,
                subject,
                reason.unwrap_or_default(),
            )
            .because(says(words))
            .hint("publish the certificate on keyserver.ubuntu.com and keys.openpgp.org, and give the published copy with --keyring"),
        );
    } else if !has(Mathematics::Good) {
        findings.push(invalid(path, subject, reason.unwrap_or_default()));
    } else {
        findings.extend(beyond(subject, &report));
    }
    report
}

/// What the profile says of signatures that Central would take.
fn beyond(subject: &str, report: &SignatureReport) -> Vec<Finding> {
    let good = matches!(report.verdict, Verdict::Accepted { .. });
    let found = report.findings(subject);
    found
        .into_iter()
        .map(|finding| if good { finding } else { unasked(finding) })
        .collect()
}

fn archive(path: &SafePath, found: &Coordinates, head: &[u8]) -> Option<Finding> {
    let named = ARCHIVES.contains(&found.extension.as_str());
    (named && !head.starts_with(b"PK")).then(|| {
        let detail = if head.starts_with(b"#!") {
            "it begins with a script: an executable jar, which Maven Central cannot process"
        } else {
            "it is no zip archive"
        };
        Finding::reject(codes::CENTRAL_ARCHIVE, path.as_str(), detail).because(says(
            "Failed to process deployment: Error on building manifests: No Archiver found for the stream signature",
        ))
    })
}

fn read_pom(
    path: &SafePath,
    found: &Coordinates,
    bytes: Vec<u8>,
    limits: &Limits,
    findings: &mut Vec<Finding>,
) -> Option<Pom> {
    if bytes.len() as u64 > limits.pom {
        let detail = format!("the POM is larger than {} bytes", limits.pom);
        findings.push(Finding::reject(repo_codes::LIMIT, path.as_str(), detail));
        return None;
    }
    // Whose POM this is, is asked of its publisher, before anybody trusts it.
    let pom = Verified::danger_unverified(bytes);
    if let Some(finding) = pom::compare(&pom, path.as_str(), found) {
        let cause = "Maven Central, requirements: coordinates in the POM are those of the path";
        findings.push(Finding {
            code: codes::CENTRAL_POM_INVALID,
            ..finding.because(cause)
        });
    }
    Pom::parse(pom.get()).ok()
}
