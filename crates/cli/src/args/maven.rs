//! What only Maven repositories need.

mod bundle;
mod check;
mod sign;
mod trust;
mod verify;

use clap::Subcommand;

pub(crate) use bundle::MavenBundle;
pub(crate) use check::MavenCheck;
pub(crate) use sign::{ChecksumName, KeptName, MavenSign};
pub(crate) use trust::{FormName, TrustCommand, TrustConvert, TrustLearn};
pub(crate) use verify::{MavenVerify, UnsignedName};

/// What to do with a Maven repository.
#[derive(Debug, Subcommand)]
pub(crate) enum MavenCommand {
    Sign(MavenSign),
    Check(MavenCheck),
    Bundle(MavenBundle),
    Verify(MavenVerify),
    /// Work on files that say whom to trust for what
    #[command(subcommand)]
    Trust(TrustCommand),
}
