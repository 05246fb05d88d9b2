//! `pkgseal key split` and `pkgseal key join`.

use std::process::ExitCode;
use std::time::SystemTime;

use anyhow::{Context as _, Result};
use pkgseal_keyring::lifecycle::{self, KeyFile};
use pkgseal_openpgp::Certificates;

use super::change;
use crate::args::{KeyJoin, KeySplit};
use crate::context;

pub(super) fn split(arguments: &KeySplit, clock: SystemTime) -> Result<ExitCode> {
    let opened = change::open(&arguments.change, clock)?;
    let destination = context::destination(arguments.change.output.as_deref());
    let (changed, written) =
        lifecycle::split(&opened.file, &arguments.offline, &destination, opened.now)?;
    let offline = std::slice::from_ref(&arguments.offline);
    change::tell(&arguments.change, "split", &changed, offline, &written)
}

pub(super) fn join(arguments: &KeyJoin, clock: SystemTime) -> Result<ExitCode> {
    let opened = change::open(&arguments.change, clock)?;
    let others = arguments
        .others
        .iter()
        .map(|path| {
            KeyFile::open(path, &Certificates::default())
                .with_context(|| format!("cannot join {}", path.display()))
        })
        .collect::<Result<Vec<_>>>()?;
    let changed = lifecycle::join(&opened.file, &others, opened.now)?;
    change::finish(&arguments.change, &opened, "joined", &changed)
}
