//! What only plain folders need.

mod sign;
mod verify;

use clap::Subcommand;

pub(crate) use sign::{FilesSign, ListName};
pub(crate) use verify::FilesVerify;

/// What to do with a plain folder.
#[derive(Debug, Subcommand)]
pub(crate) enum FilesCommand {
    Sign(FilesSign),
    Verify(FilesVerify),
}
