//! `verification-metadata.xml` of Gradle's dependency verification (schema 1.0 to 1.3).
//!
//! Gradle trusts keys by the full fingerprint of the key that signed: naming a primary key
//! does not cover its signing subkey. Where a component lists `pgp` keys or a `trusted-key`
//! covers it, a good signature is enough; otherwise its checksums must be right.

use pkgseal_repo::{DigestAlgorithm, Digests, Finding, SafePath};
use quick_xml::escape::escape;

use super::{Allow, Pattern, Rule, Text, Trust, Versions};
use crate::codes;

mod read;

/// The document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VerificationMetadata {
    /// Whether metadata files are verified too.
    pub verify_metadata: Option<bool>,
    /// Whether signatures are.
    pub verify_signatures: Option<bool>,
    /// `armored` or `binary`.
    pub keyring_format: Option<String>,
    /// Whether key servers are asked, and which.
    pub key_servers: Option<KeyServers>,
    /// What is not verified at all.
    pub trusted_artifacts: Vec<(Scope, Option<String>)>,
    /// Keys whose signatures are passed over, with reasons.
    pub ignored_keys: Vec<(String, Option<String>)>,
    /// Keys, each with what it is trusted for.
    pub trusted_keys: Vec<(String, Vec<Scope>)>,
    /// Single files.
    pub components: Vec<Component>,
}

/// Key servers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyServers {
    /// Whether they are asked; yes where nothing is said.
    pub enabled: Option<bool>,
    /// Their addresses.
    pub uris: Vec<String>,
}

/// What something holds for: everything where nothing is said.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Scope {
    /// Group.
    pub group: Option<String>,
    /// Artifact.
    pub name: Option<String>,
    /// Version.
    pub version: Option<String>,
    /// Name of the file.
    pub file: Option<String>,
    /// Whether all of them are regular expressions.
    pub regex: bool,
}

/// A version of an artifact.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Component {
    /// Group.
    pub group: String,
    /// Artifact.
    pub name: String,
    /// Version.
    pub version: String,
    /// Its files.
    pub artifacts: Vec<Artifact>,
}

/// One file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Artifact {
    /// Its name.
    pub name: String,
    /// Fingerprints of keys that may have signed it.
    pub pgp: Vec<String>,
    /// Keys whose signatures of it are passed over, with reasons.
    pub ignored_keys: Vec<(String, Option<String>)>,
    /// Its checksums.
    pub checksums: Vec<Checksum>,
}

/// One checksum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checksum {
    /// Which one.
    pub algorithm: DigestAlgorithm,
    /// Its value, hexadecimal.
    pub value: String,
    /// Other values that are as good.
    pub also_trust: Vec<String>,
    /// Where it came from.
    pub origin: Option<String>,
    /// Why there is none but a checksum.
    pub reason: Option<String>,
}

const ALGORITHMS: [(&str, DigestAlgorithm); 4] = [
    ("md5", DigestAlgorithm::Md5),
    ("sha1", DigestAlgorithm::Sha1),
    ("sha256", DigestAlgorithm::Sha256),
    ("sha512", DigestAlgorithm::Sha512),
];

fn element(algorithm: DigestAlgorithm) -> &'static str {
    ALGORITHMS
        .iter()
        .find(|(_, known)| *known == algorithm)
        .map_or("sha512", |(name, _)| name)
}

impl VerificationMetadata {
    /// Reads the document.
    ///
    /// # Errors
    /// A finding (`maven.trust.malformed`): not well-formed, a document type, an element or
    /// attribute that the schema does not have, a key by anything shorter than a
    /// fingerprint.
    pub fn parse(text: &str) -> Result<Self, Finding> {
        read::document(text).map_err(|reason| Finding::reject(codes::TRUST_MALFORMED, "", reason))
    }

    /// Writes it, in the order of the schema 1.3.
    pub fn to_xml(&self) -> String {
        let mut out = Writer::default();
        out.line("<?xml version=\"1.0\" encoding=\"UTF-8\"?>");
        out.line("<verification-metadata xmlns=\"https://schema.gradle.org/dependency-verification\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:schemaLocation=\"https://schema.gradle.org/dependency-verification https://schema.gradle.org/dependency-verification/dependency-verification-1.3.xsd\">");
        out.depth = 1;
        self.configuration(&mut out);
        if self.components.is_empty() {
            out.empty("components", &[]);
        } else {
            out.open("components", &[]);
            for component in &self.components {
                component.write(&mut out);
            }
            out.close("components");
        }
        out.depth = 0;
        out.line("</verification-metadata>");
        out.text
    }

