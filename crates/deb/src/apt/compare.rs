//! Packages and .dsc files against their stanzas, in the read that hashes them.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::io::{self, Write};

use pkgseal_openpgp::cleartext;
use pkgseal_repo::{
    Code, DigestAlgorithm, Entry, Finding, Limits, MultiHasher, SafePath, Witness,
    codes as repo_codes,
};

use super::paragraph::{self, Fields, Paragraph};
use crate::codes;
use crate::control::{Control, Scan};

/// Fields that only an index has.
const OF_INDEX: [&str; 11] = [
    "filename",
    "size",
    "md5sum",
    "sha1",
    "sha256",
    "sha512",
    "description-md5",
    "tag",
    "task",
    "phased-update-percentage",
    "build-essential",
];

/// Fields that an archive decides, whatever the package says (dak's override files).
const OVERRIDDEN: [&str; 2] = ["section", "priority"];

/// Fields of a Sources stanza that a .dsc has not, or has under another name.
const OF_SOURCES: [&str; 4] = ["package", "directory", "section", "priority"];

/// Lists of files, which the stanza has with one line more: the .dsc's own.
const LISTS: [&str; 4] = [
    "files",
    "checksums-sha1",
    "checksums-sha256",
    "checksums-sha512",
];

/// What indices say of each file, to be compared with what it says of itself.
#[derive(Default)]
pub(super) struct Stanzas(HashMap<SafePath, Vec<Paragraph>>);

impl Stanzas {
    /// Adds what an index says; suites that say the same say it once.
    pub(super) fn add(&mut self, path: SafePath, paragraph: Paragraph) {
        let known = self.0.entry(path).or_default();
        if !known.contains(&paragraph) {
            known.push(paragraph);
        }
    }

    /// The witness of one file's bytes.
    pub(super) fn witness<'a>(
        &'a self,
        entry: &Entry,
        limits: &'a Limits,
    ) -> Option<Box<dyn Witness + 'a>> {
        let (path, stanzas) = self.0.get_key_value(&entry.path)?;
        if path.as_str().ends_with(".dsc") {
            return Some(Box::new(Source {
                path,
                stanzas,
                limits,
                bytes: Vec::new(),
                full: false,
            }));
        }
        Some(Box::new(Binary {
            path,
            stanzas,
            scan: RefCell::new(Some(Scan::new(limits))),
        }))
    }
}

fn differs(code: Code, path: &SafePath, detail: String) -> Finding {
    Finding::reject(code, path.as_str(), detail)
        .hint("clients go by the index until the package is there: its publisher has to mend it")
}

/// A package.
struct Binary<'a> {
    path: &'a SafePath,
    stanzas: &'a [Paragraph],
    scan: RefCell<Option<Scan>>,
}

impl Write for Binary<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.scan.get_mut() {
            Some(scan) => scan.write(bytes),
            None => Ok(bytes.len()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Witness for Binary<'_> {
    fn agreed(&self) -> Vec<Finding> {
        let Some(scan) = self.scan.take() else {
            return Vec::new();
        };
        let control = match scan.finish(self.path.as_str()) {
            Ok(control) => control,
            Err(finding) => return vec![*finding],
        };
        let says = own_fields(&control);
        let description = description_md5(control.field("Description").unwrap_or_default());
        self.stanzas
            .iter()
            .filter_map(|stanza| binary(&says, &description, &stanza.fields()))
            .map(|detail| differs(codes::PACKAGE_FIELDS, self.path, detail))
            .collect()
    }
}

/// A control file's fields, their lines without surrounding blanks.
fn own_fields(control: &Control) -> Fields {
    let lines = |value: &[u8]| {
        String::from_utf8_lossy(value)
            .split('\n')
            .map(|line| line.trim_matches([' ', '\t']).to_owned())
            .collect()
    };
    control
        .fields()
        .iter()
        .map(|(name, value)| (name.to_ascii_lowercase(), (name.clone(), lines(value))))
        .collect()
}

/// How a stanza says something else than the package, whose description has this MD5.
fn binary(says: &Fields, description: &str, stanza: &Fields) -> Option<String> {
    for (lower, (name, listed)) in stanza {
        if OF_INDEX.contains(&lower.as_str()) || OVERRIDDEN.contains(&lower.as_str()) {
            continue;
        }
        let Some((_, own)) = says.get(lower) else {
            return Some(format!("it has no {name}, and its stanza has"));
        };
        // The long description may stand in Translation alone.
        let same = match (lower.as_str(), listed.as_slice()) {
            ("description", [short]) => own.first() == Some(short),
            _ => same_words(own, listed),
        };
        if !same {
            return Some(format!(
                "its {name} is {:?}, and its stanza says {:?}",
                shown(own),
                shown(listed)
            ));
        }
    }
    if let Some((_, listed)) = stanza.get("description-md5")
        && listed.first().map(String::as_str) != Some(description)
    {
        let listed = listed.first().map_or("", String::as_str);
        return Some(format!(
            "its Description has the MD5 {description}, and its stanza says {listed}"
        ));
    }
    let missing = says
        .iter()
        .find(|(lower, _)| !stanza.contains_key(*lower) && RELATIONS.contains(&lower.as_str()));
    missing.map(|(_, (name, _))| format!("it has a {name}, and its stanza has none"))
}

/// Fields without which a client would install something else, or not all of it.
const RELATIONS: [&str; 13] = [
    "architecture",
    "breaks",
    "conflicts",
    "depends",
    "enhances",
    "essential",
    "multi-arch",
    "pre-depends",
    "protected",
    "provides",
    "recommends",
    "replaces",
    "version",
];

/// The MD5 that Translation files are looked up by: over the description as it stands in
/// the control file, its last line ended.
fn description_md5(description: &[u8]) -> String {
    let mut hasher = MultiHasher::new([DigestAlgorithm::Md5]);
    hasher.update(description);
    hasher.update(b"\n");
    let digests = hasher.finish();
    digests.hex(DigestAlgorithm::Md5).unwrap_or_default()
}

/// A .dsc.
struct Source<'a> {
    path: &'a SafePath,
    stanzas: &'a [Paragraph],
    limits: &'a Limits,
    bytes: Vec<u8>,
    full: bool,
}

