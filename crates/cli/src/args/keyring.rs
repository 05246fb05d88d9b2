//! The public side.

mod audit;
mod diff;
mod export;
mod filter;
mod forecast;
mod list;
mod merge;
mod package;
mod shared;

use clap::Subcommand;

pub(crate) use audit::KeyringAudit;
pub(crate) use diff::KeyringDiff;
pub(crate) use export::{KeyringExport, KeyringFormName};
pub(crate) use filter::{DropName, KeyringFilter, StateName};
pub(crate) use forecast::{ForecastFormat, KeyringForecast};
pub(crate) use list::KeyringList;
pub(crate) use merge::KeyringMerge;
pub(crate) use package::{KeyringPackage, PackageFormName};
pub(crate) use shared::{ExtentName, Written};

/// What to do with certificates.
#[derive(Debug, Subcommand)]
pub(crate) enum KeyringCommand {
    List(KeyringList),
    Audit(KeyringAudit),
    Merge(KeyringMerge),
    Filter(KeyringFilter),
    Diff(KeyringDiff),
    Export(KeyringExport),
    Package(KeyringPackage),
    Forecast(Box<KeyringForecast>),
}
