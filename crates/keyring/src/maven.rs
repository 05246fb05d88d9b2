//! The variables in which Maven hands a key to whoever signs.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::Path;

use jiff::Timestamp;
use pkgseal_openpgp::{Fingerprint, Signer};
use zeroize::Zeroizing;

use crate::secret::{open_key, with_words};
use crate::{Error, Passphrase, Result, guard_process, read_key_file};

const KEY: &str = "MAVEN_GPG_KEY";
const PASSPHRASE: &str = "MAVEN_GPG_PASSPHRASE";
const FINGERPRINT: &str = "MAVEN_GPG_KEY_FINGERPRINT";
/// Those that no child of ours inherits.
pub(crate) const SECRETS: [&str; 2] = [KEY, PASSPHRASE];

/// `MAVEN_GPG_KEY`, `MAVEN_GPG_PASSPHRASE` and `MAVEN_GPG_KEY_FINGERPRINT`, as
/// maven-gpg-plugin reads them since version 3.2.
///
/// The environment is no place for a secret: every process of the same user can read it,
/// and children inherit it. It is taken from there all the same because build servers that
/// sign for Maven have it nowhere else. Nothing else in this crate reads it, a file or
/// credential that the user names comes first, and our copies are wiped after use.
#[derive(Default)]
pub struct MavenVariables {
    key: Option<Zeroizing<Vec<u8>>>,
    passphrase: Option<Zeroizing<Vec<u8>>>,
    fingerprint: Option<String>,
}

impl std::fmt::Debug for MavenVariables {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MavenVariables")
            .field("fingerprint", &self.fingerprint)
            .finish_non_exhaustive()
    }
}

impl MavenVariables {
    /// Takes the three variables from whatever looks them up; an empty one is none.
    pub fn read(variable: impl Fn(&str) -> Option<OsString>) -> Self {
        let secret = |name| {
            let value = Zeroizing::new(variable(name)?.into_vec());
            (!value.is_empty()).then_some(value)
        };
        Self {
            key: secret(KEY),
            passphrase: secret(PASSPHRASE),
            fingerprint: variable(FINGERPRINT)
                .map(|value| value.to_string_lossy().into_owned())
                .filter(|value| !value.trim().is_empty()),
        }
    }

    /// Whether there is a key in them.
    pub fn has_key(&self) -> bool {
        self.key.is_some()
    }

    /// Opens the key in the variable; a named passphrase source comes before the variable's
    /// passphrase.
    ///
    /// # Errors
    /// [`Error::Variable`] when there is no key, or the fingerprint is none; else as
    /// [`open_signer`](crate::open_signer).
    pub fn signer(&self, passphrase: Option<&Passphrase>, now: Timestamp) -> Result<Signer> {
        let key = self.key.as_ref().ok_or_else(|| Error::Variable {
            name: KEY,
            reason: "it is not set".to_owned(),
        })?;
        self.open(key, Path::new(KEY), passphrase, now)
    }

    /// As [`MavenVariables::signer`], with the key in a file that nobody else may read.
    ///
    /// # Errors
    /// As [`MavenVariables::signer`].
    pub fn signer_in(
        &self,
        path: &Path,
        passphrase: Option<&Passphrase>,
        now: Timestamp,
    ) -> Result<Signer> {
        self.open(&read_key_file(path)?, path, passphrase, now)
    }

    fn open(
        &self,
        key: &[u8],
        name: &Path,
        passphrase: Option<&Passphrase>,
        now: Timestamp,
    ) -> Result<Signer> {
        guard_process()?;
        let selected = self.fingerprint()?;
        with_words(passphrase, &name.display().to_string(), |ask| {
            let words = || ask().or_else(|| self.passphrase.clone().map(Ok));
            open_key(key, name, selected.as_ref(), words, now)
        })
    }

