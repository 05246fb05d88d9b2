//! What only apt repositories need.

mod verify;

use clap::Subcommand;

pub(crate) use verify::AptVerify;

/// What to do with an apt repository.
#[derive(Debug, Subcommand)]
pub(crate) enum AptCommand {
    Verify(AptVerify),
}
