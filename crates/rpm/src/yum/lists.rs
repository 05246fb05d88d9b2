//! filelists and other: lists about the packages of primary, and about no others.

use std::collections::HashMap;
use std::io::Read;

use pkgseal_openpgp::Verified;
use pkgseal_repo::{Finding, Limits, Report, hex};

use super::data::Loaded;
use super::primary::{Primary, epoch, fault};
use super::repomd::Data;
use super::xml::{Item, Record, Records, Shape};
use crate::codes;

/// The kinds of data that say something about each package, and their root elements.
const LISTS: &[(&str, &str)] = &[
    ("filelists", "filelists"),
    ("filelists-ext", "filelists-ext"),
    ("other", "otherdata"),
];

/// Whether this metadata file is read here.
pub(super) fn is_list(data: &Data) -> bool {
    !data.is_zchunk() && LISTS.iter().any(|(kind, _)| *kind == data.kind)
}

/// What primary says of each pkgid.
pub(super) struct Ids<'a> {
    by_id: HashMap<&'a [u8], Known<'a>>,
}

struct Known<'a> {
    nevra: String,
    location: &'a str,
    /// How often primary lists it.
    times: u32,
}

impl<'a> Ids<'a> {
    /// Those of an index.
    pub(super) fn of(primary: &'a Primary) -> Self {
        let mut by_id: HashMap<_, Known<'_>> = HashMap::with_capacity(primary.packages.len());
        for package in &primary.packages {
            let known = by_id.entry(package.pkgid()).or_insert_with(|| Known {
                nevra: package.nevra(),
                location: package.location.as_str(),
                times: 0,
            });
            known.times += 1;
        }
        Self { by_id }
    }
}

/// Reads a list that was compared already, and compares what it lists with primary, where
/// primary could be read.
pub(super) fn check(loaded: Loaded, ids: Option<&Ids<'_>>, limits: &Limits, report: &mut Report) {
    let kind = loaded.kind().to_owned();
    let root = LISTS
        .iter()
        .find(|(known, _)| *known == kind)
        .map_or("", |(_, root)| root);
    let found = loaded.read(limits, report, |source, subject| {
        read(source, subject, root, ids, limits)
    });
    if let Some(found) = found {
        report.findings.extend(found.into_inner());
    }
}

/// One kind of difference: how often, and the first.
#[derive(Default)]
struct Difference {
    count: u64,
    first: String,
}

impl Difference {
    fn add(&mut self, what: impl FnOnce() -> String) {
        if self.count == 0 {
            self.first = what();
        }
        self.count += 1;
    }

    fn tell(self, code: pkgseal_repo::Code, subject: &str, words: &str) -> Option<Finding> {
        (self.count > 0).then(|| {
            Finding::reject(
                code,
                subject,
                format!("{} {words}, {} first", self.count, self.first),
            )
            .hint("make all of the metadata again, in one run of createrepo_c")
        })
    }
}

fn read(
    source: Verified<impl Read>,
    subject: &str,
    root: &'static str,
    ids: Option<&Ids<'_>>,
    limits: &Limits,
) -> Result<Verified<Vec<Finding>>, Box<Finding>> {
    source.try_map(|source| compare(source, subject, root, ids, limits))
}

fn compare(
    source: impl Read,
    subject: &str,
    root: &'static str,
    ids: Option<&Ids<'_>>,
    limits: &Limits,
) -> Result<Vec<Finding>, Box<Finding>> {
    let shape = Shape {
        root,
        record: "package",
        singles: &[],
        fields: &["version"],
        nested: &[],
    };
    let mut records = Records::new(source, shape, limits.line);
    let mut seen: HashMap<Vec<u8>, u32> = HashMap::new();
    let (mut twice, mut strange, mut other) = <(Difference, Difference, Difference)>::default();
    let mut count = 0_u64;
    while let Some(item) = records.next().map_err(|f| fault(codes::LIST, subject, f))? {
        let Item::Record(record) = item else { continue };
        count += 1;
        if count > limits.entries as u64 {
            return Err(Box::new(Finding::reject(
                pkgseal_repo::codes::LIMIT,
                subject,
                format!("more than {} packages", limits.entries),
            )));
        }
        let malformed = |detail| Box::new(Finding::reject(codes::LIST, subject, detail));
        let (id, nevra) = package(&record).map_err(malformed)?;
        let Some(ids) = ids else { continue };
        match ids.by_id.get(id.as_slice()) {
            None => strange.add(|| nevra),
            Some(known) => {
                if known.nevra != nevra {
                    other.add(|| format!("{nevra} for {}", known.nevra));
                }
                let times = seen.entry(id).or_default();
                *times += 1;
                if *times > known.times {
                    twice.add(|| nevra);
                }
            }
        }
    }
    let announced = records
        .root()
        .and_then(|root| root.attribute("packages"))
        .and_then(|count| count.trim().parse::<u64>().ok());
    let mut findings = Vec::new();
    if let Some(announced) = announced
        && announced != count
    {
        findings.push(Finding::reject(
            codes::LIST_COUNT,
            subject,
            format!("it announces {announced} packages and lists {count}"),
        ));
    }
    let mut absent = Difference::default();
    if let Some(ids) = ids {
        let mut missing: Vec<_> = ids
            .by_id
            .iter()
            .filter(|(id, known)| seen.get(**id).is_none_or(|times| *times < known.times))
            .map(|(_, known)| known.location)
            .collect();
        missing.sort_unstable();
        for location in missing {
            absent.add(|| location.to_owned());
        }
    }
    let told = [
        (twice, codes::LIST_TWICE, "packages stand in it twice"),
        (
            strange,
            codes::LIST_STRANGE,
            "packages in it are not in primary",
        ),
        (
            other,
            codes::LIST_IDENTITY,
            "packages in it have another name, version or architecture in primary",
        ),
        (
            absent,
            codes::LIST_ABSENT,
            "packages of primary are not in it",
        ),
    ];
    findings.extend(
        told.into_iter()
            .filter_map(|(difference, code, words)| difference.tell(code, subject, words)),
    );
    Ok(findings)
}

/// The pkgid of a record, and the package it names.
fn package(record: &Record) -> Result<(Vec<u8>, String), String> {
    let own = |name: &str| {
        record
            .own
            .attribute(name)
            .ok_or_else(|| format!("a package without {name}"))
    };
    let pkgid = own("pkgid")?;
    let id = hex::decode(pkgid)
        .filter(|id| !id.is_empty())
        .ok_or_else(|| format!("the pkgid {pkgid:?} is not hexadecimal"))?;
    let version = record
        .field("version")
        .ok_or_else(|| format!("the package {pkgid} has no version"))?;
    let part = |name: &str| {
        version
            .attribute(name)
            .ok_or_else(|| format!("the package {pkgid} has no {name} in its version"))
    };
    let epoch = epoch(version.attribute("epoch"))
        .ok_or_else(|| format!("the epoch of the package {pkgid} is no number"))?;
    let nevra = format!(
        "{}-{epoch}:{}-{}.{}",
        own("name")?,
        part("ver")?,
        part("rel")?,
        own("arch")?
    );
    Ok((id, nevra))
}

#[cfg(test)]
mod tests;
