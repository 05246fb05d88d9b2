//! What only yum repositories need.

mod verify;

use clap::Subcommand;

pub(crate) use verify::{YumLevelName, YumVerify};

/// What to do with a yum repository.
#[derive(Debug, Subcommand)]
pub(crate) enum YumCommand {
    Verify(YumVerify),
}
