//! Clients as data, of apt and of rpm alike: listed, shown, and named by `--client`.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use pkgseal_repo::Limits;

use crate::failure::hinted;
use crate::report;

/// A family of clients.
pub(super) trait Client: Sized {
    /// What to run to see those there are.
    const LIST: &'static str;

    /// Names of the built-in ones.
    fn names() -> impl Iterator<Item = &'static str>;
    /// A built-in one.
    fn named(name: &str) -> Result<Self>;
    /// One from a file's text.
    fn parse(name: &str, text: &str) -> Result<Self>;
    fn name(&self) -> &str;
    fn summary(&self) -> &str;
    fn checked(&self) -> &str;
    fn text(&self) -> &str;
}

/// Implements [`Client`] by the type's own functions of the same names.
macro_rules! client {
    ($client:ty, $list:literal) => {
        impl crate::commands::clients::Client for $client {
            const LIST: &'static str = $list;

            fn names() -> impl Iterator<Item = &'static str> {
                <$client>::names()
            }

            fn named(name: &str) -> anyhow::Result<Self> {
                Ok(<$client>::named(name)?)
            }

            fn parse(name: &str, text: &str) -> anyhow::Result<Self> {
                Ok(<$client>::parse(name, text)?)
            }

            fn name(&self) -> &str {
                self.name()
            }

            fn summary(&self) -> &str {
                self.summary()
            }

            fn checked(&self) -> &str {
                self.checked()
            }

            fn text(&self) -> &str {
                self.text()
            }
        }
    };
}
pub(super) use client;

/// Lists the clients, or prints the rules of one.
pub(super) fn show<C: Client>(name: Option<&str>) -> Result<ExitCode> {
    match name {
        Some(name) => report::block(one::<C>(name, &Limits::default())?.text())?,
        None => {
            for name in C::names() {
                let client = C::named(name)?;
                report::line(&format!("{name:<10} {}", client.summary()))?;
                report::line(&format!("{:<10} {}", "", client.checked()))?;
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The clients that `--client` names.
pub(super) fn named<C: Client>(names: &[String], limits: &Limits) -> Result<Vec<C>> {
    let mut clients: Vec<C> = Vec::new();
    for name in names {
        let these = if name == "all" {
            C::names().map(C::named).collect::<Result<_>>()?
        } else {
            vec![one(name, limits)?]
        };
        for client in these {
            if !clients.iter().any(|known| known.name() == client.name()) {
                clients.push(client);
            }
        }
    }
    Ok(clients)
}

/// A built-in client, or one from a file.
pub(super) fn one<C: Client>(name: &str, limits: &Limits) -> Result<C> {
    if name.contains('/') || Path::new(name).extension().is_some_and(|end| end == "toml") {
        let bytes = pkgseal_repo::read_file(Path::new(name), limits.side_file)?;
        let text = String::from_utf8(bytes).with_context(|| format!("{name} is not UTF-8"))?;
        return C::parse(name, &text);
    }
    C::named(name).map_err(|error| {
        hinted(
            error.to_string(),
            format!("list them with their rules: {}", C::LIST),
        )
    })
}
