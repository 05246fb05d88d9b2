//! The commands that mend what breaks.

use std::path::Path;

use pkgseal_openpgp::Fingerprint;
use pkgseal_repo::shell_word;

/// More time for the keys of a certificate.
pub(super) fn extend(certificate: &Fingerprint) -> String {
    format!(
        "pkgseal key extend --expires 2y KEY (the secret key of {certificate}), then publish the certificate again"
    )
}

/// Self-signatures made anew.
pub(super) fn doctor(certificates: &str) -> String {
    format!(
        "pkgseal key doctor --fix KEY (the secret key of {certificates}), then publish the certificate again"
    )
}

/// Another key.
pub(super) fn rotate(certificates: &str) -> String {
    format!("pkgseal key rotate plan OLD NEW DIR (OLD is {certificates})")
}

/// A suite dated anew.
pub(super) fn refresh(repository: &Path, suite: Option<&str>) -> String {
    let suite = suite.unwrap_or(".");
    format!(
        "pkgseal apt refresh --key KEY --suite {} {}",
        shell_word(suite),
        shell_word(&repository.to_string_lossy())
    )
}

/// A new signature.
pub(super) fn sign(path: &Path) -> String {
    format!(
        "pkgseal sign --key KEY {}",
        shell_word(&path.to_string_lossy())
    )
}