    fn fingerprint(&self) -> Result<Option<Fingerprint>> {
        let Some(text) = &self.fingerprint else {
            return Ok(None);
        };
        match Fingerprint::parse(text) {
            Some(fingerprint) => Ok(Some(fingerprint)),
            None => Err(Error::Variable {
                name: FINGERPRINT,
                reason: format!(
                    "`{text}` is no full fingerprint (40 hexadecimal digits, or 64 of a version 6 key)"
                ),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use pkgseal_testkit::keys;

    use super::*;

    fn variables(key: Option<&str>, passphrase: &str, fingerprint: &str) -> MavenVariables {
        let key = key.map(|name| String::from_utf8(keys::load(name).secret().to_vec()).unwrap());
        MavenVariables::read(|name| {
            match name {
                KEY => key.clone(),
                PASSPHRASE => Some(passphrase.to_owned()),
                FINGERPRINT => Some(fingerprint.to_owned()),
                other => panic!("{other} is looked up"),
            }
            .map(OsString::from)
        })
    }

    fn open(variables: &MavenVariables) -> Result<Signer> {
        variables.signer(None, keys::time(keys::SIGNED))
    }

    #[test]
    fn a_key_is_taken_from_the_environment() {
        let key = keys::load("good");
        let signer = open(&variables(Some("good"), "", "")).unwrap();
        assert_eq!(
            signer.certificate().fingerprint().to_string(),
            key.fingerprint()
        );
    }

    #[test]
    fn fingerprints_of_both_lengths_pick_certificate_or_subkey() {
        for name in ["good", "good-rsa4096", "good-v6-ed25519"] {
            let key = keys::load(name);
            for fingerprint in [key.fingerprint(), key.signing_fingerprint()] {
                let signer = open(&variables(Some(name), "", &fingerprint)).unwrap();
                assert_eq!(
                    signer.key().to_string(),
                    key.signing_fingerprint(),
                    "{name}"
                );
            }
            let spaced = format!("0x{}", key.fingerprint().to_lowercase());
            assert!(
                open(&variables(Some(name), "", &spaced)).is_ok(),
                "{spaced}"
            );
        }
        assert_eq!(keys::load("good-v6-ed25519").fingerprint().len(), 64);
    }

    #[test]
    fn what_identifies_nobody_is_refused() {
        let other = keys::load("stranger").fingerprint();
        for (fingerprint, words) in [
            (&other[24..], "no full fingerprint"),
            ("4F25E3B6", "no full fingerprint"),
            (&*other, "no key in the file has this fingerprint"),
        ] {
            let error = open(&variables(Some("good"), "", fingerprint)).unwrap_err();
            assert!(error.to_string().contains(words), "{error}");
        }
        let error = open(&variables(None, "", "")).unwrap_err();
        assert!(error.to_string().contains("MAVEN_GPG_KEY"), "{error}");
        assert!(!variables(None, "", "").has_key());
    }

    #[test]
    fn a_protected_key_needs_its_passphrase() {
        assert!(open(&variables(Some("protected"), keys::PASSPHRASE, "")).is_ok());
        for (passphrase, words) in [("", "no passphrase"), ("other", "passphrase is wrong")] {
            let error = open(&variables(Some("protected"), passphrase, "")).unwrap_err();
            assert!(error.to_string().contains(words), "{error}");
        }
    }

    #[test]
    fn a_key_file_and_a_passphrase_file_come_first() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let put = |name: &str, bytes: &[u8]| {
            let path = dir.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
            path
        };
        let key = put("key", keys::load("protected").secret());
        let words = Passphrase::File(put("words", keys::PASSPHRASE.as_bytes()));
        let variables = variables(Some("good"), "wrong", "");
        let signer = variables
            .signer_in(&key, Some(&words), keys::time(keys::SIGNED))
            .unwrap();
        let expected = keys::load("protected").fingerprint();
        assert_eq!(signer.certificate().fingerprint().to_string(), expected);
    }

    #[test]
    fn secrets_are_not_shown() {
        let shown = format!("{:?}", variables(Some("good"), "a passphrase", "ABCD"));
        assert!(shown.contains("ABCD"), "{shown}");
        assert!(
            !shown.contains("PRIVATE") && !shown.contains("a passphrase"),
            "{shown}"
        );
    }
}
