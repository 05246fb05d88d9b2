//! Which package goes into which index.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use pkgseal_repo::{DigestAlgorithm, Finding, SafePath, codes as repo_codes};

use super::facts::{Content, Facts, Memory};
use super::pool::{Found, Kind};
use super::{AllPackages, IndexOptions, source, stanza};
use crate::codes;
use crate::control::Control;

/// The architecture of packages that fit every machine.
const ALL: &str = "all";

/// A package or source that a suite takes in.
pub(super) struct Chosen<'a> {
    pub(super) found: &'a Found,
    /// Empty in a flat repository.
    pub(super) component: String,
}

/// The files of the pool that go into the suite, and what cannot.
pub(super) fn choose<'a>(
    pool: &'a [Found],
    options: &IndexOptions,
) -> (Vec<Chosen<'a>>, Vec<Finding>) {
    let mut findings = Vec::new();
    let mut chosen = Vec::new();
    let mut listed: BTreeSet<&SafePath> = options.packages.iter().flatten().collect();
    for found in pool {
        if found.kind == Kind::Other {
            continue;
        }
        if options.packages.is_some() && !listed.remove(&found.path) {
            continue;
        }
        match component(&found.path, options) {
            Ok(Some(component)) => chosen.push(Chosen { found, component }),
            Ok(None) => {}
            Err(finding) => findings.push(*finding),
        }
    }
    for path in listed {
        let detail = "it is listed, and no package of that name is there";
        findings.push(Finding::reject(
            repo_codes::FILE_MISSING,
            path.as_str(),
            detail,
        ));
    }
    (chosen, findings)
}

/// The component a file lies in; `None` where it is not asked for.
fn component(path: &SafePath, options: &IndexOptions) -> Result<Option<String>, Box<Finding>> {
    if options.suite.is_none() {
        return Ok(Some(String::new()));
    }
    let below = path
        .as_str()
        .strip_prefix(options.pool.as_str())
        .and_then(|below| below.strip_prefix('/'))
        .unwrap_or(path.as_str());
    if !options.components.is_empty() {
        // Components may have slashes: the longest that fits.
        let fits = |component: &&String| {
            below
                .strip_prefix(component.as_str())
                .is_some_and(|rest| rest.starts_with('/'))
        };
        let mut fitting: Vec<&String> = options.components.iter().filter(fits).collect();
        fitting.sort_by_key(|component| component.len());
        return Ok(fitting.pop().cloned());
    }
    match below.split_once('/') {
        Some((component, _)) => Ok(Some(component.to_owned())),
        None => {
            let detail = format!("it lies in {}, in no component's folder", options.pool);
            let finding = Finding::reject(codes::MAKE_COMPONENT, path.as_str(), detail)
                .hint(format!("move it to {}/main/", options.pool));
            Err(Box::new(finding))
        }
    }
}

/// The files that chosen sources list, of those that lie in the pool.
pub(super) fn parts<'a>(
    chosen: &[Chosen<'_>],
    memory: &Memory,
    pool: &HashMap<&SafePath, &'a Found>,
) -> (Vec<&'a Found>, Vec<Finding>) {
    let mut parts = BTreeMap::new();
    let mut findings = Vec::new();
    for one in chosen {
        let Some(facts) = memory.of(&one.found.path) else {
            continue;
        };
        let Content::Source(paragraph) = &facts.content else {
            continue;
        };
        let subject = one.found.path.as_str();
        match source::files(paragraph, subject) {
            Err(finding) => findings.push(*finding),
            Ok(files) => {
                for name in files.keys() {
                    let path = beside(&one.found.path, name);
                    match pool.get(&path) {
                        Some(found) => drop(parts.insert(path, *found)),
                        None => {
                            let detail = format!("it lists {name}, which is not there");
                            findings.push(*source::wrong(subject, detail));
                        }
                    }
                }
            }
        }
    }
    (parts.into_values().collect(), findings)
}

fn beside(path: &SafePath, name: &SafePath) -> SafePath {
    match path.parent() {
        Some(parent) => parent.join(name),
        None => name.clone(),
    }
}

/// An index to be: its path relative to the suite, and its text.
pub(super) type Texts = BTreeMap<SafePath, Vec<u8>>;

