//! Reading the document: no document type, no entities of its own, nothing unknown.

use quick_xml::XmlVersion;
use quick_xml::events::BytesStart;

use super::{ALGORITHMS, Artifact, Checksum, Component, KeyServers, Scope, VerificationMetadata};
use crate::xml::{self, Caps, Visitor};

const CAPS: Caps = Caps {
    depth: 8,
    elements: 1_000_000,
};

/// The attributes of one element.
struct Attributes(Vec<(String, String)>);

impl Attributes {
    fn of(start: &BytesStart<'_>) -> Result<Self, String> {
        let mut found = Vec::new();
        for attribute in start.attributes() {
            let attribute = attribute.map_err(|error| error.to_string())?;
            let name = attribute.key.as_ref().to_owned();
            let value = attribute
                .normalized_value(XmlVersion::Explicit1_0)
                .map_err(|error| error.to_string())?
                .into_owned();
            if !name.starts_with("xmlns") && !name.starts_with("xsi:") {
                found.push((name, value));
            }
        }
        Ok(Self(found))
    }

    fn take(&mut self, name: &str) -> Option<String> {
        let place = self.0.iter().position(|(known, _)| known == name)?;
        Some(self.0.remove(place).1)
    }

    fn need(&mut self, element: &str, name: &str) -> Result<String, String> {
        self.take(name)
            .ok_or_else(|| format!("<{element}> has no {name}"))
    }

    fn scope(&mut self) -> Result<Scope, String> {
        Ok(Scope {
            group: self.take("group"),
            name: self.take("name"),
            version: self.take("version"),
            file: self.take("file"),
            regex: match self.take("regex") {
                Some(text) => boolean("regex", &text)?,
                None => false,
            },
        })
    }

    fn end(self, element: &str) -> Result<(), String> {
        match self.0.first() {
            None => Ok(()),
            Some((name, _)) => Err(format!("<{element}> has the unknown attribute {name}")),
        }
    }
}

fn boolean(name: &str, text: &str) -> Result<bool, String> {
    match text.trim() {
        "true" | "1" => Ok(true),
        "false" | "0" => Ok(false),
        other => Err(format!("{name} is {other}, neither true nor false")),
    }
}

fn fingerprint(text: &str) -> Result<String, String> {
    let good = matches!(text.len(), 40 | 64) && text.bytes().all(|b| b.is_ascii_hexdigit());
    match good {
        true => Ok(text.to_ascii_uppercase()),
        false => Err(format!("{text} is no full fingerprint")),
    }
}

pub(super) fn document(text: &str) -> Result<VerificationMetadata, String> {
    let mut state = State::default();
    xml::read(text, CAPS, &mut state)?;
    Ok(state.document)
}

#[derive(Default)]
struct State {
    document: VerificationMetadata,
}

