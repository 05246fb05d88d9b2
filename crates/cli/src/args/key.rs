//! The secret side.

mod generate;

use clap::Subcommand;

pub(crate) use generate::{KeyAlgorithm, KeyGenerate};

/// What to do with secret keys.
#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    Generate(KeyGenerate),
}
