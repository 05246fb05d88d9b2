//! The secret side.

mod generate;
mod rotate;

use clap::Subcommand;

pub(crate) use generate::{KeyAlgorithm, KeyGenerate};
pub(crate) use rotate::{KeyRotate, RotatePlan, RotateStatus, RotateStep, StepName};

/// What to do with secret keys.
#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    Generate(KeyGenerate),
    #[command(subcommand)]
    Rotate(KeyRotate),
}
