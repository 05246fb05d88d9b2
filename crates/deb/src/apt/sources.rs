//! Sources entries (sources.list(5)): read strictly, written, and given to users with the
//! certificates they need.
//!
//! A [`Source`] is one entry. [`read_deb822`] and [`read_one_line`] read files of them,
//! [`Source::deb822`] and [`Source::one_line`] write them, and a [`Kit`] is what a
//! publisher hands out: the entry and its certificates, read back and held against the
//! models of clients before anything is written.

mod kit;
mod read;
mod write;

use pkgseal_openpgp::Fingerprint;
use pkgseal_repo::{Code, Finding};

pub use kit::{Form, Kit};
pub use read::{read_deb822, read_one_line};

use crate::codes;

/// Bytes of a sources file read at most.
const MOST_BYTES: usize = 1 << 20;
/// Characters of one value.
const LONGEST: usize = 4096;

/// One entry: where packages come from, and who may sign there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// `deb`, `deb-src`, or both.
    pub types: Vec<SourceType>,
    /// Where, at least one.
    pub uris: Vec<String>,
    /// Suites, or a folder that ends in `/`; at least one.
    pub suites: Vec<String>,
    /// Components; none for a folder.
    pub components: Vec<String>,
    /// Architectures; none means the client's own.
    pub architectures: Vec<String>,
    /// Who may sign.
    pub signed_by: SignedBy,
    /// Whether clients use it.
    pub enabled: Enabled,
}

/// What an entry serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceType {
    /// Packages.
    Deb,
    /// Source packages.
    DebSrc,
}

impl SourceType {
    fn word(self) -> &'static str {
        match self {
            Self::Deb => "deb",
            Self::DebSrc => "deb-src",
        }
    }

    fn of(word: &str) -> Option<Self> {
        [Self::Deb, Self::DebSrc]
            .into_iter()
            .find(|known| known.word() == word)
    }
}

/// Whether clients use an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Enabled {
    /// They do.
    Yes,
    /// `Enabled: no`.
    No,
}

/// Who may sign what an entry serves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignedBy {
    /// Nobody is named: whatever the client trusts for everything.
    Anyone,
    /// Key files, and fingerprints that restrict them; `true` for `FPR!`.
    Named {
        /// Absolute paths.
        files: Vec<String>,
        /// Fingerprints of 40 digits, each perhaps of that very key only.
        fingerprints: Vec<Pinned>,
    },
    /// Armored certificates inside the entry, lines ended by LF.
    Inline(String),
}

/// A fingerprint in `Signed-By`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pinned {
    /// Of a certificate or a key.
    pub fingerprint: Fingerprint,
    /// Whether it ends in `!`.
    pub exact: bool,
}

impl Source {
    /// Holds every value against what clients read the same way in both styles.
    ///
    /// # Errors
    /// The first finding that rejects it (`apt.sources.value`).
    pub fn check(&self) -> Result<(), Box<Finding>> {
        let some = |name: &str, values: usize| match values {
            0 => Err(value(name, "", "is empty")),
            _ => Ok(()),
        };
        some("Types", self.types.len())?;
        some("URIs", self.uris.len())?;
        some("Suites", self.suites.len())?;
        self.uris.iter().try_for_each(|uri| check_uri(uri))?;
        for suite in &self.suites {
            check_word("Suites", suite, "._+~:/-")?;
            let folder = suite.ends_with('/');
            if folder && !self.components.is_empty() {
                return Err(value("Components", suite, "a folder has no components"));
            }
            if !folder && self.components.is_empty() {
                return Err(value("Components", suite, "a suite needs a component"));
            }
            // `./` is the folder of a flat repository.
            let climbs = |part: &str| part == ".." || (part == "." && suite != "./");
            if suite.starts_with('/') && suite != "/" || suite.split('/').any(climbs) {
                return Err(value("Suites", suite, "is absolute or climbs"));
            }
        }
        for component in &self.components {
            check_word("Components", component, "._+~/-")?;
            if component
                .split('/')
                .any(|part| matches!(part, "" | "." | ".."))
            {
                return Err(value("Components", component, "is absolute or climbs"));
            }
        }
        for architecture in &self.architectures {
            check_word("Architectures", architecture, "-")?;
        }
        self.check_signed_by()
    }

    fn check_signed_by(&self) -> Result<(), Box<Finding>> {
        const NAME: &str = "Signed-By";
        match &self.signed_by {
            SignedBy::Anyone => Ok(()),
            SignedBy::Named {
                files,
                fingerprints,
            } => {
                some_signer(files, fingerprints)?;
                for file in files {
                    check_plain(NAME, file)?;
                    if !file.starts_with('/') || file.split('/').any(|part| part == "..") {
                        return Err(value(NAME, file, "is no absolute path"));
                    }
                    if file.contains([',', '[', ']', '=', '"', '\'', '#', '%', '\\']) {
                        return Err(value(NAME, file, "has a character that ends it for some"));
                    }
                }
                // Clients take v4 fingerprints only.
                match fingerprints
                    .iter()
                    .find(|pin| pin.fingerprint.as_str().len() != 40)
                {
                    Some(pin) => Err(value(
                        NAME,
                        pin.fingerprint.as_str(),
                        "is no fingerprint of 40 digits, and clients read no others",
                    )),
                    None => Ok(()),
                }
            }
            SignedBy::Inline(block) => {
                let fits = block.starts_with("-----BEGIN PGP PUBLIC KEY BLOCK-----\n")
                    && block.ends_with("-----END PGP PUBLIC KEY BLOCK-----\n")
                    && block
                        .chars()
                        .all(|c| c == '\n' || (c.is_ascii() && !c.is_ascii_control()))
                    && block.lines().all(|line| line.trim() == line && line != ".");
                if fits {
                    Ok(())
                } else {
                    Err(value(
                        NAME,
                        "",
                        "holds something else than armored certificates",
                    ))
                }
            }
        }
    }

