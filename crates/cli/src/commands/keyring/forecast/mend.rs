//! The commands that mend what breaks.

use std::path::Path;

use pkgseal_openpgp::Fingerprint;

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
        quoted(suite),
        quoted(&repository.to_string_lossy())
    )
}

/// A new signature.
pub(super) fn sign(path: &Path) -> String {
    format!("pkgseal sign --key KEY {}", quoted(&path.to_string_lossy()))
}

/// A word as a shell takes it.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+:@%,=".contains(c);
    if !text.is_empty() && !text.starts_with('-') && text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn words_stay_words() {
        for (text, expected) in [
            ("stable/updates", "stable/updates"),
            ("", "''"),
            ("-rf", "'-rf'"),
            ("a b", "'a b'"),
            ("$(x)", "'$(x)'"),
            ("it's", r"'it'\''s'"),
            ("a\nb", "'a\nb'"),
        ] {
            assert_eq!(quoted(text), expected);
        }
    }
}
