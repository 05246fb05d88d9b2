//! What a POM says it is. Its path is not signed; this is.

use std::collections::BTreeSet;

use pkgseal_openpgp::Verified;
use pkgseal_repo::Finding;
use quick_xml::events::BytesStart;

use crate::xml::{self, Caps, Visitor};
use crate::{Coordinates, codes};

/// Real POMs have fewer than twenty elements within each other. Their size is bounded.
const CAPS: Caps = Caps {
    depth: 100,
    elements: usize::MAX,
};
/// Dependencies without a version that are remembered.
const MAX_UNVERSIONED: usize = 100;

/// What a POM says of itself (POM reference, "Maven Coordinates", "Inheritance" and "More
/// Project Information").
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Pom {
    pub(crate) group: Option<String>,
    pub(crate) artifact: Option<String>,
    pub(crate) version: Option<String>,
    pub(crate) parent_group: Option<String>,
    pub(crate) parent_artifact: Option<String>,
    pub(crate) parent_version: Option<String>,
    pub(crate) packaging: Option<String>,
    /// What else is there and not empty.
    pub(crate) says: BTreeSet<Says>,
    /// Dependencies of its own without a version.
    pub(crate) unversioned: Vec<String>,
    /// The dependency being read: artifactId, and whether it has a version.
    dependency: (String, bool),
}

/// What Maven Central asks of a POM beside coordinates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Says {
    Name,
    Description,
    Url,
    License,
    Developer,
    ScmUrl,
    ScmConnection,
    ScmDeveloperConnection,
    /// Versions of dependencies that are managed here.
    Managed,
}

/// Compares a verified POM with the coordinates its path has. Values with a property in
/// them (`${revision}`) are known to Maven only, and are passed over.
pub(crate) fn compare(pom: &Verified<Vec<u8>>, name: &str, path: &Coordinates) -> Option<Finding> {
    let pom = match Pom::parse(pom.get()) {
        Ok(pom) => pom,
        Err(reason) => return Some(Finding::reject(codes::POM_MALFORMED, name, reason)),
    };
    let fields = [
        ("groupId", pom.group(), &path.group),
        ("artifactId", pom.artifact.as_deref(), &path.artifact),
        ("version", pom.version(), &path.version),
    ];
    fields.into_iter().find_map(|(field, says, expected)| {
        let Some(says) = says else {
            let reason = format!("it has no {field}");
            return Some(Finding::reject(codes::POM_MALFORMED, name, reason));
        };
        (says != *expected && !says.contains("${")).then(|| {
            Finding::reject(
                codes::POM_MISMATCH,
                name,
                format!("its {field} is {says}, its path says {expected}"),
            )
            .because("the signed POM")
        })
    })
}

impl Visitor for Pom {
    fn start(&mut self, _: &[String], _: &BytesStart<'_>) -> Result<(), String> {
        Ok(())
    }

    fn end(&mut self, path: &[String], text: &str) -> Result<(), String> {
        self.take(path, text)
    }

    /// Kept as it stands: no coordinate has one.
    fn reference(&mut self, name: &str) -> Result<String, String> {
        Ok(format!("&{name}"))
    }
}

impl Pom {
    /// Reads the few elements that matter; all the rest must be well-formed.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, String> {
        let mut pom = Self::default();
        // Old POMs are Latin-1 with an umlaut in a name; coordinates are ASCII.
        xml::read(&String::from_utf8_lossy(bytes), CAPS, &mut pom)?;
        Ok(pom)
    }

    /// One element is over.
    fn take(&mut self, stack: &[String], text: &str) -> Result<(), String> {
        let mut names = stack.iter().map(String::as_str);
        let path = [
            names.next(),
            names.next(),
            names.next(),
            names.next(),
            names.next(),
        ]
        .map(Option::unwrap_or_default);
        let field = match path {
            ["project", "groupId", "", "", ""] => &mut self.group,
            ["project", "artifactId", "", "", ""] => &mut self.artifact,
            ["project", "version", "", "", ""] => &mut self.version,
            ["project", "packaging", "", "", ""] => &mut self.packaging,
            ["project", "parent", "groupId", "", ""] => &mut self.parent_group,
            ["project", "parent", "artifactId", "", ""] => &mut self.parent_artifact,
            ["project", "parent", "version", "", ""] => &mut self.parent_version,
            ["project", ..] => {
                self.note(path, text.trim());
                return Ok(());
            }
            _ => return Err("its root element is not project".to_owned()),
        };
        if field.replace(text.trim().to_owned()).is_some() {
            let name = stack.last().map(String::as_str);
            return Err(format!("it has two {}", name.unwrap_or_default()));
        }
        Ok(())
    }

    /// An element that Maven itself does not need.
    fn note(&mut self, path: [&str; 5], text: &str) {
        let dependency = ["project", "dependencies", "dependency"];
        if path.starts_with(&dependency) {
            match path {
                [_, _, _, "", ""] => {
                    let (name, versioned) = std::mem::take(&mut self.dependency);
                    if !versioned && self.unversioned.len() < MAX_UNVERSIONED {
                        self.unversioned.push(name);
                    }
                }
                [_, _, _, "artifactId", ""] => text.clone_into(&mut self.dependency.0),
                [_, _, _, "version", ""] => self.dependency.1 = !text.is_empty(),
                _ => {}
            }
            return;
        }
        let says = match path {
            ["project", "name", "", "", ""] => Says::Name,
            ["project", "description", "", "", ""] => Says::Description,
            ["project", "url", "", "", ""] => Says::Url,
            ["project", "licenses", "license", "name" | "url", ""] => Says::License,
            [
                "project",
                "developers",
                "developer",
                "id" | "name" | "email" | "organization" | "url",
                "",
            ] => Says::Developer,
            ["project", "scm", "url", "", ""] => Says::ScmUrl,
            ["project", "scm", "connection", "", ""] => Says::ScmConnection,
            ["project", "scm", "developerConnection", "", ""] => Says::ScmDeveloperConnection,
            [
                "project",
                "dependencyManagement",
                "dependencies",
                "dependency",
                "artifactId",
            ] => Says::Managed,
            _ => return,
        };
        if !text.is_empty() {
            self.says.insert(says);
        }
    }

    /// Its group, its parent's where it has none of its own.
    pub(crate) fn group(&self) -> Option<&str> {
        self.group.as_deref().or(self.parent_group.as_deref())
    }

    /// Its version, its parent's where it has none of its own.
    pub(crate) fn version(&self) -> Option<&str> {
        self.version.as_deref().or(self.parent_version.as_deref())
    }

    /// `jar` where it says nothing.
    pub(crate) fn packaging(&self) -> &str {
        self.packaging.as_deref().unwrap_or("jar")
    }

    /// Its parent's group, artifact and version.
    pub(crate) fn parent(&self) -> Option<(String, String, String)> {
        Some((
            self.parent_group.clone()?,
            self.parent_artifact.clone()?,
            self.parent_version.clone()?,
        ))
    }
}

