//! The little XML that repositories need, and nothing more.
//!
//! No document type, so no entities of its own; no processing instruction; names are
//! compared as written, prefix included, as the clients do. What may grow is capped:
//! depth, the length of one piece of markup or text, attributes, collected text.

mod tree;

use std::io::{self, BufRead, Read};

use quick_xml::Reader;
use quick_xml::XmlVersion;
use quick_xml::events::{BytesDecl, BytesStart, Event};

pub(crate) use tree::{Element, read_tree};

const MAX_DEPTH: usize = 32;
const MAX_ATTRIBUTES: usize = 64;
const MAX_TEXT: usize = 64 << 10;

/// What is wrong, and roughly where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// One sentence with the byte offset.
    pub(crate) detail: String,
    /// Set when reading what lies below failed (a decompressor, say).
    pub(crate) io: Option<io::ErrorKind>,
}

/// An element without children of interest: its attributes and its text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Field {
    pub(crate) name: String,
    attributes: Vec<(String, String)>,
    pub(crate) text: String,
}

impl Field {
    /// The value of an attribute.
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, value)| value.as_str())
    }
}

/// One of the elements a document repeats: `data` or `package`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Record {
    /// Its own name and attributes.
    pub(crate) own: Field,
    fields: Vec<Field>,
}

impl Record {
    /// A field; there is at most one of a name.
    pub(crate) fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|f| f.name == name)
    }

    /// Text of a field, without surrounding white space.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.field(name).map(|f| f.text.trim())
    }
}

/// What a document of records is made of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    /// Name of the root element.
    pub(crate) root: &'static str,
    /// Name of the repeated element, a child of the root.
    pub(crate) record: &'static str,
    /// Other children of the root to collect, at most one each.
    pub(crate) singles: &'static [&'static str],
    /// Children of a record to collect, at most one each.
    pub(crate) fields: &'static [&'static str],
    /// Grandchildren of a record to collect, at most one each: parent and name.
    pub(crate) nested: &'static [(&'static str, &'static str)],
}

/// A child of the root.
#[derive(Debug)]
pub(crate) enum Item {
    /// A repeated element.
    Record(Record),
    /// Another one of [`Shape::singles`].
    Single(Field),
}

/// Reads a document of records as a stream.
pub(crate) struct Records<R> {
    reader: Reader<Capped<R>>,
    buffer: Vec<u8>,
    shape: Shape,
    line: u64,
    /// Names of the open elements.
    open: Vec<String>,
    root: Option<Field>,
    ended: bool,
    singles: Vec<String>,
}

impl<R: Read> Records<io::BufReader<R>> {
    /// Reads `source`, one piece of markup or text of at most `line` bytes at a time.
    pub(crate) fn new(source: R, shape: Shape, line: usize) -> Self {
        Self::buffered(io::BufReader::with_capacity(64 << 10, source), shape, line)
    }
}

impl<R: BufRead> Records<R> {
    fn buffered(source: R, shape: Shape, line: usize) -> Self {
        let line = line as u64;
        let mut reader = Reader::from_reader(Capped {
            inner: source,
            left: line,
        });
        reader.config_mut().expand_empty_elements = true;
        Self {
            reader,
            buffer: Vec::new(),
            shape,
            line,
            open: Vec::new(),
            root: None,
            ended: false,
            singles: Vec::new(),
        }
    }

    /// The root element's attributes, once an item was read or the end reached.
    pub(crate) fn root(&self) -> Option<&Field> {
        self.root.as_ref()
    }

