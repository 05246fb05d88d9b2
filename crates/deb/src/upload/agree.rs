//! Fields that must agree: with file names, between documents, with packages.

use pkgseal_repo::{Code, Finding};

use super::document::{self, Document, Kind};
use super::names;
use crate::codes;

/// A package's own control fields, as far as they matter here.
#[derive(Clone, Debug)]
pub(super) struct Package<'a> {
    pub(super) name: &'a str,
    pub(super) version: &'a str,
    pub(super) architecture: &'a str,
    /// The field Source, empty where it has none.
    pub(super) source: &'a str,
}

/// What is wrong with one document by itself, called `name`.
pub(super) fn alone(document: &Document, name: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    let stem = format!(
        "{}_{}",
        document.source(),
        names::without_epoch(document.version())
    );
    if !is_called(document, name, &stem) {
        let detail = match document.kind() {
            Kind::Dsc => format!("by its fields it is called {stem}.dsc"),
            Kind::Buildinfo | Kind::Changes => {
                let word = document.kind().word();
                let of = document.field("Architecture").unwrap_or_default();
                format!("by its fields it is called {stem}_ARCH.{word}, with ARCH out of {of:?}")
            }
        };
        findings.push(
            Finding::reject(codes::UPLOAD_NAME, name, detail)
                .because("its fields Source, Version and Architecture")
                .hint("give it its name back, or find out who renamed it"),
        );
    }
    match document.kind() {
        Kind::Dsc => findings.extend(sources(document, name)),
        Kind::Changes => {
            findings.extend(has_source(document, name));
            findings.extend(packages(document, name));
        }
        Kind::Buildinfo => {}
    }
    findings
}

fn is_called(document: &Document, name: &str, stem: &str) -> bool {
    let rest = name
        .strip_prefix(stem)
        .and_then(|rest| rest.strip_suffix(document.kind().word()))
        .and_then(|rest| rest.strip_suffix('.'));
    match (document.kind(), rest) {
        (Kind::Dsc, rest) => rest == Some(""),
        (_, None) => false,
        (kind, Some(rest)) => rest
            .strip_prefix('_')
            .is_some_and(|architecture| is_of(document, kind, architecture)),
    }
}

/// Whether a document may be named after this architecture: one that it is of, possibly
/// with an identifier behind it (`amd64-buildd`).
fn is_of(document: &Document, kind: Kind, named: &str) -> bool {
    let is = |architecture: &str| {
        named == architecture
            || named
                .strip_prefix(architecture)
                .is_some_and(|rest| rest.starts_with('-'))
    };
    let mut own = document.words("Architecture");
    if own.any(is) || (kind == Kind::Changes && named == "multi") {
        return true;
    }
    // dpkg names what it builds after the machine, also where all packages are for all.
    let concrete = |architecture: &str| !matches!(architecture, "all" | "source");
    names::is_architecture(named)
        && concrete(named)
        && document.words("Architecture").any(|own| own == "all")
        && !document.words("Architecture").any(concrete)
}

/// Files of a source package belong to that source and that version.
fn sources<'a>(document: &'a Document, subject: &'a str) -> impl Iterator<Item = Finding> + 'a {
    let stem = format!(
        "{}_{}",
        document.source(),
        names::upstream(document.version())
    );
    document
        .files()
        .keys()
        .filter(move |path| {
            let rest = path.as_str().strip_prefix(&stem);
            !rest.is_some_and(|rest| rest.starts_with(['.', '-']))
        })
        .map(move |path| {
            let detail = format!("{path} is no file of this source and version by its name");
            Finding::reject(codes::UPLOAD_NAME, subject, detail)
                .because("its fields Source and Version")
        })
}

/// Source is there exactly when it is announced, and once.
fn has_source(changes: &Document, subject: &str) -> Option<Finding> {
    let announced = changes.words("Architecture").any(|word| word == "source");
    let files = changes.files().keys();
    let dscs = files.filter(|path| Kind::of(path.as_str()) == Some(Kind::Dsc));
    let detail = match (announced, dscs.count()) {
        (true, 1) | (false, 0) => return None,
        (true, 0) => "Architecture says source, and no .dsc is listed".to_owned(),
        (false, _) => "a .dsc is listed, and Architecture does not say source".to_owned(),
        (true, count) => format!("{count} .dsc files are listed, and one is all"),
    };
    Some(Finding::reject(codes::UPLOAD_SOURCE, subject, detail))
}

