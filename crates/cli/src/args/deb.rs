//! What only Debian packages need.

mod unsign;
mod verify;

use clap::Subcommand;

pub(crate) use unsign::DebUnsign;
pub(crate) use verify::{DebVerify, DebsigVerify, PolicyPlaces};

/// What to do with a Debian package.
#[derive(Debug, Subcommand)]
pub(crate) enum DebCommand {
    Verify(DebVerify),
    Unsign(DebUnsign),
}
