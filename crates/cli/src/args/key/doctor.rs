//! `pkgseal key doctor`.

use std::path::PathBuf;

use clap::Args;

use crate::args::{EXIT_STATUS, Moment, OptionalSecrets};

/// Say what is wrong with certificates, whom it breaks and since when, and mend it
///
/// Finds MD5, SHA-1, RIPEMD-160 and SHA-224 in self-signatures, bindings and
/// back-signatures; back-signatures that are missing or wrong; mends that stopped half way;
/// subkeys forgotten when the primary key was renewed; and what else clients stumble over.
/// Exit status 1 means that something breaks a client.
#[derive(Args, Debug)]
#[command(after_help = EXIT_STATUS)]
pub(crate) struct KeyDoctor {
    /// Sign anew what is weak, with SHA-512: PATH is the key
    ///
    /// Each new self-signature says what the weak one said, and is dated a second after it,
    /// so that clients that ask about the past accept old signatures again. Fingerprint,
    /// expiry and key flags stay, and so do the old self-signatures. PATH is a secret key
    /// file, which is replaced together with the public certificate beside it; or
    /// gpg-agent:FINGERPRINT, pkcs11:… or command:…, of which only the certificate is written,
    /// over the file that --certificate names. The certificate is then to be published again.
    /// A weak back-signature needs its subkey too: where that is elsewhere, --key says where.
    #[arg(long)]
    pub(crate) fix: bool,
    /// Mend what can be mended where a part cannot, and leave the certificate mended by half
    #[arg(long, requires = "fix")]
    pub(crate) partial: bool,
    /// Write a request to the key's holder to this file, and as JSON to FILE.json; - prints it
    #[arg(long, value_name = "FILE", conflicts_with = "fix")]
    pub(crate) request: Option<PathBuf>,
    /// Hold it against this client too, or `all` of them
    ///
    /// Clients are those of `pkgseal keyring audit`. Where none is named, those in wide use
    /// are asked.
    #[arg(long = "client", value_name = "NAME")]
    pub(crate) clients: Vec<String>,
    #[command(flatten)]
    pub(crate) secrets: OptionalSecrets,
    #[command(flatten)]
    pub(crate) moment: Moment,
    /// Write key and certificate to this directory and leave the input untouched
    #[arg(long, value_name = "DIR", requires = "fix")]
    pub(crate) output: Option<PathBuf>,
    /// Print one JSON document instead of text; see pkgseal-json(5)
    #[arg(long)]
    pub(crate) json: bool,
    /// Certificates or secret keys: files, directories
    ///
    /// Without --fix, what --certificate names is held against the copies in PATH: is the
    /// mended one the one that is published?
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
}