/// Packages are announced, by their names.
fn packages<'a>(changes: &'a Document, subject: &'a str) -> impl Iterator<Item = Finding> + 'a {
    let files = changes.files().keys().map(|path| path.as_str());
    files
        .filter(|name| is_package(name))
        .filter_map(move |name| {
            let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
            let mut parts = stem.split('_');
            let (Some(package), Some(_), Some(architecture), None) =
                (parts.next(), parts.next(), parts.next(), parts.next())
            else {
                let detail = format!("{name} is not called PACKAGE_VERSION_ARCHITECTURE");
                return Some(Finding::reject(codes::UPLOAD_NAME, subject, detail));
            };
            announced(changes, package, architecture).map(|what| {
                Finding::reject(codes::UPLOAD_BINARY, subject, format!("{name}: {what}"))
            })
        })
}

/// What keeps a package of this name and architecture out of a document, if anything.
fn announced(document: &Document, package: &str, architecture: &str) -> Option<String> {
    if !document.words("Binary").any(|word| word == package) {
        return Some(format!("Binary does not name {package}"));
    }
    if !document
        .words("Architecture")
        .any(|word| word == architecture)
    {
        return Some(format!("Architecture does not name {architecture}"));
    }
    None
}

/// Whether a file is a binary package by its name.
pub(super) fn is_package(name: &str) -> bool {
    [".deb", ".udeb", ".ddeb"]
        .iter()
        .any(|ending| name.ends_with(ending))
}

/// What a .dsc or .buildinfo says otherwise than the .changes that lists it.
pub(super) fn together(changes: &Document, inner: &Document, subject: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut same = |field: &str, ours: &str, theirs: &str| {
        if ours != theirs {
            let detail = format!("its {field} is {theirs}, and the .changes says {ours}");
            findings.push(
                Finding::reject(codes::UPLOAD_FIELDS_DIFFER, subject, detail)
                    .hint("build the upload again: its documents are of different builds"),
            );
        }
    };
    same("Source", changes.source(), inner.source());
    match inner.kind() {
        Kind::Dsc => same("Version", changes.source_version(), inner.version()),
        Kind::Buildinfo | Kind::Changes => {
            same("Version", changes.version(), inner.version());
            same(
                "source version",
                changes.source_version(),
                inner.source_version(),
            );
        }
    }
    findings
}

/// What a package's own control file says otherwise than its file's name and the document
/// that lists it.
pub(super) fn package(document: &Document, file: &str, package: &Package<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut differs = |code: Code, detail: String| {
        findings.push(Finding::reject(code, file, detail).because("its own control file"));
    };
    let ending = file.rsplit_once('.').map_or("", |(_, ending)| ending);
    let called = format!(
        "{}_{}_{}.{ending}",
        package.name,
        names::without_epoch(package.version),
        package.architecture
    );
    if called != file {
        differs(
            codes::UPLOAD_NAME,
            format!("by its control fields it is called {called}"),
        );
    }
    if let Some(what) = announced(document, package.name, package.architecture) {
        differs(codes::UPLOAD_BINARY, what);
    }
    let named = match package.source {
        "" => Some((package.name, None)),
        source => document::source(source),
    };
    let Some((source, version)) = named else {
        differs(
            codes::UPLOAD_PACKAGE,
            format!("its field Source is {:?}", package.source),
        );
        return findings;
    };
    if source != document.source() {
        let detail = format!("it is built from {source}, not from {}", document.source());
        differs(codes::UPLOAD_PACKAGE, detail);
    }
    let version = version.unwrap_or(package.version);
    if version != document.source_version() {
        let detail = format!(
            "it is built from version {version}, not from {}",
            document.source_version()
        );
        differs(codes::UPLOAD_PACKAGE, detail);
    }
    findings
}