/// The indices of a suite.
#[derive(Default)]
pub(super) struct Indices {
    pub(super) architectures: Vec<String>,
    pub(super) components: Vec<String>,
    pub(super) texts: Texts,
    pub(super) findings: Vec<Finding>,
}

/// A stanza, and where it goes.
struct Entry<'a> {
    component: &'a str,
    kind: Kind,
    architecture: &'a str,
    package: &'a str,
    path: &'a SafePath,
    stanza: Vec<u8>,
}

/// Makes the texts of all indices.
pub(super) fn indices(
    chosen: &[Chosen<'_>],
    memory: &Memory,
    options: &IndexOptions,
    listed: &[DigestAlgorithm],
) -> Indices {
    let mut indices = Indices::default();
    let mut entries = Vec::with_capacity(chosen.len());
    let mut seen = HashMap::new();
    for one in chosen {
        let Some(facts) = memory.of(&one.found.path) else {
            continue;
        };
        let entry = match &facts.content {
            Content::Package(control) => package(one, facts, control, listed),
            Content::Source(paragraph) => source(one, facts, paragraph, memory, listed),
            Content::Plain => continue,
        };
        match entry {
            Ok((version, entry)) => {
                let identity = (entry.kind, entry.package, version, entry.architecture);
                let same = seen.insert(identity, (one, facts));
                if let Some((other, known)) = same
                    && let Some(finding) = twice(one, facts, other, known)
                {
                    indices.findings.push(finding);
                }
                entries.push(entry);
            }
            Err(finding) => indices.findings.push(*finding),
        }
    }
    entries.sort_by(|a, b| (a.package, a.path).cmp(&(b.package, b.path)));
    indices.lay_out(&entries, options);
    indices
}

/// What is wrong with two files that are the same version of the same package.
fn twice(one: &Chosen<'_>, facts: &Facts, other: &Chosen<'_>, known: &Facts) -> Option<Finding> {
    let same = known.digests.mismatch(&facts.digests).is_none()
        || facts.digests.mismatch(&known.digests).is_none();
    if same && one.component != other.component {
        return None;
    }
    let (path, first) = (one.found.path.as_str(), &other.found.path);
    let finding = if same {
        let detail = format!("it is the same package as {first}, with the same content");
        Finding::warning(codes::MAKE_DUPLICATE, path, detail)
            .hint("remove one of them: clients see it twice")
    } else {
        let detail = format!("it is the same version of the same package as {first}");
        Finding::reject(codes::MAKE_DUPLICATE, path, detail)
            .hint("give the changed package a version of its own, or remove one of them")
    };
    Some(finding)
}

fn package<'a>(
    one: &'a Chosen<'a>,
    facts: &'a Facts,
    control: &'a Control,
    listed: &[DigestAlgorithm],
) -> Result<(&'a str, Entry<'a>), Box<Finding>> {
    let path = &one.found.path;
    let entry = Entry {
        component: &one.component,
        kind: one.found.kind,
        architecture: control.architecture(),
        package: control.package(),
        path,
        stanza: stanza::package(control, path, facts.stat.size, &facts.digests, listed),
    };
    Ok((control.version(), entry))
}

fn source<'a>(
    one: &'a Chosen<'a>,
    facts: &'a Facts,
    paragraph: &'a Control,
    memory: &'a Memory,
    listed: &[DigestAlgorithm],
) -> Result<(&'a str, Entry<'a>), Box<Finding>> {
    let path = &one.found.path;
    let subject = path.as_str();
    let files = source::files(paragraph, subject)?;
    let mut parts = vec![stanza::Part {
        name: path.file_name(),
        size: facts.stat.size,
        digests: &facts.digests,
    }];
    let order = paragraph
        .field("Files")
        .or(paragraph.field("Checksums-Sha256"));
    let order = String::from_utf8_lossy(order.unwrap_or_default());
    let position = |name: &str| {
        order
            .split('\n')
            .position(|line| line.split([' ', '\t']).next_back() == Some(name))
    };
    let mut sorted: Vec<_> = files.iter().collect();
    sorted.sort_by_key(|(name, _)| position(name.as_str()));
    for (name, said) in sorted {
        let Some(part) = memory.of(&beside(path, name)) else {
            return Err(source::wrong(
                subject,
                format!("it lists {name}, which is not there"),
            ));
        };
        let differs = said
            .digests
            .algorithms()
            .filter(|&algorithm| part.digests.get(algorithm).is_some())
            .find(|&algorithm| part.digests.get(algorithm) != said.digests.get(algorithm));
        if let Some(algorithm) = differs {
            let detail = format!("the {algorithm} of {name} is not the one it lists");
            return Err(source::wrong(subject, detail));
        }
        if part.stat.size != said.size {
            let detail = format!(
                "{name} has {} bytes, and it lists {}",
                part.stat.size, said.size
            );
            return Err(source::wrong(subject, detail));
        }
        parts.push(stanza::Part {
            name: files
                .get_key_value(name)
                .map_or("", |(name, _)| name.as_str()),
            size: part.stat.size,
            digests: &part.digests,
        });
    }
    let directory = path
        .parent()
        .map_or_else(|| ".".to_owned(), |parent| parent.to_string());
    let stanza = stanza::source(paragraph, &directory, &parts, listed);
    let entry = Entry {
        component: &one.component,
        kind: Kind::Source,
        architecture: "source",
        package: paragraph.text("Source").unwrap_or_default(),
        path,
        stanza,
    };
    Ok((paragraph.text("Version").unwrap_or_default(), entry))
}

