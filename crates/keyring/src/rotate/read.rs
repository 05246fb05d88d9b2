//! Reading a plan: strictly, for it decides what is signed.

use std::collections::BTreeSet;
use std::path::PathBuf;

use jiff::{SignedDuration, Timestamp};
use pkgseal_openpgp::{Certificate, Fingerprint};
use serde::Deserialize;

use super::plan::{Done, Format, Party, Plan, PublishedKeyring, Repository, ResignPackages, Step};
use crate::{Error, Result};

/// Repositories, keyrings, clients of one: at most.
const MOST: usize = 1000;
/// Longest window.
const LONGEST: SignedDuration = SignedDuration::from_hours(24 * 3660);

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct File {
    version: u32,
    made: String,
    window: String,
    settle: String,
    old: Side,
    new: Side,
    #[serde(default)]
    repository: Vec<Place>,
    #[serde(default)]
    keyring: Vec<Ring>,
    #[serde(default)]
    done: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Side {
    fingerprint: String,
    signing_key: String,
    certificate: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Place {
    format: String,
    path: String,
    url: Option<String>,
    clients: Vec<String>,
    #[serde(default)]
    packages: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Ring {
    path: String,
    #[serde(default)]
    keeps_old: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Entry {
    step: String,
    begun: String,
    ended: Option<String>,
    #[serde(default)]
    stranded: Vec<String>,
    pinned_until: Option<String>,
}

fn wrong(field: impl Into<String>, reason: impl Into<String>) -> Error {
    Error::Plan {
        field: field.into(),
        reason: reason.into(),
    }
}

impl Plan {
    /// Reads a plan file.
    ///
    /// # Errors
    /// [`Error::Plan`], naming the field: an unknown one, a certificate that is not the one
    /// its fingerprint says, a path that is not absolute, a journal out of order…
    pub fn read(text: &str) -> Result<Self> {
        let file: File =
            toml::from_str(text).map_err(|error| wrong("syntax", error.to_string().trim_end()))?;
        if file.version != 1 {
            let reason = format!("{} is a version this program does not know", file.version);
            return Err(wrong("version", reason));
        }
        let plan = Self {
            made: moment("made", &file.made)?,
            window: length("window", &file.window)?,
            settle: length("settle", &file.settle)?,
            old: side("old", file.old)?,
            new: side("new", file.new)?,
            repositories: some("repository", file.repository)?
                .into_iter()
                .map(repository)
                .collect::<Result<_>>()?,
            keyrings: some("keyring", file.keyring)?
                .into_iter()
                .map(|ring| {
                    Ok(PublishedKeyring {
                        path: absolute("keyring.path", &ring.path)?,
                        keeps_old: ring.keeps_old,
                    })
                })
                .collect::<Result<_>>()?,
            done: some("done", file.done)?
                .into_iter()
                .map(entry)
                .collect::<Result<_>>()?,
        };
        plan.check()?;
        Ok(plan)
    }

    /// What must hold of every plan, read or made.
    ///
    /// # Errors
    /// [`Error::Plan`].
    pub fn check(&self) -> Result<()> {
        if self.old.key == self.new.key {
            return Err(wrong(
                "new.signing-key",
                "it is the old one: nothing would change",
            ));
        }
        if self.repositories.is_empty() {
            return Err(wrong("repository", "there is none"));
        }
        let mut paths = BTreeSet::new();
        for repository in &self.repositories {
            if !paths.insert(&repository.path) {
                let reason = format!("{} stands twice", repository.path.display());
                return Err(wrong("repository.path", reason));
            }
            if repository.clients.is_empty() {
                let reason = format!("{}: nobody is counted", repository.path.display());
                return Err(wrong("repository.clients", reason));
            }
            if repository.packages == ResignPackages::Resign && repository.format != Format::Yum {
                let reason = "only packages of a yum repository carry signatures of their own";
                return Err(wrong("repository.packages", reason));
            }
        }
        let mut rings = BTreeSet::new();
        for ring in &self.keyrings {
            if !rings.insert(&ring.path) {
                let reason = format!("{} stands twice", ring.path.display());
                return Err(wrong("keyring.path", reason));
            }
        }
        journal(&self.done, self.made)
    }
}

/// Steps in order, times in order, and nothing behind what was interrupted.
fn journal(done: &[Done], made: Timestamp) -> Result<()> {
    let mut before: Option<&Done> = None;
    for entry in done {
        let since = before.and_then(|before| before.ended).unwrap_or(made);
        let named = |reason: &str| wrong(format!("done.{}", entry.step), reason);
        match before {
            Some(before) if before.ended.is_none() => {
                return Err(named("the step before it was not ended"));
            }
            Some(before) if before.step >= entry.step => {
                return Err(named("it stands behind a later step, or twice"));
            }
            _ => {}
        }
        if entry.begun < since {
            return Err(named("it was begun before what comes first"));
        }
        if entry.ended.is_some_and(|ended| ended < entry.begun) {
            return Err(named("it was ended before it was begun"));
        }
        before = Some(entry);
    }
    Ok(())
}

fn moment(field: &str, text: &str) -> Result<Timestamp> {
    text.parse().map_err(|_| {
        wrong(
            field,
            format!("{text:?} is no time such as 2025-03-01T00:00:00Z"),
        )
    })
}

fn length(field: &str, text: &str) -> Result<SignedDuration> {
    let length = pkgseal_repo::parse_duration(text).map_err(|reason| wrong(field, reason))?;
    if length > LONGEST {
        return Err(wrong(field, "more than ten years"));
    }
    Ok(length)
}

fn some<T>(field: &str, list: Vec<T>) -> Result<Vec<T>> {
    if list.len() > MOST {
        return Err(wrong(field, format!("more than {MOST}")));
    }
    Ok(list)
}

fn absolute(field: &str, text: &str) -> Result<PathBuf> {
    let path = PathBuf::from(text);
    if !path.is_absolute() || text.contains(char::is_control) {
        return Err(wrong(field, format!("{text:?} is no absolute path")));
    }
    Ok(path)
}

fn side(name: &str, side: Side) -> Result<Party> {
    let field = |what: &str| format!("{name}.{what}");
    let fingerprint = |what: &str, text: &str| {
        Fingerprint::parse(text)
            .ok_or_else(|| wrong(field(what), format!("{text:?} is no full fingerprint")))
    };
    let (certificates, errors) = Certificate::parse_all(side.certificate.as_bytes());
    let [certificate] = certificates.as_slice() else {
        let reason = match errors.first() {
            Some(error) => error.reason.clone(),
            None => format!("{} certificates, and one is needed", certificates.len()),
        };
        return Err(wrong(field("certificate"), reason));
    };
    if certificate.fingerprint() != fingerprint("fingerprint", &side.fingerprint)? {
        let reason = format!(
            "it is {}, not what fingerprint says",
            certificate.fingerprint()
        );
        return Err(wrong(field("certificate"), reason));
    }
    let key = fingerprint("signing-key", &side.signing_key)?;
    // Which keys there are does not depend on the moment.
    let keys = certificate.keys(&pkgseal_openpgp::Profile::strict(), Timestamp::UNIX_EPOCH);
    if keys.iter().all(|known| known.fingerprint != key) {
        return Err(wrong(
            field("signing-key"),
            format!("{key} is not in the certificate"),
        ));
    }
    Ok(Party {
        certificate: certificate.clone(),
        key,
    })
}

fn repository(place: Place) -> Result<Repository> {
    let format = Format::named(&place.format).ok_or_else(|| {
        let reason = format!("{:?} is none of apt, yum and maven", place.format);
        wrong("repository.format", reason)
    })?;
    let clients = some("repository.clients", place.clients)?;
    if let Some(odd) = clients.iter().find(|name| !is_word(name)) {
        return Err(wrong("repository.clients", format!("{odd:?} is no name")));
    }
    Ok(Repository {
        format,
        path: absolute("repository.path", &place.path)?,
        url: match place.url {
            Some(url) if url.contains(char::is_whitespace) || url.contains(char::is_control) => {
                return Err(wrong("repository.url", format!("{url:?} is no URL")));
            }
            url => url,
        },
        clients,
        packages: match place.packages.as_deref() {
            None | Some("keep") => ResignPackages::Keep,
            Some("re-sign") => ResignPackages::Resign,
            Some(other) => {
                let reason = format!("{other:?} is neither keep nor re-sign");
                return Err(wrong("repository.packages", reason));
            }
        },
    })
}

fn is_word(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    !name.is_empty() && name.len() <= 64 && name.bytes().all(fits)
}

fn entry(entry: Entry) -> Result<Done> {
    let step = Step::named(&entry.step).ok_or_else(|| {
        let names: Vec<_> = Step::ALL.iter().map(|step| step.name()).collect();
        wrong(
            "done.step",
            format!("{:?} is none of {}", entry.step, names.join(", ")),
        )
    })?;
    Ok(Done {
        step,
        begun: moment("done.begun", &entry.begun)?,
        ended: entry
            .ended
            .as_deref()
            .map(|text| moment("done.ended", text))
            .transpose()?,
        stranded: some("done.stranded", entry.stranded)?,
        pinned_until: entry
            .pinned_until
            .as_deref()
            .map(|text| moment("done.pinned-until", text))
            .transpose()?,
    })
}
