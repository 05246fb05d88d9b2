//! What only RPM packages need.

mod unsign;

use clap::Subcommand;

pub(crate) use unsign::RpmUnsign;

/// What to do with an RPM package.
#[derive(Debug, Subcommand)]
pub(crate) enum RpmCommand {
    Unsign(RpmUnsign),
}
