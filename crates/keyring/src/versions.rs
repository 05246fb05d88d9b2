//! Certificates of several versions of OpenPGP in one file.

use std::path::{Path, PathBuf};

use pkgseal_openpgp::{Certificate, Certificates};
use pkgseal_repo::Finding;

use crate::audit::codes;
use crate::open::file::quoted;

/// Says what gpg and gpgv lose of a file with these certificates, [in the order that loses
/// the least](Certificates::by_version): `None` where all are of one version.
///
/// GnuPG up to 2.4 stops at the first certificate of version 6, and drops the one that it
/// was reading. No order helps: such certificates belong into files of their own.
pub fn mixed_versions(certificates: &Certificates, subject: impl Into<String>) -> Option<Finding> {
    let all = certificates.by_version();
    let (old, new): (Vec<_>, Vec<_>) = all.iter().partition(|one| one.version() <= 4);
    let (lost, six) = (old.last()?, new.first()?);
    Some(finding(six, Some(lost), subject))
}

/// The finding, with what is lost where that is known.
pub(crate) fn finding(
    six: &Certificate,
    lost: Option<&Certificate>,
    subject: impl Into<String>,
) -> Finding {
    let mut detail = format!(
        "{} is of OpenPGP version 6, and lies in one file with others: gpg up to 2.4, gpgv and apt with it stop there",
        six.fingerprint()
    );
    if let Some(lost) = lost {
        detail.push_str(&format!(
            ", and lose the one before it too, {}",
            lost.fingerprint()
        ));
    }
    Finding::warning(codes::V6_HIDES, subject, detail)
}

/// The commands that part files by version, for a shell; what they make is called like
/// `output`, with the version in the name.
pub fn parting<P: AsRef<Path>>(inputs: &[P], output: &Path) -> String {
    let inputs: Vec<String> = inputs.iter().map(|path| quoted(path.as_ref())).collect();
    let inputs = inputs.join(" ");
    let commands = ["4", "6"].map(|version| {
        format!(
            "pkgseal keyring filter --openpgp {version} --output {} {inputs}",
            quoted(&numbered(output, version))
        )
    });
    commands.join(" && ")
}

/// `all.gpg` as `all-v4.gpg`.
fn numbered(path: &Path, version: &str) -> PathBuf {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let mut name = format!("{stem}-v{version}");
    if let Some(extension) = path.extension() {
        name.push('.');
        name.push_str(&extension.to_string_lossy());
    }
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use pkgseal_testkit::keys;

    use super::*;

    #[test]
    fn what_is_lost_is_named() {
        let names = ["good-v6-ed25519", "good", "good-rsa4096", "good-mldsa65"];
        let certificates = Certificates::new(keys::certificates(&names).iter().cloned());
        let by_version = certificates.by_version();
        let versions: Vec<u8> = by_version.iter().map(Certificate::version).collect();
        assert_eq!(versions, [4, 4, 6, 6]);
        let finding = mixed_versions(&certificates, "all.gpg").unwrap();
        assert_eq!(finding.code, codes::V6_HIDES);
        assert_eq!(finding.subject, "all.gpg");
        for place in [1, 2] {
            let fingerprint = by_version[place].fingerprint().to_string();
            assert!(finding.detail.contains(&fingerprint), "{}", finding.detail);
        }
        for one in [
            ["good", "good-rsa4096"],
            ["good-v6-ed25519", "good-v6-ed448"],
        ] {
            let certificates = Certificates::new(keys::certificates(&one).iter().cloned());
            assert_eq!(mixed_versions(&certificates, "all.gpg"), None, "{one:?}");
        }
    }

    #[test]
    fn commands_are_those_of_a_shell() {
        assert_eq!(
            parting(&["a b.gpg", "c"], Path::new("/x y/all.gpg")),
            "pkgseal keyring filter --openpgp 4 --output '/x y/all-v4.gpg' 'a b.gpg' c \
             && pkgseal keyring filter --openpgp 6 --output '/x y/all-v6.gpg' 'a b.gpg' c"
        );
        assert_eq!(
            numbered(Path::new("RPM-GPG-KEY-acme"), "4"),
            Path::new("RPM-GPG-KEY-acme-v4")
        );
    }
}
