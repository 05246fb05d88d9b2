//! What only Maven repositories need.

mod bundle;
mod check;
mod sign;

use clap::Subcommand;

pub(crate) use bundle::MavenBundle;
pub(crate) use check::MavenCheck;
pub(crate) use sign::{ChecksumName, KeptName, MavenSign};

/// What to do with a Maven repository.
#[derive(Debug, Subcommand)]
pub(crate) enum MavenCommand {
    Sign(MavenSign),
    Check(MavenCheck),
    Bundle(MavenBundle),
}
