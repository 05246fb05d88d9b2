//! `pkgseal rpm clients`, and what `--client` names.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use pkgseal_repo::Limits;
use pkgseal_rpm::client::Client;

use crate::args::RpmClients;
use crate::failure::hinted;
use crate::report;

pub(super) fn run(arguments: &RpmClients) -> Result<ExitCode> {
    match &arguments.name {
        Some(name) => report::block(client(name, &Limits::default())?.text())?,
        None => {
            for name in Client::names() {
                let client = Client::named(name)?;
                report::line(&format!("{name:<10} {}", client.summary()))?;
                report::line(&format!("{:<10} {}", "", client.checked()))?;
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The clients that `--client` names.
pub(super) fn named(names: &[String], limits: &Limits) -> Result<Vec<Client>> {
    let mut clients: Vec<Client> = Vec::new();
    for name in names {
        let these = if name == "all" {
            Client::names()
                .map(Client::named)
                .collect::<Result<_, _>>()?
        } else {
            vec![client(name, limits)?]
        };
        for client in these {
            if !clients.iter().any(|known| known.name() == client.name()) {
                clients.push(client);
            }
        }
    }
    Ok(clients)
}

pub(super) fn client(name: &str, limits: &Limits) -> Result<Client> {
    if name.contains('/') || Path::new(name).extension().is_some_and(|end| end == "toml") {
        let bytes = pkgseal_repo::read_file(Path::new(name), limits.side_file)?;
        let text = String::from_utf8(bytes).with_context(|| format!("{name} is not UTF-8"))?;
        return Ok(Client::parse(name, &text)?);
    }
    Client::named(name).map_err(|error| {
        hinted(
            error.to_string(),
            "list them with their rules: pkgseal rpm clients",
        )
    })
}