impl Visitor for State {
    fn start(&mut self, above: &[String], start: &BytesStart<'_>) -> Result<(), String> {
        let name = start.local_name().as_ref().to_owned();
        let mut attributes = Attributes::of(start)?;
        let above: Vec<&str> = above.iter().map(String::as_str).collect();
        let document = &mut self.document;
        match (above.as_slice(), name.as_str()) {
            ([], "verification-metadata")
            | (["verification-metadata"], "configuration" | "components")
            | (
                [_, "configuration"],
                "verify-metadata" | "verify-signatures" | "keyring-format" | "trusted-artifacts"
                | "ignored-keys" | "trusted-keys",
            )
            | ([_, "components", "component", "artifact"], "ignored-keys") => {}
            ([_, "configuration"], "key-servers") => {
                let enabled = attributes.take("enabled");
                document.key_servers = Some(KeyServers {
                    enabled: enabled.map(|text| boolean("enabled", &text)).transpose()?,
                    uris: Vec::new(),
                });
            }
            ([_, _, "key-servers"], "key-server") => {
                let uri = attributes.need(&name, "uri")?;
                let servers = document.key_servers.get_or_insert_default();
                servers.uris.push(uri);
            }
            ([_, _, "trusted-artifacts"], "trust") => {
                let scope = attributes.scope()?;
                let reason = attributes.take("reason");
                document.trusted_artifacts.push((scope, reason));
            }
            ([_, "configuration", "ignored-keys"], "ignored-key") => {
                let id = attributes.need(&name, "id")?;
                document.ignored_keys.push((id, attributes.take("reason")));
            }
            ([_, _, "trusted-keys"], "trusted-key") => {
                let id = fingerprint(&attributes.need(&name, "id")?)?;
                let scope = attributes.scope()?;
                document.trusted_keys.push((id, vec![scope]));
            }
            ([_, _, _, "trusted-key"], "trusting") => {
                let scope = attributes.scope()?;
                if let Some((_, scopes)) = document.trusted_keys.last_mut() {
                    scopes.push(scope);
                }
            }
            ([_, "components"], "component") => document.components.push(Component {
                group: attributes.need(&name, "group")?,
                name: attributes.need(&name, "name")?,
                version: attributes.need(&name, "version")?,
                artifacts: Vec::new(),
            }),
            ([_, _, "component"], "artifact") => {
                let file = attributes.need(&name, "name")?;
                if let Some(component) = document.components.last_mut() {
                    component.artifacts.push(Artifact {
                        name: file,
                        ..Artifact::default()
                    });
                }
            }
            (above, _) => self.inside(above, &name, &mut attributes)?,
        }
        attributes.end(&name)
    }

    fn end(&mut self, path: &[String], text: &str) -> Result<(), String> {
        let name = path.last().map(String::as_str).unwrap_or_default();
        let document = &mut self.document;
        match name {
            "verify-metadata" => document.verify_metadata = Some(boolean(name, text)?),
            "verify-signatures" => document.verify_signatures = Some(boolean(name, text)?),
            "keyring-format" => document.keyring_format = Some(text.trim().to_owned()),
            "trusted-key" => {
                // Where others are nested, an empty scope of its own means nothing.
                if let Some((_, scopes)) = document.trusted_keys.last_mut()
                    && scopes.len() > 1
                    && scopes.first() == Some(&Scope::default())
                {
                    scopes.remove(0);
                }
            }
            _ if !text.trim().is_empty() => {
                return Err(format!("<{name}> has a text in it"));
            }
            _ => {}
        }
        Ok(())
    }

    fn reference(&mut self, _: &str) -> Result<String, String> {
        Err("it has an entity in a text".to_owned())
    }
}

impl State {
    /// Elements of one file.
    fn inside(
        &mut self,
        above: &[&str],
        name: &str,
        attributes: &mut Attributes,
    ) -> Result<(), String> {
        let within = above.last().copied().unwrap_or_default();
        let unknown = || {
            Err(match within {
                "" => format!("its root element is <{name}>, not <verification-metadata>"),
                within => format!("<{within}> has the unknown element <{name}>"),
            })
        };
        let artifact = self.document.components.last_mut();
        let Some(artifact) = artifact.and_then(|component| component.artifacts.last_mut()) else {
            return unknown();
        };
        let algorithm = |wanted: &str| ALGORITHMS.iter().find(|(known, _)| *known == wanted);
        match (within, name) {
            ("artifact", "pgp") => {
                let key = attributes.need(name, "value")?;
                artifact.pgp.push(fingerprint(&key)?);
            }
            ("ignored-keys", "ignored-key") if above.len() == 5 => {
                let id = attributes.need(name, "id")?;
                artifact.ignored_keys.push((id, attributes.take("reason")));
            }
            ("artifact", name) if algorithm(name).is_some() => {
                if let Some((_, algorithm)) = algorithm(name) {
                    artifact.checksums.push(Checksum {
                        algorithm: *algorithm,
                        value: attributes.need(name, "value")?,
                        also_trust: Vec::new(),
                        origin: attributes.take("origin"),
                        reason: attributes.take("reason"),
                    });
                }
            }
            (within, "also-trust") if algorithm(within).is_some() => {
                let value = attributes.need(name, "value")?;
                if let Some(checksum) = artifact.checksums.last_mut() {
                    checksum.also_trust.push(value);
                }
            }
            _ => return unknown(),
        }
        Ok(())
    }
}
