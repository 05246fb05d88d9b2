//! Writing the document.

use quick_xml::escape::escape;

use super::{Component, Scope, VerificationMetadata, element};

impl VerificationMetadata {
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
}

impl Component {
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
