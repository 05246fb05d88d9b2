//! The one syntax that names a key.

use std::ffi::OsStr;
use std::fmt;
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;

use pkgseal_openpgp::Fingerprint;

use super::{CommandKey, Pkcs11Key};

const FILE: &str = "file:";
const GPG_AGENT: &str = "gpg-agent:";
const PKCS11: &str = "pkcs11:";
const COMMAND: &str = "command:";

/// What people write for one of the four, and which it is.
const NEARLY: &[(&str, &str)] = &[
    ("gpg:", "gpg-agent:FINGERPRINT"),
    ("agent:", "gpg-agent:FINGERPRINT"),
    ("gpgagent:", "gpg-agent:FINGERPRINT"),
    ("gpg_agent:", "gpg-agent:FINGERPRINT"),
    ("card:", "gpg-agent:FINGERPRINT, which reaches cards too"),
    ("pkcs-11:", "pkcs11:…"),
    ("pkcs#11:", "pkcs11:…"),
    ("hsm:", "pkcs11:…"),
    ("exec:", "command:…"),
    ("cmd:", "command:…"),
];

/// Where the key that signs is.
///
/// | written | the key |
/// |---|---|
/// | `FILE` or `file:FILE` | in a file that nobody else may read |
/// | `gpg-agent:FINGERPRINT` | with gpg-agent, or on a card that it reaches |
/// | `pkcs11:…` | on a PKCS#11 token (RFC 7512) |
/// | `command:…` | with whatever the command asks |
///
/// [`KeySource::parse`] reads what [`Display`](fmt::Display) writes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeySource {
    /// A secret key file.
    File(PathBuf),
    /// gpg-agent, by the full fingerprint of the certificate or of a signing subkey.
    GpgAgent(Fingerprint),
    /// A PKCS#11 token.
    Pkcs11(Box<Pkcs11Key>),
    /// An external command.
    Command(CommandKey),
}

/// A text that names no key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct KeySourceError {
    reason: String,
}

impl KeySource {
    /// Reads it. Whatever begins with none of the four words is a file's path; a file
    /// whose name does begin so is written `file:NAME` or `./NAME`.
    ///
    /// # Errors
    /// [`KeySourceError`] for an empty text, a key ID in place of a fingerprint, and a word
    /// that is nearly one of the four.
    pub fn parse(text: &OsStr) -> Result<Self, KeySourceError> {
        let bytes = text.as_bytes();
        if let Some(path) = bytes.strip_prefix(FILE.as_bytes()) {
            return file(path);
        }
        let refuse = |reason: String| Err(KeySourceError { reason });
        let lossy = text.to_string_lossy();
        let known = [GPG_AGENT, PKCS11, COMMAND];
        if text.to_str().is_none() && known.iter().any(|word| lossy.starts_with(word)) {
            return refuse("it is not UTF-8".to_owned());
        }
        if let Some(fingerprint) = lossy.strip_prefix(GPG_AGENT) {
            return match Fingerprint::parse(fingerprint) {
                Some(fingerprint) => Ok(Self::GpgAgent(fingerprint)),
                None => refuse(format!(
                    "`{fingerprint}` is no full fingerprint (40 or 64 hexadecimal digits); \
                     `gpg --list-secret-keys --with-subkey-fingerprint` shows them"
                )),
            };
        }
        if let Some(rest) = lossy.strip_prefix(PKCS11) {
            return Pkcs11Key::parse(rest)
                .map(|key| Self::Pkcs11(Box::new(key)))
                .or_else(|reason| refuse(format!("{PKCS11} {reason}")));
        }
        if let Some(rest) = lossy.strip_prefix(COMMAND) {
            return CommandKey::parse(rest)
                .map(Self::Command)
                .or_else(|reason| refuse(format!("{COMMAND} {reason}")));
        }
        if let Some((word, meant)) = NEARLY.iter().find(|(word, _)| lossy.starts_with(word)) {
            return refuse(format!(
                "`{word}` is no kind of key: write {meant}, or ./{lossy} for a file of that name"
            ));
        }
        file(bytes)
    }

