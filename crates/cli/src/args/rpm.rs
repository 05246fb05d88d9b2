//! What only RPM packages need.

mod apply;
mod clients;
mod header;
mod sign_plan;
mod unsign;
mod verify;

use clap::Subcommand;

pub(crate) use apply::RpmApply;
pub(crate) use clients::RpmClients;
pub(crate) use header::RpmHeader;
pub(crate) use sign_plan::RpmSignPlan;
pub(crate) use unsign::RpmUnsign;
pub(crate) use verify::{PackageLevelName, RpmVerify};

/// What to do with an RPM package.
#[derive(Debug, Subcommand)]
pub(crate) enum RpmCommand {
    Verify(RpmVerify),
    Unsign(RpmUnsign),
    Header(RpmHeader),
    SignPlan(RpmSignPlan),
    Apply(RpmApply),
    Clients(RpmClients),
}
