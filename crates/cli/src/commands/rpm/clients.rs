//! `pkgseal rpm clients`.

use std::process::ExitCode;

use anyhow::Result;
use pkgseal_rpm::client::Client;

use crate::args::RpmClients;
use crate::commands::clients;

clients::client!(Client, "pkgseal rpm clients");

pub(super) fn run(arguments: &RpmClients) -> Result<ExitCode> {
    clients::show::<Client>(arguments.name.as_deref())
}
