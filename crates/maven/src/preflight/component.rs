//! One version of an artifact: what must be there, and what its POM must say.

use std::collections::{BTreeMap, BTreeSet};

use pkgseal_repo::{Code, Finding, SafePath};

use super::file::says;
use crate::pom::{Pom, Says};
use crate::{Coordinates, codes};

/// Parents above parents that are followed.
const GENERATIONS: usize = 16;

/// Packagings whose main file has another extension, or that have none.
const PACKAGINGS: [(&str, &str); 8] = [
    ("maven-plugin", "jar"),
    ("ejb", "jar"),
    ("bundle", "jar"),
    ("eclipse-plugin", "jar"),
    ("test-jar", "jar"),
    ("jar", "jar"),
    ("war", "war"),
    ("aar", "aar"),
];

/// Group, artifact, version.
type Key = (String, String, String);

/// The files of one version.
pub(super) struct Component {
    folder: String,
    key: Key,
    /// Classifier and extension of each.
    files: BTreeSet<(Option<String>, String)>,
    has_pom: bool,
    pom_path: String,
    pom: Option<Pom>,
}

impl Component {
    pub(super) fn new(path: &SafePath) -> Self {
        let folder = path.parent().map(|folder| folder.to_string());
        Self {
            folder: folder.unwrap_or_default(),
            key: Key::default(),
            files: BTreeSet::new(),
            has_pom: false,
            pom_path: String::new(),
            pom: None,
        }
    }

    pub(super) fn add(&mut self, path: &SafePath, found: &Coordinates, pom: Option<Pom>) {
        self.key = (
            found.group.clone(),
            found.artifact.clone(),
            found.version.clone(),
        );
        if crate::tree::is_pom(found) {
            self.has_pom = true;
            self.pom_path = path.to_string();
            self.pom = pom;
        } else {
            self.files
                .insert((found.classifier.clone(), found.extension.clone()));
        }
    }

    fn has(&self, classifier: Option<&str>, extension: &str) -> bool {
        self.files
            .iter()
            .any(|(c, e)| c.as_deref() == classifier && e == extension)
    }

    pub(super) fn judge(&self, parents: &BTreeMap<Key, &Pom>) -> Vec<Finding> {
        let mut findings = Vec::new();
        let folder = self.folder.as_str();
        if self.key.2.ends_with("-SNAPSHOT") {
            findings.push(
                Finding::reject(codes::CENTRAL_SNAPSHOT, folder, "a snapshot is no release")
                    .because("Maven Central, requirements: the version does not end in -SNAPSHOT"),
            );
        }
        if !self.has_pom {
            findings.push(
                Finding::reject(
                    codes::CENTRAL_POM_MISSING,
                    folder,
                    format!("there is no {}-{}.pom", self.key.1, self.key.2),
                )
                .because("Maven Central, requirements: a POM for every component"),
            );
        }
        let Some(pom) = &self.pom else {
            return findings;
        };
        findings.extend(self.files(pom));
        findings.extend(self.says(pom, parents));
        findings
    }

    fn files(&self, pom: &Pom) -> Vec<Finding> {
        let mut findings = Vec::new();
        let packaging = pom.packaging();
        if packaging == "pom" {
            return findings;
        }
        let (_, artifact, version) = &self.key;
        let folder = self.folder.as_str();
        let missing = |code: Code, file: String, words: &str| {
            Finding::reject(code, folder, format!("there is no {file}")).because(says(words))
        };
        for (classifier, code, words) in [
            (
                "sources",
                codes::CENTRAL_SOURCES,
                "Sources must be provided but not found in entries",
            ),
            (
                "javadoc",
                codes::CENTRAL_JAVADOC,
                "Javadocs must be provided but not found in entries",
            ),
        ] {
            if !self.has(Some(classifier), "jar") {
                let file = format!("{artifact}-{version}-{classifier}.jar");
                findings.push(missing(code, file, words).hint(
                    "a jar with nothing but a README is taken where there is nothing to show",
                ));
            }
        }
        let known = PACKAGINGS.iter().find(|(name, _)| *name == packaging);
        let main = match known {
            Some((_, extension)) => self.has(None, extension),
            // A packaging of some plugin's: any file without a classifier may be it.
            None => self
                .files
                .iter()
                .any(|(classifier, _)| classifier.is_none()),
        };
        if !main {
            let extension = known.map_or(packaging, |(_, extension)| extension);
            findings.push(
                Finding::reject(
                    codes::CENTRAL_MAIN,
                    folder,
                    format!(
                        "its packaging is {packaging}, but there is no {artifact}-{version}.{extension}"
                    ),
                )
                .because("Maven Central, requirements: the files that the packaging promises"),
            );
        }
        findings
    }

