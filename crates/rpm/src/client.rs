//! What the rpm of a given release would say of a package.
//!
//! A [`Client`] is data: which digests and signatures it examines, what it demands, which
//! OpenPGP profile it judges signatures by. [`Client::judge`] follows that rpm's own
//! procedure, lenient where it is lenient and wrong where it is wrong, down to the lines
//! `rpmkeys --checksig` prints. It never makes anything `Verified`: it is an answer about
//! somebody else.
//!
//! A *profile* (of [`pkgseal_openpgp`]) says what an OpenPGP signature is worth; a *client*
//! says what one rpm asks of a package, and names its profile. Our own verdict under such
//! a profile still demands what [`package::verify`](crate::package::verify) demands.
//!
//! The models are held against the real programs by this crate's test `agreement`; the
//! counts and every difference from our own verdict stand in `CLIENTS.md`.

mod certificate;
mod compare;
mod items;
mod metadata;
mod openpgp;
mod packet;
mod procedure;
mod rules;
mod words;

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use pkgseal_openpgp::{Certificate, Profile};
use pkgseal_repo::{DataFileError, DataFiles, Limits};

use crate::error::Result;
use crate::lead::Lead;
use crate::package::{Head, Level, Stop};
use crate::package::{open, read_error};
pub use compare::{ClientOnPackage, Difference};
pub use metadata::{MetadataReader, MetadataVerdict};
pub use procedure::{Item, Verified};
use rules::{CutOffRule, Rules};

const CLIENTS: DataFiles = DataFiles::new(
    "client",
    &[
        ("rpm-4.18", include_str!("../clients/rpm-4.18.toml")),
        ("rpm-4.20", include_str!("../clients/rpm-4.20.toml")),
        ("rpm-6", include_str!("../clients/rpm-6.toml")),
    ],
);

/// The rpm of one release, as data. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Client {
    rules: Arc<Rules>,
    text: Arc<str>,
    profile: Profile,
    cut_offs: Arc<[CutOff]>,
}

/// A day of a client's own clock from which on its policy no longer takes something.
#[derive(Clone, Debug)]
pub struct CutOff {
    /// The line of the profile that changes, and to what: `public-key.dsa.accept = "never"`.
    pub rule: String,
    /// What it is about, as reasons name it: `DSA`.
    pub what: String,
    /// The first second on which it rejects.
    pub from: Timestamp,
    /// By whose policy.
    pub explain: String,
    /// What is in force from then on.
    profile: Profile,
}

/// What a client is asked.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The certificates imported into its keyring.
    pub certificates: &'a [Certificate],
    /// What its clock says.
    pub now: Timestamp,
    /// What it demands, where not its own default.
    pub level: Option<Level>,
    /// Classes it was told not to look at (`--nodigest`, `--nosignature`).
    pub without: Without,
}

/// Which class a client was told not to look at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Without {
    /// `--nodigest`.
    pub digests: bool,
    /// `--nosignature`.
    pub signatures: bool,
}

/// What a client says of one package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientVerdict {
    /// The client's name.
    pub client: String,
    /// Whether it accepts.
    pub accepted: bool,
    /// What it says of each digest and signature, in its order; empty where it could not
    /// read the package.
    pub items: Vec<Item>,
    /// Classes that failed.
    pub failed: Failed,
    /// Why it could not read the package, in our words; empty where it says nothing.
    pub unreadable: Option<String>,
}

/// Which classes of a package failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Failed {
    /// Digests.
    pub digests: bool,
    /// Signatures.
    pub signatures: bool,
}

impl Client {
    /// A built-in client by name.
    ///
    /// # Errors
    /// [`DataFileError`], naming those there are.
    pub fn named(name: &str) -> Result<Self, DataFileError> {
        Self::parse(name, CLIENTS.text(name)?)
    }