impl Indices {
    /// Puts every stanza where clients look for it.
    fn lay_out(&mut self, entries: &[Entry<'_>], options: &IndexOptions) {
        let binary = |entry: &&Entry<'_>| entry.kind != Kind::Source;
        let found: BTreeSet<&str> = entries
            .iter()
            .filter(binary)
            .map(|entry| entry.architecture)
            .collect();
        let apart = options.all == AllPackages::Apart && found.contains(ALL);
        let mut architectures: Vec<String> = if options.architectures.is_empty() {
            let concrete = found.iter().filter(|name| **name != ALL);
            concrete.map(|name| (*name).to_owned()).collect()
        } else {
            options.architectures.clone()
        };
        if apart || (architectures.is_empty() && found.contains(ALL)) {
            architectures.push(ALL.to_owned());
        }
        let wanted = |entry: &Entry<'_>, architecture: &str| {
            entry.architecture == architecture || (entry.architecture == ALL && !apart)
        };
        let has = |kind: Kind| entries.iter().any(|entry| entry.kind == kind);
        if options.suite.is_none() {
            let fits = |entry: &Entry<'_>| {
                entry.architecture == ALL
                    || architectures.iter().any(|name| name == entry.architecture)
            };
            self.put("Packages", entries, |entry| {
                matches!(entry.kind, Kind::Package) && fits(entry)
            });
            if has(Kind::Source) {
                self.put("Sources", entries, |entry| entry.kind == Kind::Source);
            }
        } else {
            let mut components: Vec<String> = if options.components.is_empty() {
                let found: BTreeSet<&str> = entries.iter().map(|entry| entry.component).collect();
                found.into_iter().map(str::to_owned).collect()
            } else {
                options.components.clone()
            };
            if options.components.is_empty() {
                // What everybody has comes first.
                components.sort_by_key(|component| component != "main");
            }
            for component in &components {
                let within = |entry: &Entry<'_>| entry.component == *component;
                for architecture in &architectures {
                    for (kind, folder) in [
                        (Kind::Package, component.clone()),
                        (Kind::Installer, format!("{component}/debian-installer")),
                    ] {
                        if kind == Kind::Package || has(kind) {
                            let path = format!("{folder}/binary-{architecture}/Packages");
                            self.put(&path, entries, |entry| {
                                entry.kind == kind && within(entry) && wanted(entry, architecture)
                            });
                        }
                    }
                }
                if has(Kind::Source) {
                    self.put(&format!("{component}/source/Sources"), entries, |entry| {
                        entry.kind == Kind::Source && within(entry)
                    });
                }
            }
            self.components = components;
        }
        self.architectures = architectures;
    }

    fn put(&mut self, path: &str, entries: &[Entry<'_>], wanted: impl Fn(&Entry<'_>) -> bool) {
        let chosen = entries.iter().filter(|entry| wanted(entry));
        let text = chosen.fold(Vec::new(), |mut text, entry| {
            text.extend_from_slice(&entry.stanza);
            text
        });
        match SafePath::new(path) {
            Ok(path) => drop(self.texts.insert(path, text)),
            Err(error) => {
                self.findings
                    .push(Finding::reject(codes::MAKE_OPTION, path, error.to_string()))
            }
        }
    }
}