    /// The pairs of URI and suite that apt knows it by: a trailing slash of the URI is no
    /// difference.
    fn places(&self) -> impl Iterator<Item = (&str, &str)> {
        self.uris.iter().flat_map(|uri| {
            let uri = uri.trim_end_matches('/');
            self.suites.iter().map(move |suite| (uri, suite.as_str()))
        })
    }
}

fn some_signer(files: &[String], fingerprints: &[Pinned]) -> Result<(), Box<Finding>> {
    if files.is_empty() && fingerprints.is_empty() {
        return Err(value("Signed-By", "", "is empty"));
    }
    Ok(())
}

/// Pairs of entries that apt refuses together: the same URI and suite, and another
/// `Signed-By`. One that names nobody is in nobody's way.
pub fn conflicts(sources: &[Source]) -> Vec<Finding> {
    let mut found = Vec::new();
    for (number, one) in sources.iter().enumerate() {
        for other in sources.iter().skip(number + 1) {
            let unset = |source: &Source| source.signed_by == SignedBy::Anyone;
            let off = |source: &Source| source.enabled == Enabled::No;
            if one.signed_by == other.signed_by
                || unset(one)
                || unset(other)
                || off(one)
                || off(other)
            {
                continue;
            }
            let shared = one
                .places()
                .find(|place| other.places().any(|known| known == *place));
            if let Some((uri, suite)) = shared {
                let detail = format!("two entries for {uri} {suite} with another Signed-By each");
                let finding = Finding::reject(codes::SOURCES_CONFLICT, uri, detail)
                    .hint("remove one of them, or give both the same Signed-By");
                found.push(finding);
            }
        }
    }
    found
}

/// A URI as every client and both styles read it.
fn check_uri(uri: &str) -> Result<(), Box<Finding>> {
    const NAME: &str = "URIs";
    check_plain(NAME, uri)?;
    let Some((scheme, rest)) = uri.split_once(':') else {
        return Err(value(NAME, uri, "has no scheme, such as https:"));
    };
    let known = [
        "http",
        "https",
        "file",
        "copy",
        "tor+http",
        "tor+https",
        "mirror+http",
        "mirror+https",
        "mirror+file",
        "ftp",
        "s3",
        "ssh",
    ];
    if !known.contains(&scheme) {
        return Err(value(NAME, uri, "is of a kind that clients do not fetch"));
    }
    if rest.contains([
        '[', ']', '"', '\'', '<', '>', '\\', '^', '`', '{', '|', '}', '#', '?',
    ]) {
        return Err(value(
            NAME,
            uri,
            "has a character that is none of a URI's path",
        ));
    }
    let path = if matches!(scheme, "file" | "copy" | "mirror+file") {
        rest
    } else {
        let Some(rest) = rest.strip_prefix("//") else {
            return Err(value(NAME, uri, "has no host"));
        };
        let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        if host.contains('@') {
            let finding = *value(NAME, uri, "holds a user name or password, for all to read");
            return Err(Box::new(finding.hint("put them into /etc/apt/auth.conf.d")));
        }
        let fits = |c: char| c.is_ascii_alphanumeric() || ".-:_".contains(c);
        if host.is_empty() || !host.chars().all(fits) {
            return Err(value(NAME, uri, "has no host name in ASCII"));
        }
        path
    };
    if matches!(scheme, "file" | "copy" | "mirror+file") && !path.starts_with('/') {
        return Err(value(NAME, uri, "is no absolute path"));
    }
    if path.split('/').any(|part| part == "..") {
        return Err(value(NAME, uri, "climbs"));
    }
    Ok(())
}

/// Letters, digits, and these.
fn check_word(name: &str, text: &str, more: &str) -> Result<(), Box<Finding>> {
    check_plain(name, text)?;
    if text
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || more.contains(c))
        && !text.starts_with('-')
    {
        return Ok(());
    }
    Err(value(
        name,
        text,
        "has a character that clients do not expect there",
    ))
}

/// Visible ASCII without blanks, and not too long: no line end can be smuggled in.
fn check_plain(name: &str, text: &str) -> Result<(), Box<Finding>> {
    if text.is_empty() {
        return Err(value(name, text, "is empty"));
    }
    if text.len() > LONGEST {
        return Err(value(name, "", "is longer than 4096 characters"));
    }
    if !text.chars().all(|c| c.is_ascii_graphic()) {
        return Err(value(
            name,
            text,
            "has a blank, a control character, or is not ASCII",
        ));
    }
    Ok(())
}

fn value(field: &str, text: &str, what: &str) -> Box<Finding> {
    let detail = if text.is_empty() {
        format!("{field} {what}")
    } else {
        format!("{field}: {text} {what}")
    };
    reject(codes::SOURCES_VALUE, detail)
}

fn reject(code: Code, detail: impl Into<String>) -> Box<Finding> {
    Box::new(Finding::reject(code, "", detail))
}

#[cfg(test)]
mod tests;
