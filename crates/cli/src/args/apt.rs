//! What only apt repositories need.

mod clients;
mod index;
mod lint;
mod making;
mod recover;
mod refresh;
mod release;
mod sources;
mod verify;

use clap::Subcommand;

pub(crate) use clients::AptClients;
pub(crate) use index::{AptIndex, ArchAllName, FormName};
pub(crate) use lint::AptLint;
pub(crate) use making::{AutomaticName, DigestName, PublishArguments, ReleaseOptions, Switch};
pub(crate) use recover::AptRecover;
pub(crate) use refresh::AptRefresh;
pub(crate) use release::AptRelease;
pub(crate) use sources::{AptSources, EntryFormName};
pub(crate) use verify::{AptVerify, LevelName};

/// What to do with an apt repository.
#[derive(Debug, Subcommand)]
pub(crate) enum AptCommand {
    Clients(AptClients),
    Sources(AptSources),
    Lint(AptLint),
    Recover(AptRecover),
    Refresh(AptRefresh),
    Verify(AptVerify),
    Index(Box<AptIndex>),
    Release(Box<AptRelease>),
}
