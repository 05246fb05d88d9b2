//! What is said of one file.

use std::io::Read as _;

use pkgseal_openpgp::codes as signature_codes;
use pkgseal_repo::{
    DigestAlgorithm, Digests, Finding, Root, SafePath, Severity, codes as repo_codes,
};

use crate::{Result, codes};

/// So much of a file is searched for certificates: a `KEYS` file begins with words.
const HEAD: u64 = 64 << 10;

/// What a list says of a file against what it is. Without a signature of its own, its
/// digest must bind it.
pub(super) fn compare(
    path: &SafePath,
    listed: &Digests,
    actual: &Digests,
    signed: bool,
) -> Option<Finding> {
    if let Some(algorithm) = listed.mismatch(actual) {
        return Some(Finding::reject(
            repo_codes::FILE_DIGEST,
            path.as_str(),
            format!(
                "its {algorithm} is {}, the list says {}",
                actual.hex(algorithm).unwrap_or_default(),
                listed.hex(algorithm).unwrap_or_default()
            ),
        ));
    }
    let strong = listed.strongest().is_some_and(DigestAlgorithm::is_strong);
    (!strong && !signed).then(|| {
        let names: Vec<&str> = listed.algorithms().map(DigestAlgorithm::name).collect();
        Finding::reject(
            repo_codes::FILE_WEAK_DIGEST,
            path.as_str(),
            format!(
                "the list gives {} only, and SHA-256 or better is needed",
                names.join(" and ")
            ),
        )
    })
}

pub(super) fn certificate(path: &SafePath) -> Finding {
    Finding::note(
        codes::FILES_CERTIFICATE,
        path.as_str(),
        "it holds certificates: it was not verified, and nothing was verified with it",
    )
}

/// Whether a file is called as certificates are, and holds one in armor. The name counts:
/// nothing that runs or is installed may pass for a certificate by a line in it.
pub(super) fn is_certificate(root: &Root, path: &SafePath) -> Result<bool> {
    let name = path.file_name();
    let suffixes = [".asc", ".gpg", ".key", ".pgp"];
    if name != "KEYS" && !suffixes.iter().any(|suffix| name.ends_with(suffix)) {
        return Ok(false);
    }
    let Some(file) = root.file(path)? else {
        return Ok(false);
    };
    let mut head = Vec::new();
    if file.take(HEAD).read_to_end(&mut head).is_err() {
        return Ok(false);
    }
    let begin = b"-----BEGIN PGP PUBLIC KEY BLOCK-----";
    let mut lines = head.split(|byte| *byte == b'\n');
    Ok(lines.any(|line| line.trim_ascii_end() == begin))
}

/// What nobody vouches for.
pub(super) fn unsigned(severity: Severity, path: &SafePath, listing: bool) -> Finding {
    match listing {
        true => Finding::new(
            repo_codes::FILE_SURPLUS,
            severity,
            path.as_str(),
            "the signed list does not name it, and there is no signature beside it",
        ),
        false => Finding::new(
            signature_codes::NONE,
            severity,
            path.as_str(),
            "there is no signature beside it, and no signed list names it",
        ),
    }
}