#[cfg(test)]
mod tests {
    use pkgseal_repo::{Code, SafePath};
    use proptest::prelude::*;

    use super::*;

    fn check(pom: &str) -> Option<Finding> {
        let path = SafePath::new("org/example/lib/1.0/lib-1.0.pom").unwrap();
        let path = Coordinates::of(&path).unwrap();
        compare(
            &Verified::danger_unverified(pom.as_bytes().to_vec()),
            "lib-1.0.pom",
            &path,
        )
    }

    fn project(inner: &str) -> String {
        format!("<?xml version=\"1.0\"?>\n<!-- x -->\n<project xmlns=\"x\">{inner}</project>\n")
    }

    const ALL: &str =
        "<groupId>org.example</groupId><artifactId>lib</artifactId><version>1.0</version>";

    #[test]
    fn a_pom_at_its_place_is_fine() {
        for pom in [
            project(ALL),
            project(&format!("<name>a &amp; b &copy; c</name>{ALL}<empty/>")),
            project(&ALL.replace("1.0", "\n  1.0\n")),
            project(&ALL.replace("1.0", "${revision}")),
            project(&ALL.replace("1.0", "<![CDATA[1.0]]>")),
            project(&ALL.replace("1.0", "1<!-- x -->.0")),
            project(
                "<parent><groupId>org.example</groupId><artifactId>up</artifactId>\
                 <version>1.0</version></parent><artifactId>lib</artifactId>",
            ),
            project(&format!(
                "<dependencies><dependency><groupId>other</groupId><version>9</version>\
                 </dependency></dependencies>{ALL}"
            )),
        ] {
            assert_eq!(check(&pom), None, "{pom}");
        }
    }

    #[test]
    fn an_umlaut_in_latin_1_does_no_harm() {
        let mut bytes = project(&format!("<name>x</name>{ALL}")).into_bytes();
        let name = bytes.windows(3).position(|w| w == b">x<").unwrap() + 1;
        bytes[name] = 0xfc;
        assert!(Pom::parse(&bytes).is_ok());
    }

    #[test]
    fn another_pom_is_told_apart() {
        for (from, to, words) in [
            (
                "org.example",
                "org.evil",
                "its groupId is org.evil, its path says org.example",
            ),
            (">lib", ">bil", "its artifactId is bil, its path says lib"),
            ("1.0", "0.9", "its version is 0.9, its path says 1.0"),
            ("1.0", "1&#46;0", "its version is 1&#46"),
            ("1.0", "", "its version is , its path says 1.0"),
        ] {
            let finding = check(&project(&ALL.replace(from, to))).unwrap();
            assert_eq!(finding.code, codes::POM_MISMATCH);
            assert!(finding.detail.contains(words), "{finding:?}");
        }
        let inherited = "<parent><groupId>org.example</groupId><version>0.9</version></parent>\
             <artifactId>lib</artifactId>";
        assert!(check(&project(inherited)).is_some());
    }

    #[test]
    fn what_is_no_pom_is_refused() {
        let deep = "<a>".repeat(200) + &"</a>".repeat(200);
        for (pom, words) in [
            (String::new(), "ends too early"),
            ("text".to_owned(), "ends too early"),
            ("<project>".to_owned(), "ends too early"),
            ("<project></version>".to_owned(), "at byte"),
            ("<metadata></metadata>".to_owned(), "not project"),
            (project(ALL) + &project(ALL), "second root"),
            (format!("<!DOCTYPE x []>{}", project(ALL)), "document type"),
            (
                project(&format!("{ALL}<version>1.0</version>")),
                "two version",
            ),
            (project("<artifactId>lib</artifactId>"), "no groupId"),
            (project(&ALL.replace("artifactId", "x")), "no artifactId"),
            (project(&deep), "nested deeper"),
        ] {
            let finding = check(&pom).unwrap();
            let expected: Code = codes::POM_MALFORMED;
            assert_eq!(finding.code, expected, "{pom}");
            assert!(finding.detail.contains(words), "{pom}: {}", finding.detail);
        }
    }

    proptest! {
        #[test]
        fn nonsense_never_panics(pom in r"(<|>|/|project|version|&|;|!\[CDATA\[|\]\]|--|[a-z]){0,40}") {
            let _ = check(&pom);
            let _ = check(&project(&pom));
        }
    }
}
