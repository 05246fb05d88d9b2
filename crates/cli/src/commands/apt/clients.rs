//! `pkgseal apt clients`, and the certificates that clients find.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;
use pkgseal_deb::apt::client::{Client, KeyFile, Keys};
use pkgseal_openpgp::Verifier;
use pkgseal_repo::Limits;

use crate::args::{AptClients, Trust};
use crate::commands::clients;

clients::client!(Client, "pkgseal apt clients");

pub(super) fn run(arguments: &AptClients) -> Result<ExitCode> {
    clients::show::<Client>(arguments.name.as_deref())
}

/// The certificates as clients would find them: key files as they lie there; what apt has
/// no form for (directories, `.sources`, stores) as the certificates in it.
pub(super) fn keys(trust: &Trust, verifier: &Verifier, limits: &Limits) -> Result<Keys> {
    let plain = |path: &Path| {
        path.is_file()
            && !path
                .extension()
                .is_some_and(|end| ["sources", "list", "repo"].iter().any(|not| end == *not))
    };
    let keys = if trust.certificates.keyring.iter().all(|path| plain(path)) {
        let files = trust.certificates.keyring.iter().map(|path| {
            Ok(KeyFile {
                name: path.display().to_string(),
                content: Some(pkgseal_repo::read_file(path, limits.certificates)?),
            })
        });
        Keys::files(files.collect::<Result<_>>()?)
    } else {
        Keys::certificates(verifier.certificates())
    };
    Ok(keys.only(trust.signers.clone()))
}
