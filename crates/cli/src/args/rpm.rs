//! What only RPM packages need.

mod unsign;
mod verify;

use clap::Subcommand;

pub(crate) use unsign::RpmUnsign;
pub(crate) use verify::{PackageLevelName, RpmVerify};

/// What to do with an RPM package.
#[derive(Debug, Subcommand)]
pub(crate) enum RpmCommand {
    Verify(RpmVerify),
    Unsign(RpmUnsign),
}
