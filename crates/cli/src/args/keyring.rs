//! The public side.

mod audit;
mod filter;
mod forecast;
mod list;
mod merge;
mod shared;

use clap::Subcommand;

pub(crate) use audit::KeyringAudit;
pub(crate) use filter::{DropName, KeyringFilter, StateName};
pub(crate) use forecast::{ForecastFormat, KeyringForecast};
pub(crate) use list::KeyringList;
pub(crate) use merge::KeyringMerge;
pub(crate) use shared::{ExtentName, Written};

/// What to do with certificates.
#[derive(Debug, Subcommand)]
pub(crate) enum KeyringCommand {
    List(KeyringList),
    Audit(KeyringAudit),
    Merge(KeyringMerge),
    Filter(KeyringFilter),
    Forecast(Box<KeyringForecast>),
}