    fn says(&self, pom: &Pom, parents: &BTreeMap<Key, &Pom>) -> Vec<Finding> {
        let path = self.pom_path.as_str();
        let mut known = pom.says.clone();
        let mut unknown = None;
        let mut next = pom.parent();
        for _ in 0..GENERATIONS {
            let Some(key) = next else { break };
            let Some(parent) = parents.get(&key) else {
                unknown = Some(key);
                break;
            };
            // Everything but the name is inherited.
            known.extend(parent.says.iter().filter(|says| **says != Says::Name));
            next = parent.parent();
        }
        let mut findings = Vec::new();
        for (says_what, code, words) in ASKED {
            if known.contains(&says_what) || (unknown.is_some() && says_what != Says::Name) {
                continue;
            }
            findings.push(Finding::reject(code, path, missing(says_what)).because(says(words)));
        }
        for (says_what, element) in [
            (Says::ScmConnection, "connection"),
            (Says::ScmDeveloperConnection, "developerConnection"),
        ] {
            if known.contains(&Says::ScmUrl) && !known.contains(&says_what) && unknown.is_none() {
                findings.push(
                    Finding::warning(
                        codes::CENTRAL_SCM,
                        path,
                        format!("its scm section has no {element}"),
                    )
                    .because("Maven Central, requirements: scm with connection, developerConnection and url"),
                );
            }
        }
        if let (Some(first), false, None) = (
            pom.unversioned.first(),
            known.contains(&Says::Managed),
            &unknown,
        ) {
            findings.push(
                Finding::reject(
                    codes::CENTRAL_DEPENDENCY,
                    path,
                    format!("its dependency {first} has no version, and nothing manages one"),
                )
                .because("Maven Central, requirements: every dependency has a version"),
            );
        }
        if let Some((group, artifact, version)) = unknown {
            let open: Vec<&str> = ASKED
                .into_iter()
                .filter(|(says, ..)| *says != Says::Name && !known.contains(says))
                .map(|(says, ..)| element(says))
                .collect();
            if !open.is_empty() {
                findings.push(Finding::note(
                    codes::CENTRAL_PARENT,
                    path,
                    format!(
                        "whether {group}:{artifact}:{version}, its parent, has {} is not known here",
                        open.join(", ")
                    ),
                ));
            }
        }
        findings
    }
}

/// What a POM must say, and Central's words where it does not.
const ASKED: [(Says, Code, &str); 6] = [
    (Says::Name, codes::CENTRAL_NAME, "Project name is missing"),
    (
        Says::Description,
        codes::CENTRAL_DESCRIPTION,
        "Project description is missing",
    ),
    (Says::Url, codes::CENTRAL_URL, "Project URL is not defined"),
    (
        Says::License,
        codes::CENTRAL_LICENSE,
        "License information is missing",
    ),
    (Says::ScmUrl, codes::CENTRAL_SCM, "SCM URL is not defined"),
    (
        Says::Developer,
        codes::CENTRAL_DEVELOPERS,
        "Developers information is missing",
    ),
];

fn element(says: Says) -> &'static str {
    match says {
        Says::Name => "a name",
        Says::Description => "a description",
        Says::Url => "a url",
        Says::License => "a license",
        Says::Developer => "a developer",
        Says::ScmUrl => "an scm url",
        Says::ScmConnection => "an scm connection",
        Says::ScmDeveloperConnection => "an scm developerConnection",
        Says::Managed => "managed dependencies",
    }
}

fn missing(says: Says) -> String {
    let inherited = match says {
        Says::Name => ", which is not inherited",
        _ => ", and neither has a parent of it",
    };
    format!("it has not got {}{inherited}", element(says))
}

/// POMs others may inherit from.
pub(super) fn parents<'a>(
    components: impl Iterator<Item = &'a Component>,
) -> BTreeMap<Key, &'a Pom> {
    components
        .filter_map(|component| Some((component.key.clone(), component.pom.as_ref()?)))
        .collect()
}
