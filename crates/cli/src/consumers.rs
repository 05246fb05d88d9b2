//! Everybody who reads certificates, as the keyring crate asks them: the clients of apt and
//! rpm, the generations of systems behind dnf and zypper, and those that are data there.

mod apt;
mod rpm;

use std::sync::Arc;

use anyhow::{Result, bail};
use pkgseal_keyring::consumer::{Consumer, Model};

use crate::failure::hinted;

/// Asked where nobody is named: one for each way of reading that is in wide use.
const USUAL: &[&str] = &[
    "bookworm",
    "noble",
    "trixie",
    "rpm-4.18",
    "rpm-4.20",
    "rpm-6",
    "dnf-el8",
    "dnf-el9",
    "dnf-el10",
    "dnf-fedora",
    "zypper-suse",
    "maven-central",
    "gradle",
    "sequoia",
    "gpg",
];

/// Names of all of them.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    apt::names()
        .chain(rpm::names())
        .chain(rpm::systems())
        .chain(["maven-central", "gradle", "sequoia", "gpg"])
}

/// Those that `--client` names: `all` of them, and the usual ones where none is named.
pub(crate) fn named(names: &[String]) -> Result<Vec<Arc<dyn Consumer>>> {
    if names.is_empty() {
        return USUAL.iter().map(|name| one(name)).collect();
    }
    let mut consumers: Vec<Arc<dyn Consumer>> = Vec::new();
    for name in names {
        let these = if name == "all" {
            self::names().map(one).collect::<Result<Vec<_>>>()?
        } else {
            vec![one(name)?]
        };
        for consumer in these {
            if !consumers
                .iter()
                .any(|known| known.name() == consumer.name())
            {
                consumers.push(consumer);
            }
        }
    }
    Ok(consumers)
}

/// One by name.
pub(crate) fn one(name: &str) -> Result<Arc<dyn Consumer>> {
    if apt::names().any(|known| known == name) {
        return Ok(Arc::new(apt::Apt::named(name)?));
    }
    if rpm::names().any(|known| known == name) {
        return Ok(Arc::new(rpm::Rpm::named(name)?));
    }
    if rpm::systems().any(|known| known == name) {
        return Ok(Arc::new(rpm::Rpm::system(name)?));
    }
    if Model::names().any(|known| known == name) {
        return Ok(Arc::new(Model::named(name)?));
    }
    if name.is_empty() {
        bail!("--client needs a name");
    }
    Err(hinted(
        format!("no client of the name {name}"),
        format!("one of: all, {}", names().collect::<Vec<_>>().join(", ")),
    ))
}

#[cfg(test)]
mod tests;
