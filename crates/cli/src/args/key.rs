//! The secret side.

mod adopt;
mod change;
mod doctor;
mod extend;
mod generate;
mod passphrase;
mod prove;
mod revoke;
mod rotate;
mod split;
mod subkey;

use clap::Subcommand;

pub(crate) use adopt::KeyAdopt;
pub(crate) use change::{Changing, KeyChange, KeyFileChange};
pub(crate) use doctor::KeyDoctor;
pub(crate) use extend::KeyExtend;
pub(crate) use generate::{KeyAlgorithm, KeyGenerate, PurposeName};
pub(crate) use passphrase::{KeyPassphrase, NewPassphrase};
pub(crate) use prove::KeyProve;
pub(crate) use revoke::{KeyRevoke, ReasonName};
pub(crate) use rotate::{KeyRotate, RotatePlan, RotateStatus, RotateStep, StepName};
pub(crate) use split::{KeyJoin, KeySplit};
pub(crate) use subkey::{NewSubkey, SubkeyAdd, SubkeyCommand, SubkeyReplace};

/// What to do with secret keys.
#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    Generate(KeyGenerate),
    Adopt(KeyAdopt),
    Doctor(KeyDoctor),
    Prove(KeyProve),
    #[command(subcommand)]
    Rotate(KeyRotate),
    Extend(KeyExtend),
    /// Add signing subkeys, and replace them
    #[command(subcommand)]
    Subkey(SubkeyCommand),
    Revoke(KeyRevoke),
    Passphrase(KeyPassphrase),
    Split(KeySplit),
    Join(KeyJoin),
}
