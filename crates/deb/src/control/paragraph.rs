//! One control paragraph, its fields in order and exactly as they are.

use pkgseal_repo::{Code, Finding, Limits, codes as repo_codes};

use crate::codes;
use crate::deb822::{Line, cut};

/// More fields than any package has.
const MAX_FIELDS: usize = 512;

/// What dpkg needs to take a package in: deb-control(5).
const NEEDED: [&str; 4] = ["Package", "Version", "Architecture", "Description"];

/// The control paragraph of a package: fields in order, each once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Control {
    fields: Vec<(String, Vec<u8>)>,
}

impl Control {
    /// Reads a control file strictly: one paragraph, as dpkg asks for it. `subject` names
    /// the package in the finding.
    ///
    /// # Errors
    /// The finding that rejects it.
    pub(super) fn parse(text: &[u8], subject: &str, limits: &Limits) -> Result<Self, Box<Finding>> {
        let subject = format!("{subject} (control)");
        let control = Self {
            fields: fields(text, &subject, limits)?,
        };
        for name in NEEDED {
            if control.field(name).is_none_or(<[u8]>::is_empty) {
                let detail = format!("it has no {name}");
                return Err(reject(codes::DEB_CONTROL_MISSING, &subject, detail));
            }
        }
        for (name, fits) in [
            ("Package", is_name as fn(&str) -> bool),
            ("Version", is_version),
            ("Architecture", is_architecture),
        ] {
            let value = control.text(name).unwrap_or_default();
            if !fits(value) {
                let raw = control.field(name).unwrap_or_default();
                let detail = format!("{name} is {:?}", String::from_utf8_lossy(raw));
                return Err(reject(codes::DEB_CONTROL_MALFORMED, &subject, detail));
            }
        }
        Ok(control)
    }

    /// From fields that a paragraph of ours had.
    pub(crate) fn from_fields(fields: Vec<(String, Vec<u8>)>) -> Self {
        Self { fields }
    }

    /// Its fields in order: the name as spelt, and the value. A value has no blanks at
    /// either end of its first line, and its continuation lines follow as they are, each
    /// after a newline and with its blank in front, without blanks at the end.
    pub(crate) fn fields(&self) -> &[(String, Vec<u8>)] {
        &self.fields
    }

    /// A field's value; names are compared without case.
    pub(crate) fn field(&self, name: &str) -> Option<&[u8]> {
        let (_, value) = self
            .fields
            .iter()
            .find(|(other, _)| other.eq_ignore_ascii_case(name))?;
        Some(value)
    }

    /// A field's value where it is UTF-8.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.field(name)
            .and_then(|value| std::str::from_utf8(value).ok())
    }

    /// The field Package.
    pub(crate) fn package(&self) -> &str {
        self.text("Package").unwrap_or_default()
    }

    /// The field Version.
    pub(crate) fn version(&self) -> &str {
        self.text("Version").unwrap_or_default()
    }

    /// The field Architecture.
    pub(crate) fn architecture(&self) -> &str {
        self.text("Architecture").unwrap_or_default()
    }
}

/// The fields of a text that is one paragraph, as [`Control::fields`] has them.
///
/// # Errors
/// The finding that rejects it.
pub(crate) fn fields(
    text: &[u8],
    subject: &str,
    limits: &Limits,
) -> Result<Vec<(String, Vec<u8>)>, Box<Finding>> {
    let malformed = |number: usize, what: &str| {
        let detail = format!("line {number}: {what}");
        reject(codes::DEB_CONTROL_MALFORMED, subject, detail)
    };
    let Some((b'\n', text)) = text.split_last() else {
        return Err(malformed(1, "the last line has no end"));
    };
    let mut fields: Vec<(String, Vec<u8>)> = Vec::new();
    let mut ended = false;
    for (number, line) in (1..).zip(text.split(|byte| *byte == b'\n')) {
        if line.len() > limits.line {
            let detail = format!("line {number} is longer than {} bytes", limits.line);
            return Err(reject(repo_codes::LIMIT, subject, detail));
        }
        if line
            .iter()
            .any(|&byte| byte.is_ascii_control() && byte != b'\t')
        {
            return Err(malformed(number, "a control character"));
        }
        match cut(line).map_err(|what| malformed(number, what))? {
            // Empty lines at the end are common, and dpkg passes over them.
            Line::Blank if fields.is_empty() => {
                return Err(malformed(number, "an empty line before the first field"));
            }
            Line::Blank => ended = true,
            _ if ended => return Err(malformed(number, "a second paragraph")),
            Line::Field { name, value } => {
                let same = |(other, _): &(String, _)| name.eq_ignore_ascii_case(other);
                if fields.iter().any(same) {
                    let detail = format!("line {number}: a second field {name}");
                    return Err(reject(codes::DEB_CONTROL_DUPLICATE, subject, detail));
                }
                if fields.len() == MAX_FIELDS {
                    let detail = format!("more than {MAX_FIELDS} fields");
                    return Err(reject(repo_codes::LIMIT, subject, detail));
                }
                fields.push((name.to_owned(), value.to_vec()));
            }
            Line::Continuation(_) => {
                let Some((_, value)) = fields.last_mut() else {
                    return Err(malformed(number, "a continuation of nothing"));
                };
                // The blanks in front belong to the text; those at the end do not.
                let behind = line.iter().rev().take_while(|b| b" \t".contains(b)).count();
                value.push(b'\n');
                value.extend_from_slice(line.get(..line.len() - behind).unwrap_or_default());
            }
        }
    }
    Ok(fields)
}

fn reject(code: Code, subject: &str, detail: impl Into<String>) -> Box<Finding> {
    Box::new(Finding::reject(code, subject, detail))
}

/// Letters, digits and `-+._` after a letter or digit, as dpkg takes them.
pub(crate) fn is_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphanumeric())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-+._".contains(&byte))
}

/// deb-version(7), and the underscore that old versions have.
pub(crate) fn is_version(version: &str) -> bool {
    !version.is_empty()
        && version
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b".-+~:_".contains(&byte))
}

/// One word of letters, digits and `-`.
fn is_architecture(architecture: &str) -> bool {
    architecture.starts_with(|first: char| first.is_ascii_alphanumeric())
        && architecture
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}
