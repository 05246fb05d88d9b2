//! What every command that changes a key takes.

use std::path::PathBuf;

use clap::Args;
use clap::builder::{OsStringValueParser, TypedValueParser};
use pkgseal_keyring::KeySource;

use crate::args::{Moment, OptionalSecrets, PassphraseSource, key_source};

/// Where the result goes, and when it is.
#[derive(Args, Debug)]
pub(crate) struct Changing {
    #[command(flatten)]
    pub(crate) moment: Moment,
    /// Write key and certificate to this directory and leave the input untouched
    #[arg(long, value_name = "DIR")]
    pub(crate) output: Option<PathBuf>,
    /// Print one JSON document instead of text; see pkgseal-json(5)
    #[arg(long)]
    pub(crate) json: bool,
}

/// The key, wherever it is, what was published of it, and how it is unlocked.
#[derive(Args, Debug)]
pub(crate) struct KeyChange {
    /// The key to change: FILE, gpg-agent:FINGERPRINT, pkcs11:…, command:…
    ///
    /// The primary key has to be there, for it alone signs changes. A key file is replaced
    /// together with the certificate beside it (NAME.cert.asc beside NAME.key.asc). Of any
    /// other key, see pkgseal-signer(7), only the certificate is written: over the file that
    /// --certificate names, or into the directory of --output; and where gpg-agent's key comes
    /// without --certificate, into FINGERPRINT.cert.asc. --key names who else has secret parts
    /// of it: of subkeys, which sign back.
    #[arg(value_name = "KEY", value_parser = key_source())]
    pub(crate) changed: KeySource,
    #[command(flatten)]
    pub(crate) secrets: OptionalSecrets,
    #[command(flatten)]
    pub(crate) changing: Changing,
}

/// A key file, for what concerns secret parts themselves.
#[derive(Args, Debug)]
pub(crate) struct KeyFileChange {
    /// The secret key file
    #[arg(value_name = "KEYFILE", value_parser = key_file())]
    pub(crate) key_file: PathBuf,
    /// The public certificate of a key, where the key does not bring it along
    ///
    /// What it has and the key file lacks is taken over before anything is changed, so that
    /// nothing that was published is lost. A certificate beside the key (NAME.cert.asc beside
    /// NAME.key.asc) is always taken over.
    #[arg(long, value_name = "FILE")]
    pub(crate) certificate: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) passphrase: PassphraseSource,
    #[command(flatten)]
    pub(crate) changing: Changing,
}

/// Reads a key's name that has to be a file's.
fn key_file() -> impl TypedValueParser<Value = PathBuf> {
    OsStringValueParser::new().try_map(|text| match KeySource::parse(&text) {
        Ok(source) => source.file().map(PathBuf::from).ok_or_else(|| {
            "the secret part itself is changed, and only a file's can be; \
             see gpg --change-passphrase, gpg --card-edit, pkcs11-tool"
                .to_owned()
        }),
        Err(error) => Err(error.to_string()),
    })
}
