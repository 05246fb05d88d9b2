//! A generation of readers, as data.

use std::collections::BTreeMap;
use std::sync::Arc;

use pkgseal_repo::{DataFileError, DataFiles, Severity};
use serde::Deserialize;

use super::Scope;

const TARGETS: DataFiles = DataFiles::new(
    "target",
    &[
        ("el7", include_str!("../../targets/el7.toml")),
        ("el8", include_str!("../../targets/el8.toml")),
        ("el9", include_str!("../../targets/el9.toml")),
        ("el10", include_str!("../../targets/el10.toml")),
        ("fedora", include_str!("../../targets/fedora.toml")),
        ("suse", include_str!("../../targets/suse.toml")),
        (
            "debian-rpm4.18",
            include_str!("../../targets/debian-rpm4.18.toml"),
        ),
        (
            "debian-rpm4.20",
            include_str!("../../targets/debian-rpm4.20.toml"),
        ),
    ],
);

/// A generation of readers. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Target {
    rules: Arc<Rules>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Rules {
    name: String,
    summary: String,
    checked: String,
    #[serde(default)]
    package: BTreeMap<String, Rule>,
    #[serde(default)]
    metadata: BTreeMap<String, Rule>,
}

/// What readers make of a trait.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Rule {
    pub(crate) weight: Weight,
    /// What they do, in a sentence.
    pub(crate) why: String,
    /// Where that is known from.
    pub(crate) source: String,
}

/// How much it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Weight {
    Note,
    Warn,
    Reject,
}

impl Weight {
    pub(crate) fn severity(self) -> Severity {
        match self {
            Self::Note => Severity::Note,
            Self::Warn => Severity::Warning,
            Self::Reject => Severity::Reject,
        }
    }
}

impl Target {
    /// A built-in target by name.
    ///
    /// # Errors
    /// [`DataFileError`], naming those there are.
    pub fn named(name: &str) -> Result<Self, DataFileError> {
        Self::parse(name, TARGETS.text(name)?)
    }

    /// Names of the built-in targets.
    pub fn names() -> impl Iterator<Item = &'static str> {
        TARGETS.names()
    }

    /// Reads a target's file.
    ///
    /// # Errors
    /// [`DataFileError`] with the field, or a rule for a trait nobody knows.
    pub fn parse(name: &str, text: &str) -> Result<Self, DataFileError> {
        let rules: Rules = TARGETS.parse(name, text)?;
        for (scope, table) in [
            (Scope::Package, &rules.package),
            (Scope::Metadata, &rules.metadata),
        ] {
            if let Some(unknown) = table.keys().find(|name| scope.find(name).is_none()) {
                let known: Vec<_> = scope.traits().iter().map(|known| known.name).collect();
                let known = known.join(", ");
                let reason = format!("no trait is called {unknown}; there are {known}");
                return Err(TARGETS.malformed(name, reason));
            }
        }
        Ok(Self {
            rules: rules.into(),
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

    pub(crate) fn rule(&self, scope: Scope, name: &str) -> Option<&Rule> {
        match scope {
            Scope::Package => self.rules.package.get(name),
            Scope::Metadata => self.rules.metadata.get(name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_target_reads_and_is_called_as_its_file() {
        for name in Target::names() {
            let target = Target::named(name).unwrap();
            assert_eq!(target.name(), name);
            assert!(!target.summary().is_empty() && !target.checked().is_empty());
            for rule in target
                .rules
                .package
                .values()
                .chain(target.rules.metadata.values())
            {
                assert!(!rule.why.is_empty() && !rule.source.is_empty(), "{name}");
                assert!(!rule.why.ends_with('.'), "{name}: {}", rule.why);
            }
        }
    }

    #[test]
    fn what_is_no_target_is_refused() {
        let error = Target::named("el5").unwrap_err();
        assert!(error.reason.contains("el9"), "{error}");
        let head = "name = \"x\"\nsummary = \"x\"\nchecked = \"x\"\n";
        assert!(Target::parse("x", head).is_ok());
        for rest in [
            "more = 1",
            "[package.nonsense]\nweight = \"warn\"\nwhy = \"x\"\nsource = \"x\"",
            "[metadata.format-6]\nweight = \"warn\"\nwhy = \"x\"\nsource = \"x\"",
            "[package.dsa]\nweight = \"sometimes\"\nwhy = \"x\"\nsource = \"x\"",
            "[package.dsa]\nweight = \"warn\"\nwhy = \"x\"",
            "[package.dsa]\nweight = \"warn\"\nwhy = \"x\"\nsource = \"x\"\nmore = 1",
        ] {
            let text = format!("{head}{rest}\n");
            assert!(Target::parse("x", &text).is_err(), "{rest}");
        }
        assert!(Target::parse("x", "name = \"x\"").is_err());
    }
}
