//! What only RPM packages need.

mod apply;
mod clients;
mod header;
mod lint;
mod recover;
mod sign;
mod sign_plan;
mod unsign;
mod verify;
mod writing;

use clap::Subcommand;

pub(crate) use apply::RpmApply;
pub(crate) use clients::RpmClients;
pub(crate) use header::RpmHeader;
pub(crate) use lint::RpmLint;
pub(crate) use recover::RpmRecover;
pub(crate) use sign::RpmSign;
pub(crate) use sign_plan::RpmSignPlan;
pub(crate) use unsign::{RpmUnsign, RpmUnsignWhat};
pub(crate) use verify::{PackageLevelName, RpmVerify};
pub(crate) use writing::{HardLinksName, HowName, WritingArguments};

/// What to do with an RPM package.
#[derive(Debug, Subcommand)]
pub(crate) enum RpmCommand {
    Verify(RpmVerify),
    Sign(RpmSign),
    Unsign(RpmUnsign),
    Recover(RpmRecover),
    Header(RpmHeader),
    SignPlan(RpmSignPlan),
    Apply(RpmApply),
    Clients(RpmClients),
    Lint(RpmLint),
}