    fn configuration(&self, out: &mut Writer) {
        out.open("configuration", &[]);
        for (name, value) in [
            ("verify-metadata", self.verify_metadata),
            ("verify-signatures", self.verify_signatures),
        ] {
            if let Some(value) = value {
                out.line(&format!("<{name}>{value}</{name}>"));
            }
        }
        if let Some(format) = &self.keyring_format {
            out.line(&format!(
                "<keyring-format>{}</keyring-format>",
                escape(format)
            ));
        }
        if let Some(servers) = &self.key_servers {
            let enabled = servers.enabled.map(|enabled| enabled.to_string());
            let attributes = [("enabled", enabled.as_deref())];
            if servers.uris.is_empty() {
                out.empty("key-servers", &attributes);
            } else {
                out.open("key-servers", &attributes);
                for uri in &servers.uris {
                    out.empty("key-server", &[("uri", Some(uri))]);
                }
                out.close("key-servers");
            }
        }
        if !self.trusted_artifacts.is_empty() {
            out.open("trusted-artifacts", &[]);
            for (scope, reason) in &self.trusted_artifacts {
                let mut attributes = scope.attributes();
                attributes.push(("reason", reason.as_deref()));
                out.empty("trust", &attributes);
            }
            out.close("trusted-artifacts");
        }
        ignored(out, &self.ignored_keys);
        if !self.trusted_keys.is_empty() {
            out.open("trusted-keys", &[]);
            for (id, scopes) in &self.trusted_keys {
                let mut attributes = vec![("id", Some(id.as_str()))];
                if let [scope] = scopes.as_slice() {
                    attributes.extend(scope.attributes());
                    out.empty("trusted-key", &attributes);
                    continue;
                }
                out.open("trusted-key", &attributes);
                for scope in scopes {
                    out.empty("trusting", &scope.attributes());
                }
                out.close("trusted-key");
            }
            out.close("trusted-keys");
        }
        out.close("configuration");
    }

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
        for (id, scopes) in &self.trusted_keys {
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
                if !artifact.pgp.is_empty() {
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
            let mut lose = |what| lost.push(super::convert::lost(&rule.pattern, what));
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

    fn write(&self, out: &mut Writer) {
        out.open(
            "component",
            &[
                ("group", Some(&self.group)),
                ("name", Some(&self.name)),
                ("version", Some(&self.version)),
            ],
        );
        for artifact in &self.artifacts {
            out.open("artifact", &[("name", Some(&artifact.name))]);
            for key in &artifact.pgp {
                out.empty("pgp", &[("value", Some(key))]);
            }
            ignored(out, &artifact.ignored_keys);
            for checksum in &artifact.checksums {
                let name = element(checksum.algorithm);
                let attributes = [
                    ("value", Some(checksum.value.as_str())),
                    ("origin", checksum.origin.as_deref()),
                    ("reason", checksum.reason.as_deref()),
                ];
                if checksum.also_trust.is_empty() {
                    out.empty(name, &attributes);
                    continue;
                }
                out.open(name, &attributes);
                for value in &checksum.also_trust {
                    out.empty("also-trust", &[("value", Some(value))]);
                }
                out.close(name);
            }
            out.close("artifact");
        }
        out.close("component");
    }
}

fn ignored(out: &mut Writer, keys: &[(String, Option<String>)]) {
    if keys.is_empty() {
        return;
    }
    out.open("ignored-keys", &[]);
    for (id, reason) in keys {
        out.empty(
            "ignored-key",
            &[("id", Some(id)), ("reason", reason.as_deref())],
        );
    }
    out.close("ignored-keys");
}

impl Scope {
    fn attributes(&self) -> Vec<(&'static str, Option<&str>)> {
        vec![
            ("group", self.group.as_deref()),
            ("name", self.name.as_deref()),
            ("version", self.version.as_deref()),
            ("file", self.file.as_deref()),
            ("regex", self.regex.then_some("true")),
        ]
    }

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

#[derive(Default)]
struct Writer {
    text: String,
    depth: usize,
}

impl Writer {
    fn line(&mut self, line: &str) {
        self.text.push_str(&"   ".repeat(self.depth));
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn tag(name: &str, attributes: &[(&str, Option<&str>)]) -> String {
        let mut tag = format!("<{name}");
        for (attribute, value) in attributes {
            if let Some(value) = value {
                tag.push_str(&format!(" {attribute}=\"{}\"", escape(*value)));
            }
        }
        tag
    }

    fn open(&mut self, name: &str, attributes: &[(&str, Option<&str>)]) {
        self.line(&format!("{}>", Self::tag(name, attributes)));
        self.depth += 1;
    }

    fn empty(&mut self, name: &str, attributes: &[(&str, Option<&str>)]) {
        self.line(&format!("{}/>", Self::tag(name, attributes)));
    }

    fn close(&mut self, name: &str) {
        self.depth = self.depth.saturating_sub(1);
        self.line(&format!("</{name}>"));
    }
}

#[cfg(test)]
mod tests;
