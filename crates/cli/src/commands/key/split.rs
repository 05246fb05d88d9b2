//! `pkgseal key split` and `pkgseal key join`.

use std::process::ExitCode;
use std::time::SystemTime;

use anyhow::{Context as _, Result};
use pkgseal_keyring::lifecycle::{self, KeyFile, Written};
use pkgseal_openpgp::Certificates;

use super::change;
use crate::args::{KeyJoin, KeySplit};
use crate::context;

pub(super) fn split(arguments: &KeySplit, clock: SystemTime) -> Result<ExitCode> {
    let opened = change::open_file(&arguments.change, clock)?;
    let destination = context::destination(arguments.change.changing.output.as_deref());
    let (changed, written) =
        lifecycle::split(&opened.file, &arguments.offline, &destination, opened.now)?;
    let [key, certificate] = written;
    let written = Written {
        secret: vec![arguments.offline.clone(), key],
        certificate,
    };
    change::tell(&arguments.change.changing, "split", &changed, &written)
}

pub(super) fn join(arguments: &KeyJoin, clock: SystemTime) -> Result<ExitCode> {
    let opened = change::open_file(&arguments.change, clock)?;
    let others = arguments
        .others
        .iter()
        .map(|path| {
            KeyFile::open(path, &Certificates::default())
                .with_context(|| format!("cannot join {}", path.display()))
        })
        .collect::<Result<Vec<_>>>()?;
    let changed = lifecycle::join(&opened.file, &others, opened.now)?;
    change::finish_file(&arguments.change, &opened, "joined", &changed)
}
