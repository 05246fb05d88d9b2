//! The secret side.

mod doctor;
mod generate;
mod prove;
mod rotate;

use clap::Subcommand;

pub(crate) use doctor::KeyDoctor;
pub(crate) use generate::{KeyAlgorithm, KeyGenerate};
pub(crate) use prove::KeyProve;
pub(crate) use rotate::{KeyRotate, RotatePlan, RotateStatus, RotateStep, StepName};

/// What to do with secret keys.
#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    Generate(KeyGenerate),
    Doctor(KeyDoctor),
    Prove(KeyProve),
    #[command(subcommand)]
    Rotate(KeyRotate),
}
