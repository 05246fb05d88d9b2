//! What the indices say of one package, byte for byte as createrepo_c writes it.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::ops::Range;

use pkgseal_repo::SafePath;

use super::changelog;
use super::dependencies::{Dependency, KINDS, Reading};
use super::escape::{attribute, content, forbidden};
use super::files::{self, Listed};
use super::values::Values;
use crate::header::Index;
use crate::tag::HeaderTag;

/// What stands in the three indices of one package.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Chunks {
    pub(super) primary: String,
    pub(super) filelists: String,
    pub(super) other: String,
}

/// A package whose header the strict reader accepted.
pub(super) struct Described<'a> {
    pub(super) main: &'a [u8],
    pub(super) index: &'a Index,
    pub(super) location: &'a SafePath,
    /// SHA-256 of the whole file, in hexadecimal.
    pub(super) id: &'a str,
    /// Bytes of the whole file.
    pub(super) size: u64,
    /// Its modification, in seconds since 1970.
    pub(super) modified: i64,
    /// Where the main header stands in it.
    pub(super) header: Range<usize>,
    /// Bytes of the uncompressed payload.
    pub(super) archive: u64,
}

/// Who a package is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Name {
    name: String,
    arch: String,
    epoch: u64,
    version: String,
    release: String,
}

impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{}-{}:{}-{}.{}",
            self.name, self.epoch, self.version, self.release, self.arch
        )
    }
}

impl Described<'_> {
    fn values(&self) -> Values<'_> {
        Values {
            bytes: self.main,
            index: self.index,
        }
    }

    fn text(&self, tag: HeaderTag) -> &[u8] {
        self.values().text(tag.0).unwrap_or_default()
    }

    /// Its architecture; source packages say `src`, whatever they were built on.
    fn arch(&self) -> &[u8] {
        let values = self.values();
        let source = values.has(HeaderTag::SOURCEPACKAGE.0) || !values.has(HeaderTag::SOURCERPM.0);
        if source {
            b"src"
        } else {
            self.text(HeaderTag::ARCH)
        }
    }

    fn epoch(&self) -> u64 {
        self.values().number(HeaderTag::EPOCH.0).unwrap_or(0)
    }

    /// Who it is.
    pub(super) fn name(&self) -> Name {
        let text = |bytes| super::escape::utf8(bytes).into_owned();
        Name {
            name: text(self.text(HeaderTag::NAME)),
            arch: text(self.arch()),
            epoch: self.epoch(),
            version: text(self.text(HeaderTag::VERSION)),
            release: text(self.text(HeaderTag::RELEASE)),
        }
    }

    /// What the indices say of it; `Err` names a text that no XML document can hold.
    pub(super) fn chunks(&self, changes: usize) -> Result<Chunks, &'static str> {
        let values = self.values();
        let files = files::all(values);
        if files.iter().any(|(path, _)| forbidden(path)) {
            return Err("the name of a file");
        }
        Ok(Chunks {
            primary: self.primary(&files)?,
            filelists: self.filelists(&files),
            other: self.other(changes)?,
        })
    }

    fn version(&self, out: &mut String) {
        let _ = write!(out, "  <version epoch=\"{}\" ver=\"", self.epoch());
        attribute(out, self.text(HeaderTag::VERSION));
        out.push_str("\" rel=\"");
        attribute(out, self.text(HeaderTag::RELEASE));
        out.push_str("\"/>\n");
    }

    fn primary(&self, files: &[Listed]) -> Result<String, &'static str> {
        let values = self.values();
        let mut out = "<package type=\"rpm\">\n".to_owned();
        let element = |out: &mut String, name: &'static str, text: &[u8]| {
            if forbidden(text) {
                return Err(name);
            }
            let _ = write!(out, "<{name}>");
            content(out, text);
            let _ = writeln!(out, "</{name}>");
            Ok(())
        };
        out.push_str("  ");
        element(&mut out, "name", self.text(HeaderTag::NAME))?;
        out.push_str("  ");
        element(&mut out, "arch", self.arch())?;
        for (tag, what) in [
            (HeaderTag::VERSION, "version"),
            (HeaderTag::RELEASE, "release"),
        ] {
            if forbidden(self.text(tag)) {
                return Err(what);
            }
        }
        self.version(&mut out);
        let _ = writeln!(
            out,
            "  <checksum type=\"sha256\" pkgid=\"YES\">{}</checksum>",
            self.id
        );
        for (name, tag) in [
            ("summary", SUMMARY),
            ("description", DESCRIPTION),
            ("packager", PACKAGER),
            ("url", URL),
        ] {
            out.push_str("  ");
            element(&mut out, name, values.text(tag).unwrap_or_default())?;
        }
        let built = values.number(BUILDTIME).unwrap_or(0);
        let installed = values.number(LONGSIZE).or_else(|| values.number(SIZE));
        let _ = writeln!(
            out,
            "  <time file=\"{}\" build=\"{built}\"/>\n  \
             <size package=\"{}\" installed=\"{}\" archive=\"{}\"/>",
            self.modified,
            self.size,
            installed.unwrap_or(0),
            self.archive
        );
        out.push_str("  <location href=\"");
        attribute(&mut out, self.location.as_str().as_bytes());
        out.push_str("\"/>\n  <format>\n");
        for (name, tag) in [
            ("rpm:license", LICENSE),
            ("rpm:vendor", VENDOR),
            ("rpm:group", GROUP),
            ("rpm:buildhost", BUILDHOST),
            ("rpm:sourcerpm", HeaderTag::SOURCERPM.0),
        ] {
            out.push_str("    ");
            element(&mut out, name, values.text(tag).unwrap_or_default())?;
        }
        let Range { start, end } = self.header;
        let _ = writeln!(
            out,
            "    <rpm:header-range start=\"{start}\" end=\"{end}\"/>"
        );
        let of_primary = |(path, _): &&Listed| files::is_primary(path);
        let own: HashSet<Vec<u8>> = files
            .iter()
            .filter(of_primary)
            .map(|(path, _)| path.clone())
            .collect();
        let mut reading = Reading::new(values, own);
        for kind in &KINDS {
            dependencies(&mut out, kind.element, &reading.of(kind))?;
        }
        for file in files.iter().filter(of_primary) {
            list(&mut out, "    ", file);
        }
        out.push_str("  </format>\n</package>\n");
        Ok(out)
    }

    /// How a package begins in the two other indices.
    fn begin(&self) -> String {
        let mut out = format!("<package pkgid=\"{}\" name=\"", self.id);
        attribute(&mut out, self.text(HeaderTag::NAME));
        out.push_str("\" arch=\"");
        attribute(&mut out, self.arch());
        out.push_str("\">\n");
        self.version(&mut out);
        out
    }

    fn filelists(&self, files: &[Listed]) -> String {
        let mut out = self.begin();
        for file in files {
            list(&mut out, "  ", file);
        }
        out.push_str("</package>\n");
        out
    }

    fn other(&self, limit: usize) -> Result<String, &'static str> {
        let mut out = self.begin();
        for change in changelog::newest(self.values(), limit) {
            if forbidden(change.author) || forbidden(change.text) {
                return Err("an entry of the changelog");
            }
            out.push_str("  <changelog author=\"");
            attribute(&mut out, change.author);
            let _ = write!(out, "\" date=\"{}\">", change.time);
            content(&mut out, change.text);
            out.push_str("</changelog>\n");
        }
        out.push_str("</package>\n");
        Ok(out)
    }
}

