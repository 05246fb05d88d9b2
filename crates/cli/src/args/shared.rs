//! Options that several commands share, word for word.

use std::path::PathBuf;

use clap::Args;
use clap::builder::{OsStringValueParser, TypedValueParser};
use jiff::Timestamp;
use pkgseal_keyring::KeySource;

/// Whose certificates are known.
#[derive(Args, Debug)]
pub(crate) struct Keyring {
    /// Certificates to verify with: a file, a directory, a .sources file, a cert-d store
    #[arg(
        long,
        value_name = "PATH",
        env = "PKGSEAL_KEYRING",
        value_delimiter = ':'
    )]
    pub(crate) keyring: Vec<PathBuf>,
}

/// Whom to trust, and by which rules.
#[derive(Args, Debug)]
pub(crate) struct Trust {
    #[command(flatten)]
    pub(crate) certificates: Keyring,
    /// Judge by this profile: strict, legacy, another of `profile list`, or a file
    #[arg(long, value_name = "NAME|FILE", default_value = "strict")]
    pub(crate) profile: String,
    /// Accept only signatures by this certificate, by full fingerprint
    #[arg(long = "signer", value_name = "FINGERPRINT")]
    pub(crate) signers: Vec<String>,
    /// Ask for good signatures by this many different certificates
    #[arg(long, value_name = "N")]
    pub(crate) threshold: Option<usize>,
}

/// Which readers things are held against.
#[derive(Args, Debug)]
pub(crate) struct Targets {
    /// Hold it against this generation of readers: el9, fedora, suse… [default: all of them]
    ///
    /// Targets are el7, el8, el9, el10, fedora, suse, debian-rpm4.18 and debian-rpm4.20, or
    /// a file such as those in crates/rpm/targets.
    #[arg(long = "target", value_name = "NAME|FILE")]
    pub(crate) targets: Vec<String>,
}

/// When it is.
#[derive(Args, Debug)]
pub(crate) struct Moment {
    /// Take this moment for now: 2025-06-01, 2025-06-01T12:00:00Z or @1748779200
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub(crate) time: Option<Timestamp>,
}

/// Which secret keys sign, and how they are unlocked.
#[derive(Args, Debug)]
pub(crate) struct Secrets {
    #[arg(
        long,
        value_name = "KEY",
        required = true,
        value_parser = key_source(),
        help = KEY_HELP,
        long_help = KEY_LONG_HELP,
    )]
    pub(crate) key: Vec<KeySource>,
    #[command(flatten)]
    pub(crate) access: KeyAccess,
}

/// As [`Secrets`], where signing is not all the command does.
#[derive(Args, Debug)]
pub(crate) struct OptionalSecrets {
    #[arg(
        long,
        value_name = "KEY",
        value_parser = key_source(),
        help = KEY_HELP,
        long_help = KEY_LONG_HELP,
    )]
    pub(crate) key: Vec<KeySource>,
    #[command(flatten)]
    pub(crate) access: KeyAccess,
}

const KEY_HELP: &str = "Sign with this key: FILE, gpg-agent:FINGERPRINT, pkcs11:…, command:…";
const KEY_LONG_HELP: &str = "\
Sign with this key: FILE, gpg-agent:FINGERPRINT, pkcs11:…, command:…

FILE (or file:FILE) is a secret key file that nobody else may read. gpg-agent:FINGERPRINT is \
a key that gpg-agent keeps, or a card that it reaches; pkcs11:… a key on a token; command:… a \
program that signs digests.";

/// Reads a key's name, whatever bytes a path has.
pub(crate) fn key_source() -> impl TypedValueParser<Value = KeySource> {
    OsStringValueParser::new().try_map(|text| KeySource::parse(&text))
}

/// What it takes to use a key.
#[derive(Args, Debug)]
pub(crate) struct KeyAccess {
    /// The public certificate of a key, where the key does not bring it along
    ///
    /// A key file brings its certificate along; for a key of gpg-agent's, gpg is asked where
    /// this is not given.
    #[arg(long, value_name = "FILE")]
    pub(crate) certificate: Vec<PathBuf>,
    /// Load this PKCS#11 module for keys that name none [default: p11-kit-proxy.so]
    #[arg(long, value_name = "FILE", env = "PKGSEAL_PKCS11_MODULE")]
    pub(crate) pkcs11_module: Option<PathBuf>,
    /// Try the PIN of a token even if a wrong one locks it
    #[arg(long)]
    pub(crate) last_pin_try: bool,
    #[command(flatten)]
    pub(crate) passphrase: PassphraseSource,
}

/// Where a passphrase comes from. Never an argument, never a variable.
#[derive(Args, Debug)]
#[group(multiple = false)]
pub(crate) struct PassphraseSource {
    /// Read the passphrase from the first line of this file
    #[arg(long, value_name = "FILE")]
    pub(crate) passphrase_file: Option<PathBuf>,
    /// Read the passphrase from this file descriptor
    #[arg(long, value_name = "FD")]
    pub(crate) passphrase_fd: Option<i32>,
    /// Ask a person for the passphrase, through pinentry
    ///
    /// The program is pinentry, or what PINENTRY_PROGRAM names; GPG_TTY says which terminal it
    /// asks on.
    #[arg(long)]
    pub(crate) passphrase_pinentry: bool,
    /// Read the passphrase from this systemd credential
    #[arg(long, value_name = "NAME")]
    pub(crate) passphrase_credential: Option<String>,
}

/// Reads a moment: an RFC 3339 timestamp, a date (midnight UTC), or `@` and seconds.
fn moment(text: &str) -> Result<Timestamp, String> {
    const FORMS: &str = "expected 2025-06-01, 2025-06-01T12:00:00Z or @1748779200";
    if let Some(seconds) = text.strip_prefix('@') {
        return seconds
            .parse()
            .ok()
            .and_then(|seconds| Timestamp::from_second(seconds).ok())
            .ok_or_else(|| FORMS.to_owned());
    }
    if let Ok(timestamp) = text.parse() {
        return Ok(timestamp);
    }
    text.parse::<jiff::civil::Date>()
        .ok()
        .and_then(|date| date.to_zoned(jiff::tz::TimeZone::UTC).ok())
        .map(|midnight| midnight.timestamp())
        .ok_or_else(|| FORMS.to_owned())
}

#[cfg(test)]
mod tests {
    use super::moment;

    #[test]
    fn moments_in_three_forms() {
        let expected = moment("@1748736000").unwrap();
        assert_eq!(moment("2025-06-01").unwrap(), expected);
        assert_eq!(moment("2025-06-01T00:00:00Z").unwrap(), expected);
        assert_eq!(moment("2025-06-01T02:00:00+02:00").unwrap(), expected);
    }

    #[test]
    fn other_forms_are_refused() {
        for text in [
            "",
            "@",
            "@x",
            "yesterday",
            "2025-13-01",
            "01.06.2025",
            "@99999999999999",
        ] {
            assert!(moment(text).is_err(), "{text}");
        }
    }
}
