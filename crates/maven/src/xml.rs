//! XML as publishers write it: one root, no document type, bounded in depth and number.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

/// What a document may have at most.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Caps {
    /// Elements within elements.
    pub(crate) depth: usize,
    /// Elements in all.
    pub(crate) elements: usize,
}

/// Sees the elements of a document in order. What it refuses refuses the document.
pub(crate) trait Visitor {
    /// An element begins; `above` are the names of those around it.
    fn start(&mut self, above: &[String], start: &BytesStart<'_>) -> Result<(), String>;

    /// An element ends: the last of `path`. `text` is what stood in it since the last tag.
    fn end(&mut self, path: &[String], text: &str) -> Result<(), String>;

    /// What `&name;` stands for.
    fn reference(&mut self, name: &str) -> Result<String, String>;
}

/// Reads a document.
///
/// # Errors
/// A sentence: not well-formed, a document type, a cap reached, or what the visitor says.
pub(crate) fn read(text: &str, caps: Caps, visitor: &mut impl Visitor) -> Result<(), String> {
    let mut reader = Reader::from_str(text);
    reader.config_mut().expand_empty_elements = true;
    let mut path: Vec<String> = Vec::new();
    let mut text = String::new();
    let mut elements = 0;
    loop {
        let event = reader
            .read_event()
            .map_err(|error| format!("at byte {}: {error}", reader.error_position()))?;
        match event {
            Event::Start(start) => {
                if path.len() >= caps.depth {
                    return Err(format!("elements are nested deeper than {}", caps.depth));
                }
                if path.is_empty() && elements > 0 {
                    return Err("it has a second root element".to_owned());
                }
                elements += 1;
                if elements > caps.elements {
                    return Err(format!("it has more than {} elements", caps.elements));
                }
                visitor.start(&path, &start)?;
                path.push(start.local_name().as_ref().to_owned());
                text.clear();
            }
            Event::End(_) => {
                visitor.end(&path, &text)?;
                path.pop();
                text.clear();
            }
            Event::Text(piece) => text.push_str(&piece),
            Event::CData(piece) => text.push_str(&piece),
            Event::GeneralRef(name) => text.push_str(&visitor.reference(&name)?),
            Event::DocType(_) => return Err("it has a document type".to_owned()),
            Event::Eof if path.is_empty() && elements > 0 => return Ok(()),
            Event::Eof => return Err("it ends too early".to_owned()),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::Empty(_) => {}
        }
    }
}