fn list(out: &mut String, indent: &str, (path, kind): &Listed) {
    out.push_str(indent);
    match kind.name() {
        Some(kind) => {
            let _ = write!(out, "<file type=\"{kind}\">");
        }
        None => out.push_str("<file>"),
    }
    content(out, path);
    out.push_str("</file>\n");
}

fn dependencies(
    out: &mut String,
    element: &'static str,
    all: &[Dependency<'_>],
) -> Result<(), &'static str> {
    if all.is_empty() {
        return Ok(());
    }
    if all.iter().all(|dependency| dependency.name.is_empty()) {
        let _ = writeln!(out, "    <{element}/>");
        return Ok(());
    }
    let _ = writeln!(out, "    <{element}>");
    for dependency in all.iter().filter(|dependency| !dependency.name.is_empty()) {
        let evr = &dependency.evr;
        if [dependency.name, evr.version, evr.release]
            .into_iter()
            .any(forbidden)
        {
            return Err(element);
        }
        out.push_str("      <rpm:entry name=\"");
        attribute(out, dependency.name);
        out.push('"');
        if let Some(relation) = dependency.relation {
            let _ = write!(out, " flags=\"{relation}\"");
            for (name, value) in [
                ("epoch", evr.epoch),
                ("ver", evr.version),
                ("rel", evr.release),
            ] {
                if !value.is_empty() {
                    let _ = write!(out, " {name}=\"");
                    attribute(out, value);
                    out.push('"');
                }
            }
        }
        if dependency.before {
            out.push_str(" pre=\"1\"");
        }
        out.push_str("/>\n");
    }
    let _ = writeln!(out, "    </{element}>");
    Ok(())
}

const SUMMARY: u32 = 1004;
const DESCRIPTION: u32 = 1005;
const BUILDTIME: u32 = 1006;
const BUILDHOST: u32 = 1007;
const SIZE: u32 = 1009;
const VENDOR: u32 = 1011;
const LICENSE: u32 = 1014;
const PACKAGER: u32 = 1015;
const GROUP: u32 = 1016;
const URL: u32 = 1020;
const LONGSIZE: u32 = 5009;
