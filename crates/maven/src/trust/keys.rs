//! `KEYS` files as Apache projects publish them, and Gradle's keyrings.
//!
//! A `KEYS` file is armored certificates with text between, old and expired ones included,
//! for old releases must stay verifiable. It says who may release, not what. Gradle's
//! keyring is the same with every signature taken out: from a bare key neither expiry nor
//! revocation nor the binding of a subkey can be read, so it counts as a pinned key.

use pkgseal_openpgp::Certificate;
use pkgseal_repo::Finding;

use crate::codes;

/// Reads every certificate, and says what could not be read and what is a bare key.
pub fn read(bytes: &[u8]) -> (Vec<Certificate>, Vec<Finding>) {
    let (certificates, errors) = Certificate::parse_all(bytes);
    let mut findings: Vec<Finding> = errors
        .into_iter()
        .map(|error| {
            let subject = match error.fingerprint {
                Some(fingerprint) => fingerprint.to_string(),
                None => format!("certificate {}", error.index + 1),
            };
            Finding::warning(codes::TRUST_LOST, subject, error.reason)
        })
        .collect();
    for certificate in certificates
        .iter()
        .filter(|certificate| certificate.is_bare())
    {
        findings.push(Finding::note(
            codes::TRUST_PINNED,
            certificate.fingerprint().to_string(),
            "it is a bare key: expiry, revocation and the binding of its subkeys cannot be checked",
        ));
    }
    (certificates, findings)
}

/// Writes certificates as a `KEYS` file: fingerprint and user IDs above each block.
pub fn write<'a>(certificates: impl IntoIterator<Item = &'a Certificate>) -> Vec<u8> {
    let mut text =
        b"This file holds the certificates that verify signatures of releases.\n".to_vec();
    for certificate in certificates {
        text.extend(format!("\npub   {}\n", certificate.fingerprint()).into_bytes());
        if let Some(user_id) = certificate.user_id() {
            // Text between blocks must neither break lines nor begin a block.
            let plain: String = user_id
                .chars()
                .map(|c| if c.is_control() || c == '-' { ' ' } else { c })
                .collect();
            text.extend(format!("uid   {plain}\n").into_bytes());
        }
        text.push(b'\n');
        text.extend(certificate.to_armored());
    }
    text
}

#[cfg(test)]
mod tests {
    use pkgseal_testkit::keys;

    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let names = [
            "good",
            "good-rsa2048",
            "expired",
            "revoked-hard",
            "good-v6-ed25519",
        ];
        let certificates: Vec<Certificate> = keys::certificates(&names).iter().cloned().collect();
        let text = write(&certificates);
        let (read, findings) = read(&text);
        assert_eq!(findings, []);
        assert_eq!(read, certificates);
    }

    #[test]
    fn what_is_no_certificate_is_told() {
        let (certificates, findings) = read(b"nothing of use");
        assert!(certificates.is_empty());
        assert_eq!(findings.len(), 1);
    }
}