impl Write for Source<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let cap = self.limits.side_file;
        self.full |= (self.bytes.len() + bytes.len()) as u64 > cap;
        if !self.full {
            self.bytes.extend_from_slice(bytes);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Witness for Source<'_> {
    fn agreed(&self) -> Vec<Finding> {
        if self.full {
            let detail = format!("the limit is {} bytes", self.limits.side_file);
            return vec![Finding::reject(
                repo_codes::LIMIT,
                self.path.as_str(),
                detail,
            )];
        }
        // Its own signature is its uploader's; here Sources vouches for it.
        let signed = self
            .bytes
            .starts_with(b"-----BEGIN PGP SIGNED MESSAGE-----");
        let text = if signed {
            cleartext::split(&self.bytes)
                .map(|message| message.text)
                .map_err(|finding| finding.detail)
        } else {
            Ok(self.bytes.clone())
        };
        let says = match text.and_then(|text| paragraph::fields(&text)) {
            Ok(says) => says,
            Err(what) => return vec![differs(codes::SOURCE_FIELDS, self.path, what)],
        };
        let name = self.path.file_name();
        self.stanzas
            .iter()
            .filter_map(|stanza| source(&says, &stanza.fields(), name))
            .map(|detail| differs(codes::SOURCE_FIELDS, self.path, detail))
            .collect()
    }
}

/// How a stanza says something else than the .dsc of this name.
fn source(says: &Fields, stanza: &Fields, name: &str) -> Option<String> {
    let package = stanza.get("package").map(|(_, lines)| lines.concat());
    let own = says.get("source").map(|(_, lines)| lines.concat());
    if package != own {
        return Some(format!(
            "its Source is {own:?}, and its stanza's Package is {package:?}"
        ));
    }
    for (lower, (name_of, listed)) in stanza {
        if OF_SOURCES.contains(&lower.as_str()) || LISTS.contains(&lower.as_str()) {
            continue;
        }
        let Some((_, own)) = says.get(lower) else {
            // Added where the archive makes the index.
            continue;
        };
        if !same_words(own, listed) {
            return Some(format!(
                "its {name_of} is {:?}, and its stanza says {:?}",
                shown(own),
                shown(listed)
            ));
        }
    }
    for list in LISTS {
        let (Some((of, own)), Some((_, listed))) = (says.get(list), stanza.get(list)) else {
            continue;
        };
        let own = lines(own);
        let listed: BTreeSet<String> = lines(listed)
            .into_iter()
            .filter(|line| line.rsplit(' ').next() != Some(name))
            .collect();
        if own != listed {
            let odd = own.symmetric_difference(&listed).next();
            return Some(format!(
                "its {of} are not those of its stanza: {}",
                odd.map_or("", String::as_str)
            ));
        }
    }
    None
}

/// Lines of a list, each with single blanks.
fn lines(lines: &[String]) -> BTreeSet<String> {
    lines
        .iter()
        .map(|line| words(line).collect::<Vec<_>>().join(" "))
        .filter(|line| !line.is_empty())
        .collect()
}

/// Whether two values are the same but for the way they are folded.
fn same_words(one: &[String], other: &[String]) -> bool {
    let all = |lines: &[String]| -> Vec<String> {
        lines
            .iter()
            .flat_map(|line| words(line).map(str::to_owned).collect::<Vec<_>>())
            .collect()
    };
    one == other || all(one) == all(other)
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split([' ', '\t']).filter(|word| !word.is_empty())
}

/// A value in a message, the beginning of a long one.
fn shown(lines: &[String]) -> String {
    const LONGEST: usize = 80;
    let text = lines.join(" ");
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

#[cfg(test)]
mod tests;