    /// The file, where it is one.
    pub fn file(&self) -> Option<&std::path::Path> {
        match self {
            Self::File(path) => Some(path),
            Self::GpgAgent(_) | Self::Pkcs11(_) | Self::Command(_) => None,
        }
    }
}

fn file(path: &[u8]) -> Result<KeySource, KeySourceError> {
    if path.is_empty() {
        return Err(KeySourceError {
            reason: "it names no file".to_owned(),
        });
    }
    Ok(KeySource::File(OsStr::from_bytes(path).into()))
}

impl std::str::FromStr for KeySource {
    type Err = KeySourceError;

    fn from_str(text: &str) -> Result<Self, KeySourceError> {
        Self::parse(text.as_ref())
    }
}

impl fmt::Display for KeySource {
    /// A path that is not UTF-8 shows with replacement characters.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => {
                let plain = Self::parse(path.as_os_str()).as_ref() == Ok(self);
                let word = if plain { "" } else { FILE };
                write!(f, "{word}{}", path.display())
            }
            Self::GpgAgent(fingerprint) => write!(f, "{GPG_AGENT}{fingerprint}"),
            Self::Pkcs11(key) => write!(f, "{PKCS11}{key}"),
            Self::Command(key) => write!(f, "{COMMAND}{key}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FINGERPRINT: &str = "D8692123C4065DEA5E0F3AB5249B39D24F25E3B6";

    fn parse(text: &str) -> Result<KeySource, String> {
        text.parse()
            .map_err(|error: KeySourceError| error.to_string())
    }

    #[test]
    fn paths_stay_files() {
        for text in [
            "key.asc",
            "/srv/keys/a:b.key",
            "./gpg-agent:x",
            "C:key",
            "gpg-agent",
            "-",
            "GPG-AGENT:x",
        ] {
            assert_eq!(parse(text), Ok(KeySource::File(text.into())));
            assert_eq!(parse(text).unwrap().to_string(), text);
        }
        assert_eq!(parse("file:key"), Ok(KeySource::File("key".into())));
        let bytes = OsStr::from_bytes(b"caf\xe9.key");
        assert_eq!(KeySource::parse(bytes), Ok(KeySource::File(bytes.into())));
    }

    #[test]
    fn a_file_named_like_another_source_is_written_so() {
        for name in ["pkcs11:x", "file:x", "gpg:x", "command:x"] {
            let source = KeySource::File(name.into());
            assert_eq!(source.to_string(), format!("file:{name}"));
            assert_eq!(parse(&source.to_string()), Ok(source));
        }
    }

    #[test]
    fn fingerprints_of_both_lengths() {
        for text in [FINGERPRINT.to_owned(), "A1".repeat(32)] {
            let source = parse(&format!("gpg-agent:{text}")).unwrap();
            assert_eq!(source.to_string(), format!("gpg-agent:{text}"));
            assert_eq!(parse(&source.to_string()).as_ref(), Ok(&source));
            assert_eq!(source.file(), None);
        }
        let spaced = format!("gpg-agent:0x{}", FINGERPRINT.to_lowercase());
        assert_eq!(
            parse(&spaced).unwrap().to_string(),
            format!("gpg-agent:{FINGERPRINT}")
        );
    }

    #[test]
    fn what_names_no_key_is_refused() {
        for (text, words) in [
            ("", "names no file"),
            ("file:", "names no file"),
            ("gpg-agent:", "no full fingerprint"),
            ("gpg-agent:249B39D24F25E3B6", "no full fingerprint"),
            ("gpg-agent:me@example.org", "no full fingerprint"),
            ("pkcs11:", "names no key"),
            ("command:", ""),
            ("gpg:249B39D24F25E3B6", "write gpg-agent:FINGERPRINT"),
            ("card:0", "reaches cards"),
            ("exec:sign", "write command:"),
            ("cmd:sign", "write command:"),
            ("hsm:1", "write pkcs11:"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(words), "{text}: {error}");
        }
        for bytes in [&b"gpg-agent:\xff"[..], b"command:\xff", b"pkcs11:\xff"] {
            let error = KeySource::parse(OsStr::from_bytes(bytes)).unwrap_err();
            assert!(error.to_string().contains("UTF-8"), "{error}");
        }
    }
}
