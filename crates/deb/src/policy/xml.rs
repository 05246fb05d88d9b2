//! Reading a policy file: the XML of debsig-verify's policies and nothing more.
//!
//! No entities but the five every document knows, nothing fetched, every cap fixed. A
//! document type is accepted in the one form that policies carry, a name and an address
//! without a subset of its own.

mod strict;

use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;

use super::rules::{Block, Kind, Policy, Rule};
use crate::debsig::Role;

/// The namespace of version 1.0.
pub(super) const NAMESPACE: &str = "https://www.debian.org/debsig/1.0/";
/// Elements of one policy.
const MOST_ELEMENTS: usize = 1000;
/// Attributes of one element.
const MOST_ATTRIBUTES: usize = 8;
/// Characters of one attribute's value.
const LONGEST_VALUE: usize = 1000;
/// Policy, its blocks, their rules.
const DEPTH: usize = 3;

/// An element: policies hold no text.
#[derive(Debug)]
struct Element {
    name: String,
    attributes: Vec<(String, String)>,
    children: Vec<Self>,
}

impl Element {
    /// The values of these attributes in order; no other may stand there.
    fn attributes<const N: usize>(&self, known: [&str; N]) -> Result<[Option<&str>; N], String> {
        if let Some((name, _)) = self
            .attributes
            .iter()
            .find(|(name, _)| !known.contains(&name.as_str()))
        {
            return Err(format!("<{}> has an unknown attribute {name}", self.name));
        }
        Ok(known.map(|wanted| {
            let found = self.attributes.iter().find(|(name, _)| name == wanted);
            found.map(|(_, value)| value.as_str())
        }))
    }
}

/// Reads a policy.
///
/// # Errors
/// What is wrong with it: whoever accepts it anyway reads another policy than we do.
pub(super) fn parse(text: &str) -> Result<Policy, String> {
    policy(&document(text)?)
}

fn document(text: &str) -> Result<Element, String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.starts_with('\u{feff}') {
        return Err("a second byte order mark".to_owned());
    }
    if !text.chars().all(strict::is_character) {
        return Err("a character that XML does not allow".to_owned());
    }
    let mut reader = Reader::from_str(text);
    reader.config_mut().expand_empty_elements = true;
    let mut open: Vec<Element> = Vec::new();
    let mut root = None;
    let mut typed = false;
    let mut elements = 0;
    loop {
        let from = reader.buffer_position();
        match reader.read_event().map_err(|error| error.to_string())? {
            Event::Start(start) => {
                elements += 1;
                if elements > MOST_ELEMENTS {
                    return Err(format!("more than {MOST_ELEMENTS} elements"));
                }
                if open.len() == DEPTH || (open.is_empty() && root.is_some()) {
                    return Err("an element where none belongs".to_owned());
                }
                open.push(element(&start)?);
            }
            Event::End(_) => {
                let done = open.pop().ok_or("an end without a beginning")?;
                match open.last_mut() {
                    Some(parent) => parent.children.push(done),
                    None => root = Some(done),
                }
            }
            Event::Text(text) if text.chars().all(strict::is_blank) => {}
            Event::Text(_) | Event::CData(_) | Event::GeneralRef(_) => {
                return Err("text, where policies have none".to_owned());
            }
            Event::DocType(_) if !typed && root.is_none() && open.is_empty() => {
                typed = true;
                let markup = between(text, from, reader.buffer_position());
                if !markup.is_some_and(strict::is_doctype) {
                    return Err("a document type that policies do not have".to_owned());
                }
            }
            Event::DocType(_) => return Err("a document type out of place".to_owned()),
            Event::Decl(declaration) => {
                if from != 0 || !strict::is_declaration(&declaration) {
                    return Err("it does not begin as XML 1.0 in UTF-8".to_owned());
                }
            }
            Event::Comment(comment) if strict::is_comment(&comment) => {}
            Event::Comment(_) => return Err("a comment with -- in it".to_owned()),
            Event::PI(_) => return Err("a processing instruction".to_owned()),
            Event::Empty(_) => return Err("an empty element".to_owned()),
            Event::Eof if open.is_empty() => return root.ok_or("it is empty".to_owned()),
            Event::Eof => return Err("it ends too early".to_owned()),
        }
    }
}

fn between(text: &str, from: u64, to: u64) -> Option<&str> {
    text.get(usize::try_from(from).ok()?..usize::try_from(to).ok()?)
}

