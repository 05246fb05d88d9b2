//! What only yum repositories need.

mod index;
mod lint;
mod metalink;
mod recover;
mod repo_file;
mod sign;
mod verify;

use clap::Subcommand;

pub(crate) use index::{SeveralSignatures, YumIndex};
pub(crate) use lint::YumLint;
pub(crate) use metalink::YumMetalink;
pub(crate) use recover::YumRecover;
pub(crate) use repo_file::YumRepoFile;
pub(crate) use sign::{PlaceName, SignedPackagesName, YumSign};
pub(crate) use verify::{YumFreshnessOptions, YumLevelName, YumVerify};

/// What to do with a yum repository.
#[derive(Debug, Subcommand)]
pub(crate) enum YumCommand {
    Index(Box<YumIndex>),
    Recover(YumRecover),
    Metalink(Box<YumMetalink>),
    Sign(Box<YumSign>),
    Verify(Box<YumVerify>),
    Lint(YumLint),
    RepoFile(YumRepoFile),
}
