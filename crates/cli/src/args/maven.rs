//! What only Maven repositories need.

mod sign;

use clap::Subcommand;

pub(crate) use sign::{ChecksumName, KeptName, MavenSign};

/// What to do with a Maven repository.
#[derive(Debug, Subcommand)]
pub(crate) enum MavenCommand {
    Sign(MavenSign),
}