    /// The next child of the root; `None` at the end of the document, when the source
    /// has been read to its end as well.
    ///
    /// # Errors
    /// A [`Fault`].
    pub(crate) fn next(&mut self) -> Result<Option<Item>, Fault> {
        let mut record: Option<Record> = None;
        // The field whose text is being collected, and how deep its element stands.
        let mut field: Option<(usize, Field)> = None;
        loop {
            self.buffer.clear();
            self.reader.get_mut().left = self.line;
            let at = self.reader.buffer_position();
            let fault = |detail: String| Fault {
                detail: format!("at byte {at}: {detail}"),
                io: None,
            };
            let event = match self.reader.read_event_into(&mut self.buffer) {
                Ok(event) => event,
                Err(quick_xml::Error::Io(error)) => {
                    return Err(Fault {
                        detail: format!("at byte {at}: {error}"),
                        io: Some(error.kind()),
                    });
                }
                Err(error) => return Err(fault(error.to_string())),
            };
            let outside = self.open.is_empty();
            match event {
                Event::Start(start) => {
                    if field.is_some() {
                        return Err(fault("an element inside a plain field".to_owned()));
                    }
                    if self.open.len() >= MAX_DEPTH {
                        return Err(fault(format!("more than {MAX_DEPTH} levels deep")));
                    }
                    let name = start.name().as_ref().to_owned();
                    let depth = self.open.len();
                    let parent = self.open.last().map_or("", String::as_str);
                    let shape = self.shape;
                    if depth == 0 {
                        if self.root.is_some() || name != shape.root {
                            return Err(fault(format!(
                                "the root element is <{name}>, where a single <{}> belongs",
                                shape.root
                            )));
                        }
                        self.root = Some(read_field(&start, &name).map_err(fault)?);
                    } else if depth == 1 && name == shape.record {
                        record = Some(Record {
                            own: read_field(&start, &name).map_err(fault)?,
                            fields: Vec::new(),
                        });
                    } else if depth == 1 && shape.singles.contains(&name.as_str()) {
                        if self.singles.contains(&name) {
                            return Err(fault(format!("a second <{name}>")));
                        }
                        self.singles.push(name.clone());
                        field = Some((depth, read_field(&start, &name).map_err(fault)?));
                    } else if let Some(record) = &record {
                        let wanted = match depth {
                            2 => shape.fields.contains(&name.as_str()),
                            3 => shape.nested.contains(&(parent, name.as_str())),
                            _ => false,
                        };
                        if wanted {
                            if record.field(&name).is_some() {
                                return Err(fault(format!(
                                    "a second <{name}> in one <{}>",
                                    shape.record
                                )));
                            }
                            field = Some((depth, read_field(&start, &name).map_err(fault)?));
                        }
                    }
                    self.open.push(name);
                }
                Event::End(_) => {
                    self.open.pop();
                    let depth = self.open.len();
                    if let Some((_, done)) = field.take_if(|(at, _)| *at == depth) {
                        match &mut record {
                            Some(record) => record.fields.push(done),
                            None => return Ok(Some(Item::Single(done))),
                        }
                    }
                    if depth == 1
                        && let Some(record) = record.take()
                    {
                        return Ok(Some(Item::Record(record)));
                    }
                    self.ended |= depth == 0;
                }
                Event::Text(text) => {
                    collect(&mut field, outside, &text.xml10_content()).map_err(fault)?;
                }
                Event::CData(text) => {
                    collect(&mut field, outside, &text.xml10_content()).map_err(fault)?;
                }
                Event::GeneralRef(reference) => {
                    let text = resolve(&reference).map_err(fault)?;
                    collect(&mut field, outside, &text).map_err(fault)?;
                }
                Event::Comment(_) => {}
                Event::Decl(declaration) => {
                    if self.root.is_some() || !is_utf8(&declaration) {
                        return Err(fault(
                            "an XML declaration out of place, or not UTF-8".to_owned(),
                        ));
                    }
                }
                Event::DocType(_) => return Err(fault("a document type".to_owned())),
                Event::PI(_) => return Err(fault("a processing instruction".to_owned())),
                Event::Empty(_) => return Err(fault("an empty element".to_owned())),
                Event::Eof => {
                    if !self.ended || !self.open.is_empty() {
                        return Err(fault("the document ends too early".to_owned()));
                    }
                    return Ok(None);
                }
            }
        }
    }
}

/// Whether a declaration names UTF-8, or no encoding.
fn is_utf8(declaration: &BytesDecl<'_>) -> bool {
    let encoding = declaration.encoding().transpose();
    encoding.is_ok_and(|e| e.is_none_or(|e| e.eq_ignore_ascii_case("utf-8")))
}

/// Adds text to the field being collected; outside the root element only white space
/// may stand.
fn collect(field: &mut Option<(usize, Field)>, outside: bool, text: &str) -> Result<(), String> {
    if let Some((_, field)) = field {
        if field.text.len() + text.len() > MAX_TEXT {
            return Err(format!(
                "more than {MAX_TEXT} bytes of text in <{}>",
                field.name
            ));
        }
        field.text.push_str(text);
    } else if outside && !text.trim().is_empty() {
        return Err("text outside the root element".to_owned());
    }
    Ok(())
}

fn read_field(start: &BytesStart<'_>, name: &str) -> Result<Field, String> {
    let mut attributes: Vec<(String, String)> = Vec::new();
    // Its own check for duplicates is quadratic; the cap makes ours cheap.
    for attribute in start.attributes().with_checks(false) {
        let attribute = attribute.map_err(|e| e.to_string())?;
        let key = attribute.key.as_ref().to_owned();
        if attributes.iter().any(|(k, _)| *k == key) {
            return Err(format!("a second attribute {key} of <{name}>"));
        }
        if attributes.len() >= MAX_ATTRIBUTES {
            return Err(format!("more than {MAX_ATTRIBUTES} attributes of <{name}>"));
        }
        let value = attribute
            .normalized_value(XmlVersion::Explicit1_0)
            .map_err(|e| e.to_string())?;
        attributes.push((key, value.into_owned()));
    }
    Ok(Field {
        name: name.to_owned(),
        attributes,
        text: String::new(),
    })
}

/// The five entities every XML document knows, and characters by number.
fn resolve(reference: &quick_xml::events::BytesRef<'_>) -> Result<String, String> {
    if let Some(character) = reference.resolve_char_ref().map_err(|e| e.to_string())? {
        return Ok(character.to_string());
    }
    let name = reference.xml10_content();
    quick_xml::escape::resolve_xml_entity(&name)
        .map(str::to_owned)
        .ok_or_else(|| format!("the entity &{name};"))
}

/// Stops a single piece of markup or text from growing without end.
struct Capped<R> {
    inner: R,
    left: u64,
}

impl<R: BufRead> Read for Capped<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(buffer)?;
        self.consume(count);
        Ok(count)
    }
}

impl<R: BufRead> BufRead for Capped<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.left == 0 {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "one piece of markup or text is too long",
            ));
        }
        let available = self.inner.fill_buf()?;
        let count = usize::try_from(self.left).unwrap_or(usize::MAX);
        Ok(available.get(..count).unwrap_or(available))
    }

    fn consume(&mut self, count: usize) {
        self.left = self.left.saturating_sub(count as u64);
        self.inner.consume(count);
    }
}

#[cfg(test)]
mod tests;
