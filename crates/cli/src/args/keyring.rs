//! The public side.

mod list;

use clap::Subcommand;

pub(crate) use list::KeyringList;

/// What to do with certificates.
#[derive(Debug, Subcommand)]
pub(crate) enum KeyringCommand {
    List(KeyringList),
}
