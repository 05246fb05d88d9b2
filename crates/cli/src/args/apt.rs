//! What only apt repositories need.

mod index;
mod making;
mod release;
mod verify;

use clap::Subcommand;

pub(crate) use index::{AptIndex, ArchAllName, FormName};
pub(crate) use making::{AutomaticName, DigestName, PublishArguments, ReleaseOptions, Switch};
pub(crate) use release::AptRelease;
pub(crate) use verify::{AptVerify, LevelName};

/// What to do with an apt repository.
#[derive(Debug, Subcommand)]
pub(crate) enum AptCommand {
    Verify(AptVerify),
    Index(Box<AptIndex>),
    Release(Box<AptRelease>),
}
