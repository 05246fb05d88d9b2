//! Small documents, whole: a tree of elements, each with its attributes and its text.

use quick_xml::Reader;
use quick_xml::events::Event;

use super::{Capped, Fault, Field, MAX_DEPTH, MAX_TEXT, is_utf8, read_field, resolve};

/// Elements of one document.
const MAX_ELEMENTS: usize = 50_000;

/// An element and what is in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Element {
    own: Field,
    children: Vec<Self>,
}

impl Element {
    /// The value of an attribute.
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        self.own.attribute(name)
    }

    /// Its text, without surrounding white space.
    pub(crate) fn text(&self) -> &str {
        self.own.text.trim()
    }

    /// Its children of this name, in order.
    pub(crate) fn all<'e>(&'e self, name: &'e str) -> impl Iterator<Item = &'e Self> {
        self.children.iter().filter(move |e| e.own.name == name)
    }

    /// Its one child of this name, if there is any.
    ///
    /// # Errors
    /// A sentence when there are several.
    pub(crate) fn one(&self, name: &str) -> Result<Option<&Self>, String> {
        let mut found = self.children.iter().filter(|e| e.own.name == name);
        let first = found.next();
        match found.next() {
            None => Ok(first),
            Some(_) => Err(format!("a second <{name}> in one <{}>", self.own.name)),
        }
    }
}

/// Reads a whole document, whose root element has this name.
///
/// # Errors
/// A [`Fault`].
pub(crate) fn read_tree(bytes: &[u8], root: &str) -> Result<Element, Fault> {
    let mut reader = Reader::from_reader(Capped {
        inner: bytes,
        left: bytes.len() as u64 + 1,
    });
    reader.config_mut().expand_empty_elements = true;
    let mut buffer = Vec::new();
    let mut open: Vec<Element> = Vec::new();
    let mut whole: Option<Element> = None;
    let mut elements = 0_usize;
    loop {
        buffer.clear();
        let at = reader.buffer_position();
        let fault = |detail: String| Fault {
            detail: format!("at byte {at}: {detail}"),
            io: None,
        };
        let event = reader
            .read_event_into(&mut buffer)
            .map_err(|error| fault(error.to_string()))?;
        let text = match event {
            Event::Start(start) => {
                elements += 1;
                let name = start.name().as_ref().to_owned();
                if elements > MAX_ELEMENTS || open.len() >= MAX_DEPTH {
                    return Err(fault("more elements, or deeper, than the limit".to_owned()));
                }
                if open.is_empty() && (whole.is_some() || name != root) {
                    return Err(fault(format!(
                        "the root element is <{name}>, where a single <{root}> belongs"
                    )));
                }
                open.push(Element {
                    own: read_field(&start, &name).map_err(fault)?,
                    children: Vec::new(),
                });
                continue;
            }
            Event::End(_) => {
                if let Some(done) = open.pop() {
                    match open.last_mut() {
                        Some(parent) => parent.children.push(done),
                        None => whole = Some(done),
                    }
                }
                continue;
            }
            Event::Comment(_) => continue,
            Event::Decl(declaration) if elements == 0 && is_utf8(&declaration) => continue,
            Event::Decl(_) => {
                return Err(fault(
                    "an XML declaration out of place, or not UTF-8".to_owned(),
                ));
            }
            Event::DocType(_) => return Err(fault("a document type".to_owned())),
            Event::PI(_) => return Err(fault("a processing instruction".to_owned())),
            Event::Empty(_) => return Err(fault("an empty element".to_owned())),
            Event::Eof => {
                return match whole {
                    Some(whole) if open.is_empty() => Ok(whole),
                    _ => Err(fault("the document ends too early".to_owned())),
                };
            }
            Event::Text(text) => text.xml10_content().into_owned(),
            Event::CData(text) => text.xml10_content().into_owned(),
            Event::GeneralRef(reference) => resolve(&reference).map_err(fault)?,
        };
        match open.last_mut() {
            Some(element) if element.own.text.len() + text.len() <= MAX_TEXT => {
                element.own.text.push_str(&text);
            }
            Some(_) => return Err(fault(format!("more than {MAX_TEXT} bytes of text"))),
            None if text.trim().is_empty() => {}
            None => return Err(fault("text outside the root element".to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_keep_order_attributes_and_text() {
        let text = "<?xml version='1.0' encoding='utf-8'?><!-- c --><a x='1&amp;2'>\
                    <b>one</b><c/><b> t&#119;o <d/></b></a>\n";
        let tree = read_tree(text.as_bytes(), "a").unwrap();
        assert_eq!(tree.attribute("x"), Some("1&2"));
        let texts: Vec<_> = tree.all("b").map(Element::text).collect();
        assert_eq!(texts, ["one", "two"]);
        assert!(tree.one("b").unwrap_err().contains("second"));
        assert_eq!(tree.one("c").unwrap().unwrap().text(), "");
        assert_eq!(tree.one("d"), Ok(None));
    }

    #[test]
    fn what_is_ambiguous_or_no_document_is_refused() {
        for text in [
            "",
            "<a>",
            "<b/>",
            "<a/><a/>",
            "<a/>x",
            "x<a/>",
            "<!DOCTYPE a><a/>",
            "<!DOCTYPE a [<!ENTITY e 'e'>]><a>&e;</a>",
            "<a>&e;</a>",
            "<a><?p x?></a>",
            "<a/><?xml version='1.0'?>",
            "<?xml version='1.0' encoding='latin1'?><a/>",
            "<a x='1' x='2'/>",
            "<a><b></a></b>",
        ] {
            assert!(read_tree(text.as_bytes(), "a").is_err(), "{text}");
        }
        assert!(read_tree(b"<a>\xff</a>", "a").is_err());
    }

    #[test]
    fn caps_hold() {
        let deep = format!("<a>{}{}</a>", "<b>".repeat(40), "</b>".repeat(40));
        assert!(read_tree(deep.as_bytes(), "a").is_err());
        let many = format!("<a>{}</a>", "<b/>".repeat(MAX_ELEMENTS));
        assert!(read_tree(many.as_bytes(), "a").is_err());
        let long = format!("<a>{}</a>", "x".repeat(MAX_TEXT + 1));
        assert!(read_tree(long.as_bytes(), "a").is_err());
        let pieces = format!("<a>{}</a>", "xxxxxxxx<!-- -->".repeat(MAX_TEXT / 8 + 1));
        assert!(read_tree(pieces.as_bytes(), "a").is_err());
    }
}
