//! What only Debian packages need.

mod verify;

use clap::Subcommand;

pub(crate) use verify::DebVerify;

/// What to do with a Debian package.
#[derive(Debug, Subcommand)]
pub(crate) enum DebCommand {
    Verify(DebVerify),
}
