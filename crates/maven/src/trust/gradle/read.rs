//! Reading the document: no document type, no entities of its own, nothing unknown.

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use super::{ALGORITHMS, Artifact, Checksum, Component, KeyServers, Scope, VerificationMetadata};

/// Elements within elements.
const MAX_DEPTH: usize = 8;
/// Elements in all.
const MAX_ELEMENTS: usize = 1_000_000;

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
    let mut reader = Reader::from_str(text);
    reader.config_mut().expand_empty_elements = true;
    let mut state = State::default();
    let mut elements = 0;
    loop {
        let event = reader
            .read_event()
            .map_err(|error| format!("at byte {}: {error}", reader.error_position()))?;
        match event {
            Event::Start(start) => {
                elements += 1;
                if elements > MAX_ELEMENTS || state.stack.len() >= MAX_DEPTH {
                    return Err("it has too many elements, or they are nested too deep".to_owned());
                }
                state.start(&start)?;
            }
            Event::End(_) => state.end()?,
            Event::Text(piece) => state.text.push_str(&piece),
            Event::CData(piece) => state.text.push_str(&piece),
            Event::GeneralRef(_) => return Err("it has an entity in a text".to_owned()),
            Event::DocType(_) => return Err("it has a document type".to_owned()),
            Event::Eof if state.rooted && state.stack.is_empty() => return Ok(state.document),
            Event::Eof => return Err("it ends too early".to_owned()),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::Empty(_) => {}
        }
    }
}

#[derive(Default)]
struct State {
    document: VerificationMetadata,
    stack: Vec<String>,
    text: String,
    rooted: bool,
}

impl State {
    fn start(&mut self, start: &BytesStart<'_>) -> Result<(), String> {
        let name = start.local_name().as_ref().to_owned();
        let mut attributes = Attributes::of(start)?;
        self.text.clear();
        let above: Vec<&str> = self.stack.iter().map(String::as_str).collect();
        let document = &mut self.document;
        match (above.as_slice(), name.as_str()) {
            ([], "verification-metadata") if !self.rooted => self.rooted = true,
            (["verification-metadata"], "configuration" | "components")
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
            (above, _) => self.inside(above.len(), &name, &mut attributes)?,
        }
        attributes.end(&name)?;
        self.stack.push(name);
        Ok(())
    }

    /// Elements of one file.
    fn inside(
        &mut self,
        depth: usize,
        name: &str,
        attributes: &mut Attributes,
    ) -> Result<(), String> {
        let within = self.stack.last().map(String::as_str).unwrap_or_default();
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
            ("ignored-keys", "ignored-key") if depth == 5 => {
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

    fn end(&mut self) -> Result<(), String> {
        let text = std::mem::take(&mut self.text);
        let name = self.stack.pop().unwrap_or_default();
        let document = &mut self.document;
        match name.as_str() {
            "verify-metadata" => document.verify_metadata = Some(boolean(&name, &text)?),
            "verify-signatures" => document.verify_signatures = Some(boolean(&name, &text)?),
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
}
