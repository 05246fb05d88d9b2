//! What the document means, and what of other trust it can say.

use pkgseal_repo::{Digests, Finding, SafePath};

use super::{Artifact, Checksum, Component, Scope, VerificationMetadata};
use crate::codes;
use crate::trust::{Allow, Pattern, Rule, Text, Trust, Versions, convert};

impl VerificationMetadata {
    /// What it trusts, and what of it no rule can say.
    pub fn trust(&self) -> (Trust, Vec<Finding>) {
        let mut trust = Trust::default();
        let mut lost = Vec::new();
        let mut lose = |subject: String, what: &str| {
            lost.push(Finding::warning(codes::TRUST_LOST, subject, what));
        };
        for (scope, _) in &self.trusted_artifacts {
            trust.rules.push(Rule {
                pattern: scope.pattern(),
                allows: vec![Allow::Unchecked],
            });
        }
        let signatures = self.verify_signatures == Some(true);
        let keyed = !self.trusted_keys.is_empty()
            || (self.components.iter())
                .any(|component| component.artifacts.iter().any(|file| !file.pgp.is_empty()));
        if keyed && !signatures {
            lose(
                "verify-signatures".to_owned(),
                "it is not true, so that Gradle looks at no signature: its keys are trusted for nothing",
            );
        }
        if self.verify_metadata == Some(false) {
            lose(
                "verify-metadata".to_owned(),
                "it is false, so that Gradle verifies no POM and no .module file: they are verified here",
            );
        }
        for (id, scopes) in self.trusted_keys.iter().filter(|_| signatures) {
            for scope in scopes {
                trust.rules.push(Rule {
                    pattern: scope.pattern(),
                    allows: vec![Allow::Key(id.clone())],
                });
            }
        }
        for (id, _) in &self.ignored_keys {
            lose(
                id.clone(),
                "it is ignored: its signatures count as if they were not there",
            );
        }
        for component in &self.components {
            for artifact in &component.artifacts {
                let subject = || format!("{}:{}", component.name, artifact.name);
                if signatures && !artifact.pgp.is_empty() {
                    trust.rules.push(Rule {
                        pattern: component.pattern(&artifact.name),
                        allows: artifact.pgp.iter().cloned().map(Allow::Key).collect(),
                    });
                }
                if !artifact.ignored_keys.is_empty() {
                    lose(subject(), "keys are ignored for it");
                }
                let mut digests = Digests::new();
                for checksum in &artifact.checksums {
                    if digests
                        .insert_hex(checksum.algorithm, &checksum.value)
                        .is_err()
                    {
                        lose(subject(), "it has several values of one checksum");
                    }
                    if !checksum.also_trust.is_empty() {
                        lose(subject(), "other checksums are as good for it");
                    }
                }
                if digests.is_empty() {
                    continue;
                }
                match component.path(&artifact.name) {
                    Some(path) => trust.checksums.push((path, digests)),
                    None => lose(subject(), "its name makes no path"),
                }
            }
        }
        (trust, lost)
    }

    /// Says what somebody trusts as Gradle would have it, and what it cannot say. A rule
    /// that Gradle cannot say is left out, so that nothing more is trusted than before.
    pub fn of(trust: &Trust) -> (Self, Vec<Finding>) {
        let mut document = Self {
            verify_metadata: Some(true),
            verify_signatures: Some(trust.rules.iter().any(|rule| {
                let mut allows = rule.allows.iter();
                allows.any(|allow| matches!(allow, Allow::Key(_)))
            })),
            ..Self::default()
        };
        let mut lost = Vec::new();
        for rule in &trust.rules {
            let mut lose = |what| lost.push(convert::lost(&rule.pattern, what));
            let scope = match Scope::of(&rule.pattern) {
                Ok(scope) => scope,
                Err(what) => {
                    lose(what);
                    continue;
                }
            };
            for allow in &rule.allows {
                match allow {
                    Allow::Key(key) if key.len() >= 40 => {
                        document.trust_key(key, scope.clone());
                    }
                    Allow::Key(_) => lose("Gradle takes full fingerprints only"),
                    Allow::Unchecked => {
                        document.trusted_artifacts.push((scope.clone(), None));
                    }
                    Allow::RevokedKey(_) => lose("Gradle cannot trust a key that is gone"),
                    Allow::AnyKey => lose("Gradle cannot trust any key"),
                    Allow::NoSignature => {
                        lose("without a signature Gradle asks for a checksum");
                    }
                    Allow::BadSignature => lose("Gradle cannot pass over a bad signature"),
                    Allow::MissingKey => lose("Gradle ignores keys by their ID, not by files"),
                }
            }
        }
        for (path, digests) in &trust.checksums {
            if !document.checksum(path, digests) {
                lost.push(Finding::warning(
                    codes::TRUST_LOST,
                    path.as_str(),
                    "its path has no coordinates",
                ));
            }
        }
        (document, lost)
    }

