//! `pkgseal keyring merge`.

use std::process::ExitCode;

use anyhow::Result;
use pkgseal_repo::Limits;

use super::made;
use crate::args::KeyringMerge;

pub(super) fn run(arguments: &KeyringMerge) -> Result<ExitCode> {
    let limits = Limits::default();
    let written = &arguments.written;
    let inputs = written
        .paths
        .iter()
        .map(|path| Ok((path.display().to_string(), made::opened(&[path], &limits)?)))
        .collect::<Result<Vec<_>>>()?;
    let merged = pkgseal_keyring::merge(&inputs, made::extent(written.extent))?;
    made::write(&merged, written)
}
