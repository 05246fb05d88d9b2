//! What to ask of a repository: which part of it, how deep, how fresh, and whose.

use pkgseal_repo::{Finding, SafePath};

use super::freshness::Freshness;
use super::pattern::Pattern;
use super::release::Release;
use crate::codes;

/// How deep to look. Each level includes those before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Signed roots: signatures, form, dates, identity.
    Signatures,
    /// Every listed index that is there: as stored, decompressed, by-hash.
    Indices,
    /// Every file of the pool is there and has its size; what nothing lists is named.
    Existence,
    /// Every file of the pool has its digests.
    #[default]
    Content,
    /// Every package's control fields are those of its Packages stanza, every .dsc's
    /// those of its Sources stanza.
    Control,
}

/// What [`verify_tree_with`](super::verify_tree_with) asks of a repository. The default
/// is what [`verify_tree`](super::verify_tree) asks: everything there is, to the content
/// of every file, with the dates as apt judges them.
#[derive(Clone, Debug, Default)]
pub struct TreeRequest {
    /// How deep to look.
    pub level: Level,
    /// Which part has to be there.
    pub scope: Scope,
    /// What suites have to be, and how fresh. All that apply to a suite have to hold; of
    /// dates, the last that says something about one counts.
    pub expectations: Vec<Expectation>,
}

/// Which part of a repository has to be there.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    /// Suites to look at, by folder below `dists`, Suite or Codename; all, where none is
    /// named. A pattern that matches no suite rejects.
    pub suites: Vec<Pattern>,
    /// Components whose packages have to be there, as sources entries name them (`main`,
    /// `main/debian-installer`); of all where none is named. What is there of others is
    /// still checked, but their packages may be missing. A suite with no index of a
    /// component named here rejects; so does an index missing of a component and an
    /// architecture that are both named.
    pub components: Vec<String>,
    /// Architectures whose packages have to be there, `source` for sources; as
    /// `components`.
    pub architectures: Vec<String>,
}

impl Scope {
    /// Whether it names a part at all.
    pub(super) fn names(&self) -> bool {
        !self.components.is_empty() || !self.architectures.is_empty()
    }

    /// Whether this index, by its path below the suite's folder, is of the part that has
    /// to be there.
    pub(super) fn holds(&self, index: &SafePath, release: &Release) -> bool {
        let Some((component, architecture)) = place(index.as_str()) else {
            return true;
        };
        let among = |names: &[String], name: &str| {
            names.is_empty()
                || names.iter().any(|wanted| {
                    wanted == name
                        || name
                            .strip_suffix(wanted.as_str())
                            .is_some_and(|rest| rest.ends_with('/'))
                })
        };
        let architectures = &self.architectures;
        // Clients of an architecture read the index of `all` too where there is one.
        let all = architecture == "all"
            && architectures.iter().any(|wanted| wanted != "source")
            && release.has_index_of_all();
        among(&self.components, component) && (all || among(architectures, architecture))
    }
}

/// Component and architecture of an index, by its path below the suite's folder.
pub(super) fn place(index: &str) -> Option<(&str, &str)> {
    let (folder, _) = index.rsplit_once('/')?;
    let (component, last) = folder.rsplit_once('/')?;
    let architecture = match last {
        "source" => last,
        last => last.strip_prefix("binary-")?,
    };
    Some((component, architecture))
}

/// What a suite has to say of itself, and how fresh it has to be.
#[derive(Clone, Debug, Default)]
pub struct Expectation {
    /// The suites it is about, as [`Scope::suites`]; all, where there is none.
    pub about: Option<Pattern>,
    /// Its Suite.
    pub suite: Option<String>,
    /// Its Codename.
    pub codename: Option<String>,
    /// Its Origin.
    pub origin: Option<String>,
    /// Its Label.
    pub label: Option<String>,
    /// Components it has to have among its own.
    pub components: Vec<String>,
    /// How fresh.
    pub freshness: Freshness,
}

impl Expectation {
    /// Whether it says anything about this suite.
    pub(super) fn is_about(&self, directory: Option<&SafePath>, release: &Release) -> bool {
        self.about
            .as_ref()
            .is_none_or(|pattern| is_named(pattern, directory, release))
    }

    /// How the Release is not what is expected.
    pub(super) fn differs(&self, subject: &str, release: &Release) -> Vec<Finding> {
        let fields = [
            ("Suite", &self.suite),
            ("Codename", &self.codename),
            ("Origin", &self.origin),
            ("Label", &self.label),
        ];
        let mut findings = Vec::new();
        let mut reject = |field: &str, detail: String| {
            findings.push(
                Finding::reject(codes::RELEASE_IDENTITY, subject, detail)
                    .because(format!("its field {field}")),
            );
        };
        for (field, expected) in fields {
            let Some(expected) = expected else { continue };
            match release.field(field) {
                Some(actual) if actual == expected => {}
                Some(actual) => reject(field, format!("{field} is {actual}, not {expected}")),
                None => reject(field, format!("it has no {field}, not {expected}")),
            }
        }
        for component in &self.components {
            if !release.has_component(component) {
                reject("Components", format!("it has no component {component}"));
            }
        }
        findings
    }
}

/// Whether a pattern names a suite: its folder, its Suite or its Codename.
pub(super) fn is_named(pattern: &Pattern, directory: Option<&SafePath>, release: &Release) -> bool {
    let folder = directory.map(|path| path.as_str().trim_start_matches("dists/"));
    [folder, release.field("Suite"), release.field("Codename")]
        .into_iter()
        .flatten()
        .any(|name| pattern.matches(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indices_have_a_component_and_an_architecture() {
        for (path, expected) in [
            ("main/binary-amd64/Packages", Some(("main", "amd64"))),
            (
                "updates/main/source/Sources",
                Some(("updates/main", "source")),
            ),
            (
                "main/debian-installer/binary-i386/Packages",
                Some(("main/debian-installer", "i386")),
            ),
            ("Packages", None),
            ("binary-amd64/Packages", None),
            ("main/i18n/Translation-en", None),
        ] {
            assert_eq!(place(path), expected, "{path}");
        }
    }
}
