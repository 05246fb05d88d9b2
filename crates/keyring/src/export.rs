//! Certificates in the forms that others read.
//!
//! A keyring file of apt, rpm or dnf is [`Encoding`] and a name. Here are the forms that are
//! more than that: each is a set of files, written by [`write_files`](crate::write_files),
//! or, for an OpenPGP certificate directory, merged into what is there.

mod cert_d;
mod voa;
mod wkd;
mod zbase32;

use pkgseal_openpgp::{Certificate, Certificates};
use pkgseal_repo::{Finding, SafePath};

pub use cert_d::{Inserted, insert_into_cert_d};
pub use voa::VoaPlace;
pub use wkd::WkdMethod;

use crate::store::{Encoding, KeyringFile};
use crate::{Error, Result};

/// Files of an export, and what could not be exported.
#[derive(Clone, Debug, Default)]
pub struct Exported {
    /// In order of their paths.
    pub files: Vec<KeyringFile>,
    /// Certificates and user IDs that have no place in this form.
    pub findings: Vec<Finding>,
}

/// `RPM-GPG-KEY-NAME`, one file a certificate, as `/etc/pki/rpm-gpg` has them: several
/// certificates in one file are more than some versions of rpm import. Where there are
/// several, each file is named after its fingerprint too.
///
/// # Errors
/// [`Error::Request`] for a name with anything but letters, digits and `._+-` in it.
pub fn rpm_gpg_keys(name: &str, certificates: &Certificates) -> Result<Exported> {
    plain("name", name, "._+-")?;
    let several = certificates.len() > 1;
    let files = certificates
        .iter()
        .map(|certificate| {
            let path = if several {
                format!("RPM-GPG-KEY-{name}-{}", certificate.fingerprint())
            } else {
                format!("RPM-GPG-KEY-{name}")
            };
            file(&path, Encoding::Armored, certificate)
        })
        .collect::<Result<_>>()?;
    Ok(Exported {
        files,
        ..Exported::default()
    })
}

/// A tree for the File Hierarchy for the Verification of OS Artifacts (UAPI), below
/// `/usr/share/voa` or `/etc/voa`: `OS/PURPOSE/CONTEXT/openpgp/FINGERPRINT.openpgp`.
///
/// # Errors
/// [`Error::Request`] for a part of the place that the specification does not allow.
pub fn voa(place: &VoaPlace, certificates: &Certificates) -> Result<Exported> {
    place.tree(certificates)
}

/// A Web Key Directory (draft-koch-openpgp-webkey-service): for each mail address of these
/// domains the certificates with it, carrying no other user ID; all domains where none is
/// named. Revoked user IDs, and those that the certificate's own key did not sign, are not
/// served.
///
/// # Errors
/// [`Error::Request`] for a domain that is none, and for the direct method where there are
/// several domains, as one host serves one.
pub fn web_key_directory(
    method: WkdMethod,
    domains: &[String],
    certificates: &Certificates,
) -> Result<Exported> {
    wkd::tree(method, domains, certificates)
}

/// The field of a deb822 sources entry that holds these certificates (sources.list(5)):
/// armored, indented, an empty line written as a dot.
pub fn signed_by(certificates: &Certificates) -> String {
    let armored = Encoding::Armored.encode(certificates);
    let mut text = "Signed-By:\n".to_owned();
    for line in String::from_utf8_lossy(&armored).lines() {
        text.push(' ');
        text.push_str(if line.is_empty() { "." } else { line });
        text.push('\n');
    }
    text
}

/// A file that holds one certificate.
fn file(path: &str, encoding: Encoding, certificate: &Certificate) -> Result<KeyringFile> {
    let one = Certificates::new([certificate.clone()]);
    Ok(KeyringFile {
        path: SafePath::new(path)?,
        content: encoding.encode(&one),
        certificates: vec![certificate.clone()],
    })
}

/// A word that becomes part of a path: letters, digits, and these inside.
fn plain(field: &'static str, text: &str, more: &str) -> Result<()> {
    let fits = |c: char| c.is_ascii_alphanumeric() || more.contains(c);
    let starts = text.starts_with(|c: char| c.is_ascii_alphanumeric());
    if starts && text.len() <= 128 && text.chars().all(fits) {
        return Ok(());
    }
    Err(Error::Request {
        field,
        reason: format!("`{text}` cannot be part of a file name: letters, digits and {more} can"),
    })
}

#[cfg(test)]
mod tests;