    fn trust_key(&mut self, key: &str, scope: Scope) {
        match self.trusted_keys.iter_mut().find(|(id, _)| id == key) {
            Some((_, scopes)) if scopes.contains(&scope) => {}
            Some((_, scopes)) => scopes.push(scope),
            None => self.trusted_keys.push((key.to_owned(), vec![scope])),
        }
    }

    fn checksum(&mut self, path: &SafePath, digests: &Digests) -> bool {
        let Some(found) = crate::Coordinates::of(path) else {
            return false;
        };
        let checksums = digests.algorithms().filter_map(|algorithm| {
            Some(Checksum {
                algorithm,
                value: digests.hex(algorithm)?,
                also_trust: Vec::new(),
                origin: None,
                reason: None,
            })
        });
        let artifact = Artifact {
            name: path.file_name().to_owned(),
            checksums: checksums.collect(),
            ..Artifact::default()
        };
        let same = |known: &&mut Component| {
            known.group == found.group
                && known.name == found.artifact
                && known.version == found.version
        };
        match self.components.iter_mut().find(same) {
            Some(component) => component.artifacts.push(artifact),
            None => self.components.push(Component {
                group: found.group,
                name: found.artifact,
                version: found.version,
                artifacts: vec![artifact],
            }),
        }
        true
    }
}

impl Component {
    fn pattern(&self, file: &str) -> Pattern {
        Pattern {
            group: Text::Exact(self.group.clone()),
            artifact: Text::Exact(self.name.clone()),
            packaging: Text::Any,
            classifier: Text::Any,
            versions: Versions::Exact(self.version.clone()),
            file: Text::Exact(file.to_owned()),
        }
    }

    fn path(&self, file: &str) -> Option<SafePath> {
        let group = self.group.replace('.', "/");
        SafePath::new(&format!("{group}/{}/{}/{file}", self.name, self.version)).ok()
    }
}

impl Scope {
    fn pattern(&self) -> Pattern {
        let text = |part: &Option<String>| match part {
            None => Text::Any,
            Some(part) if self.regex => Text::Regex(part.clone()),
            Some(part) => Text::Exact(part.clone()),
        };
        Pattern {
            group: text(&self.group),
            artifact: text(&self.name),
            packaging: Text::Any,
            classifier: Text::Any,
            versions: match &self.version {
                None => Versions::Any,
                Some(version) if self.regex => Versions::Regex(version.clone()),
                Some(version) => Versions::Exact(version.clone()),
            },
            file: text(&self.file),
        }
    }

    /// A scope that means what the pattern does, or less.
    fn of(pattern: &Pattern) -> Result<Self, &'static str> {
        let plain = |text: &Text| matches!(text, Text::Any | Text::Exact(_));
        let exact = |text: &Text| match text {
            Text::Glob(glob) => !glob.contains('*'),
            text => plain(text),
        };
        let simple = exact(&pattern.group)
            && exact(&pattern.artifact)
            && plain(&pattern.file)
            && pattern.packaging == Text::Any
            && pattern.classifier == Text::Any
            && matches!(
                pattern.versions,
                Versions::Any | Versions::Exact(_) | Versions::Equal(_)
            );
        let text = |text: &Text| match text {
            Text::Any => None,
            Text::Exact(text) | Text::Glob(text) if simple => Some(text.clone()),
            Text::Exact(text) => Some(regex::escape(text)),
            Text::Glob(glob) => Some(regex::escape(glob).replace(r"\*", ".*")),
            Text::Below(group) => Some(format!(
                "{}(\\..+)?",
                regex::escape(group).replace(r"\*", ".*")
            )),
            Text::Regex(expression) => Some(expression.clone()),
        };
        let version = match &pattern.versions {
            Versions::Any => None,
            Versions::Exact(version) | Versions::Equal(version) if simple => Some(version.clone()),
            Versions::Exact(version) | Versions::Equal(version) => Some(regex::escape(version)),
            Versions::Regex(expression) => Some(expression.clone()),
            Versions::Range(_) => return Err("Gradle knows no ranges of versions"),
            Versions::NotRegex(_) => return Err("Gradle knows no versions but those that match"),
        };
        let packaging = text(&pattern.packaging);
        let classifier = text(&pattern.classifier);
        let file = match (text(&pattern.file), packaging, classifier) {
            (file, None, None) => file,
            (None, packaging, classifier) => Some(format!(
                ".*{}\\.{}",
                classifier
                    .map(|text| format!("-{text}"))
                    .unwrap_or_default(),
                packaging.as_deref().unwrap_or(".*")
            )),
            (Some(_), ..) => return Err("Gradle knows files, not their packagings too"),
        };
        Ok(Self {
            group: text(&pattern.group),
            name: text(&pattern.artifact),
            version,
            file,
            regex: !simple,
        })
    }
}
