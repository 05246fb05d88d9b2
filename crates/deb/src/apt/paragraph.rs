//! What a stanza says, kept to be compared with the file it is about.

use std::collections::BTreeMap;

use crate::deb822::{Line, Lines};

/// One paragraph, in one allocation: there is one for every package of a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Paragraph(Box<[u8]>);

/// By lower-case name: a field's name as it is spelt, and its lines without surrounding
/// blanks.
pub(crate) type Fields = BTreeMap<String, (String, Vec<String>)>;

impl Paragraph {
    /// Its fields by lower-case name.
    pub(crate) fn fields(&self) -> Fields {
        // It was cut from lines of the same grammar.
        fields(&self.0).unwrap_or_default()
    }
}

/// The fields of one paragraph by lower-case name; why it is none.
pub(crate) fn fields(text: &[u8]) -> Result<Fields, String> {
    let mut lines = Lines::new(text, text.len());
    let mut found = Fields::new();
    let mut current: Option<String> = None;
    let mut ended = false;
    loop {
        let line = match lines.next() {
            Ok(line) => line,
            Err(crate::deb822::Fault::Malformed { line, reason }) => {
                return Err(format!("line {line}: {reason}"));
            }
            Err(crate::deb822::Fault::Io(error)) => return Err(error.to_string()),
        };
        let utf8 = |text: &[u8]| String::from_utf8_lossy(text).into_owned();
        match line {
            None => return Ok(found),
            Some(Line::Blank) => ended |= !found.is_empty(),
            Some(_) if ended => return Err("a second paragraph".to_owned()),
            Some(Line::Field { name, value }) => {
                let lower = name.to_ascii_lowercase();
                let field = (name.to_owned(), vec![utf8(value)]);
                if found.insert(lower.clone(), field).is_some() {
                    return Err(format!("a second field {lower}"));
                }
                current = Some(lower);
            }
            Some(Line::Continuation(text)) => {
                let field = current.as_ref().and_then(|name| found.get_mut(name));
                match field {
                    Some((_, lines)) => lines.push(utf8(text)),
                    None => return Err("a continuation of nothing".to_owned()),
                }
            }
        }
    }
}

/// Collects a paragraph line by line.
#[derive(Default)]
pub(crate) struct ParagraphBuilder(Vec<u8>);

impl ParagraphBuilder {
    pub(crate) fn field(&mut self, name: &str, value: &[u8]) {
        self.0.extend_from_slice(name.as_bytes());
        self.0.extend_from_slice(b": ");
        self.0.extend_from_slice(value);
        self.0.push(b'\n');
    }

    pub(crate) fn continuation(&mut self, text: &[u8]) {
        self.0.push(b' ');
        self.0.extend_from_slice(text);
        self.0.push(b'\n');
    }

    /// What was collected; the next paragraph begins.
    pub(crate) fn finish(&mut self) -> Paragraph {
        let paragraph = Paragraph(self.0.as_slice().into());
        self.0.clear();
        paragraph
    }
}