    /// Names of the built-in clients, the older releases first.
    pub fn names() -> impl Iterator<Item = &'static str> {
        CLIENTS.names()
    }

    /// Reads a client's file; `based-on` names a built-in one that says the rest.
    ///
    /// # Errors
    /// [`DataFileError`] with the field.
    pub fn parse(name: &str, text: &str) -> Result<Self, DataFileError> {
        let malformed = |reason: String| CLIENTS.malformed(name, reason);
        let rules: Rules = CLIENTS.inherit(name, text)?;
        let profile =
            Profile::named(&rules.profile).map_err(|error| malformed(error.to_string()))?;
        let profile = without(&profile, &rules).map_err(malformed)?;
        let cut_offs = cut_offs(&rules.cut_offs, &profile).map_err(malformed)?;
        Ok(Self {
            rules: rules.into(),
            text: text.into(),
            profile,
            cut_offs: cut_offs.into(),
        })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.rules.name
    }

    /// What it is, in a line.
    pub fn summary(&self) -> &str {
        &self.rules.summary
    }

    /// How its rules were checked.
    pub fn checked(&self) -> &str {
        &self.rules.checked
    }

    /// The file it was read from, explanations and all.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The profile it judges signatures by, before every day on which that changes.
    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// The days on which its profile changes, in order.
    pub fn cut_offs(&self) -> &[CutOff] {
        &self.cut_offs
    }

    /// The profile that is in force by its clock.
    pub fn profile_at(&self, now: Timestamp) -> &Profile {
        let begun = self.cut_offs.iter().rfind(|cut_off| cut_off.from <= now);
        begun.map_or(&self.profile, |cut_off| &cut_off.profile)
    }

    /// What it demands where nothing else is said.
    pub fn level(&self) -> Level {
        self.rules.level.default
    }

    /// What it would say of a package. The file is read once; memory is bounded by its
    /// headers.
    ///
    /// # Errors
    /// [`Error::Read`](crate::Error::Read) when the file cannot be read.
    pub fn judge(
        &self,
        package: &Path,
        question: &Question<'_>,
        limits: &Limits,
    ) -> Result<ClientVerdict> {
        let (mut file, length) = open(package)?;
        let head = match Head::read(&mut file, length) {
            Ok(head) => head,
            Err(Stop::Io(source)) => return Err(read_error(package, source)),
            Err(Stop::Malformed(finding)) => {
                // rpm takes what does not begin like a package for a manifest, silently.
                let silent = finding.code == crate::codes::NOT_A_PACKAGE;
                let why = if silent { "" } else { &finding.detail };
                return Ok(self.unreadable(why));
            }
        };
        if let Some(why) = self.refuses_lead(&head) {
            return Ok(self.unreadable(why));
        }
        procedure::judge(self, &head, &mut file, length, question, limits)
            .map_err(|source| read_error(package, source))
    }

    /// In rpm's words, what of the lead it does not take.
    fn refuses_lead(&self, head: &Head) -> Option<&'static str> {
        let lead = Lead::parse(head.lead())?;
        let mut checks = self.rules.lead.checks.iter();
        checks.find_map(|check| match check {
            rules::LeadCheck::Version => {
                let known = matches!(lead.version().0, 3 | 4);
                (!known).then_some("unsupported RPM package version")
            }
            rules::LeadCheck::SignatureType => {
                (lead.signature_type() != 5).then_some("illegal signature type")
            }
        })
    }

    fn unreadable(&self, why: &str) -> ClientVerdict {
        ClientVerdict {
            client: self.name().to_owned(),
            accepted: false,
            items: Vec::new(),
            failed: Failed::default(),
            unreadable: Some(why.to_owned()),
        }
    }

    /// What `rpmkeys --checksig` prints of a package: standard output, standard error.
    pub fn lines(&self, package: &str, verdict: &ClientVerdict, verbose: bool) -> (String, String) {
        words::lines(package, verdict, verbose)
    }
}

impl CutOff {
    /// The profile in force from then on.
    pub fn profile(&self) -> &Profile {
        &self.profile
    }
}

/// Each changes what those before it left.
/// The profile without the algorithms that a client was built without.
fn without(profile: &Profile, rules: &Rules) -> std::result::Result<Profile, String> {
    let known = |name: &str| profile.text().contains(&format!("[public-key.{name}]"));
    let mut text = String::new();
    for name in &rules.openpgp.unknown_keys {
        if !known(name) {
            return Err(format!("openpgp.unknown-keys: the profile has no `{name}`"));
        }
        text.push_str(&format!(
            "[public-key.{name}]\naccept = \"never\"\nexplain = \"{} does not know it\"\n",
            rules.name
        ));
    }
    let overlaid = profile.overlaid(profile.name(), &text);
    overlaid.map_err(|error| error.to_string())
}

fn cut_offs(rules: &[CutOffRule], profile: &Profile) -> std::result::Result<Vec<CutOff>, String> {
    let mut days = rules
        .iter()
        .map(|rule| {
            let day: Date = rule.day.parse().map_err(|_| {
                format!(
                    "cut-off.day: `{}` is not a day like \"2030-02-01\"",
                    rule.day
                )
            })?;
            let start = day
                .to_zoned(TimeZone::UTC)
                .map_err(|error| error.to_string())?;
            Ok((start.timestamp(), rule))
        })
        .collect::<std::result::Result<Vec<_>, String>>()?;
    days.sort_by_key(|(from, _)| *from);
    let mut before = profile.clone();
    let mut found = Vec::new();
    for (from, rule) in days {
        let (table, field) = rule
            .field
            .rsplit_once('.')
            .ok_or_else(|| format!("cut-off.field: `{}` names no table", rule.field))?;
        let change = format!("[{table}]\n{field} = \"never\"\n");
        before = before
            .overlaid(profile.name(), &change)
            .map_err(|error| error.to_string())?;
        found.push(CutOff {
            rule: format!("{} = \"never\" from {}", rule.field, rule.day),
            what: rule.what.clone(),
            from,
            explain: rule.explain.clone(),
            profile: before.clone(),
        });
    }
    Ok(found)
}

#[cfg(test)]
mod tests;