fn element(start: &BytesStart<'_>) -> Result<Element, String> {
    let name = start.name().as_ref().to_owned();
    let mut attributes: Vec<(String, String)> = Vec::new();
    for attribute in start.attributes().with_checks(false) {
        let attribute = attribute.map_err(|error| error.to_string())?;
        let key = attribute.key.as_ref().to_owned();
        if attributes.iter().any(|(known, _)| *known == key) {
            return Err(format!("a second attribute {key} of <{name}>"));
        }
        if attributes.len() == MOST_ATTRIBUTES {
            return Err(format!(
                "more than {MOST_ATTRIBUTES} attributes of <{name}>"
            ));
        }
        let value = attribute
            .normalized_value(XmlVersion::Explicit1_0)
            .map_err(|error| error.to_string())?;
        if !value.chars().all(strict::is_character) {
            return Err(format!(
                "the attribute {key} of <{name}> has a character that XML does not allow"
            ));
        }
        if value.len() > LONGEST_VALUE {
            return Err(format!("the attribute {key} of <{name}> is too long"));
        }
        attributes.push((key, value.into_owned()));
    }
    if strict::attributes(start.attributes_raw()).is_none() {
        return Err(format!("<{name}> has attributes that XML does not allow"));
    }
    Ok(Element {
        name,
        attributes,
        children: Vec::new(),
    })
}

/// The content model of policy.dtd, with at least one block of each kind, as the
/// description of the format asks.
fn policy(root: &Element) -> Result<Policy, String> {
    if root.name != "Policy" {
        return Err(format!("<{}> where <Policy> belongs", root.name));
    }
    let [namespace] = root.attributes(["xmlns"])?;
    if namespace != Some(NAMESPACE) {
        return Err(format!("its namespace is not {NAMESPACE}"));
    }
    let mut children = root.children.iter();
    let origin = children
        .next()
        .filter(|first| first.name == "Origin")
        .ok_or("it does not begin with <Origin>")?;
    let [name, id, description] = origin.attributes(["Name", "id", "Description"])?;
    if !origin.children.is_empty() {
        return Err("an element where none belongs".to_owned());
    }
    let mut policy = Policy {
        name: name.ok_or("<Origin> without Name")?.to_owned(),
        id: id.ok_or("<Origin> without id")?.to_owned(),
        description: description.unwrap_or_default().to_owned(),
        selections: Vec::new(),
        verifications: Vec::new(),
    };
    for child in children {
        let blocks = match child.name.as_str() {
            "Selection" => &mut policy.selections,
            "Verification" => &mut policy.verifications,
            other => return Err(format!("<{other}> where a block belongs")),
        };
        blocks.push(block(child)?);
    }
    if policy.selections.is_empty() || policy.verifications.is_empty() {
        return Err("it needs a <Selection> and a <Verification>".to_owned());
    }
    Ok(policy)
}

fn block(element: &Element) -> Result<Block, String> {
    let [minimum] = element.attributes(["MinOptional"])?;
    let rules = element
        .children
        .iter()
        .map(rule)
        .collect::<Result<Vec<_>, _>>()?;
    if rules.iter().all(|rule| rule.kind == Kind::Reject) {
        return Err(format!("<{}> asks for no signature", element.name));
    }
    Ok(Block {
        minimum_optional: minimum.map_or(Ok(0), |text| number("MinOptional", text))?,
        rules,
    })
}

fn rule(element: &Element) -> Result<Rule, String> {
    let kind = match element.name.as_str() {
        "Required" => Kind::Required,
        "Optional" => Kind::Optional,
        "Reject" => Kind::Reject,
        other => return Err(format!("<{other}> where a rule belongs")),
    };
    if !element.children.is_empty() {
        return Err("an element where none belongs".to_owned());
    }
    let [role, file, expiry, id] = element.attributes(["Type", "File", "Expiry", "id"])?;
    let wrong = |what: &str| format!("<{}> {what}", element.name);
    let role: Role = role
        .ok_or_else(|| wrong("without Type"))?
        .parse()
        .map_err(|error| wrong(&format!("with a Type: {error}")))?;
    if let Some(file) = file
        && (file.is_empty() || file.starts_with('.') || file.contains(['/', '\0']))
    {
        return Err(wrong("with a File that is no plain file name"));
    }
    if file.is_none() && kind != Kind::Reject {
        return Err(wrong("without File"));
    }
    if id.is_some_and(str::is_empty) {
        return Err(wrong("with an empty id"));
    }
    Ok(Rule {
        kind,
        role,
        file: file.map(str::to_owned),
        id: id.map(str::to_owned),
        expiry: expiry.map(|text| number("Expiry", text)).transpose()?,
    })
}

fn number(attribute: &str, text: &str) -> Result<u32, String> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = digits.then(|| text.parse().ok()).flatten();
    number.ok_or_else(|| format!("{attribute}={text:?} is no number"))
}

#[cfg(test)]
mod tests;
