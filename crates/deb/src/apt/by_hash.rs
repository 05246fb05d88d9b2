//! Indices under their digests (`Acquire-By-Hash`).

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::os::unix::fs::MetadataExt;
use std::sync::Arc;

use pkgseal_repo::{
    DigestAlgorithm, Digests, Finding, MultiHasher, Report, Root, SafePath, codes as repo_codes,
    read_through,
};
use rayon::prelude::*;

use super::root::unusable;
use crate::codes;
use crate::listed::Listed;

/// The folders below `by-hash`.
const FOLDERS: [(&str, DigestAlgorithm); 4] = [
    ("MD5Sum", DigestAlgorithm::Md5),
    ("SHA1", DigestAlgorithm::Sha1),
    ("SHA256", DigestAlgorithm::Sha256),
    ("SHA512", DigestAlgorithm::Sha512),
];

/// Where an index stands under its strongest digest: the one clients ask for.
pub(super) fn path(index: &SafePath, listed: &Listed) -> Option<SafePath> {
    named(index, listed.digests.strongest()?, &listed.digests)
}

/// Where a file beside `index` stands under one of its digests.
pub(super) fn named(
    index: &SafePath,
    algorithm: DigestAlgorithm,
    digests: &Digests,
) -> Option<SafePath> {
    let (folder, _) = FOLDERS.iter().find(|(_, known)| *known == algorithm)?;
    let hex = digests.hex(algorithm)?;
    // What is found under its digest has its neighbours beside it.
    let parent = match index.as_str().rsplit_once("/by-hash/") {
        Some((parent, _)) => Some(SafePath::new(parent).ok()?),
        None if index.as_str().starts_with("by-hash/") => None,
        None => index.parent(),
    };
    below(parent.as_ref(), &format!("{folder}/{hex}"))
}

fn below(parent: Option<&SafePath>, name: &str) -> Option<SafePath> {
    let path = match parent {
        Some(parent) => format!("{parent}/by-hash/{name}"),
        None => format!("by-hash/{name}"),
    };
    SafePath::new(&path).ok()
}

/// A listed file and where it is: by its name, or under its digest alone.
pub(super) struct Present<'a> {
    pub(super) listed_as: &'a SafePath,
    pub(super) found: &'a SafePath,
    pub(super) listed: &'a Listed,
}

/// What a suite that announces by-hash has to have, folder by folder.
#[derive(Default)]
pub(super) struct ByHash<'a> {
    folders: BTreeMap<Option<SafePath>, Vec<Present<'a>>>,
}

/// What nothing lists any more, though its name is right.
#[derive(Default)]
struct Old {
    files: u64,
    bytes: u64,
}

impl<'a> ByHash<'a> {
    /// Adds a listed file that is there.
    pub(super) fn add(&mut self, present: Present<'a>) {
        let parent = present.listed_as.parent();
        self.folders.entry(parent).or_default().push(present);
    }

    /// Checks every folder: what is listed is there under every digest, and every file
    /// is what its name says. No file is read that a family read already.
    pub(super) fn check(&self, root: &Root, listed_by: &Arc<str>) -> Report {
        let folders: Vec<_> = self.folders.iter().collect();
        let checked: Vec<_> = folders
            .par_iter()
            .map(|(folder, present)| Folder::check(root, folder.as_ref(), present, listed_by))
            .collect();
        let mut report = Report::new();
        let mut old = Old::default();
        let mut without = Vec::new();
        let mut weaker: Option<(u64, SafePath)> = None;
        for ((folder, _), checked) in folders.into_iter().zip(checked) {
            match checked {
                Some(folder) => {
                    old.files += folder.old.files;
                    old.bytes += folder.old.bytes;
                    if let Some((more, first)) = folder.weaker {
                        weaker.get_or_insert((0, first)).0 += more;
                    }
                    report.merge(folder.report);
                }
                None => without.push(folder.as_ref().map_or(".", SafePath::as_str)),
            }
        }
        if let Some(first) = without.first() {
            let detail = format!(
                "by-hash is announced, and {} folders with listed files have none, {first} first",
                without.len()
            );
            let finding = Finding::warning(codes::BY_HASH_ABSENT, &**listed_by, detail)
                .because("its field Acquire-By-Hash");
            report.push(finding);
        }
        if let Some((count, first)) = weaker {
            let detail = format!(
                "{count} listed files are not there under their weaker digests; clients ask for \
                 the strongest"
            );
            let finding = Finding::note(codes::BY_HASH_INCOMPLETE, first.as_str(), detail)
                .because(format!("listed by {listed_by}"));
            report.push(finding);
        }
        if old.files > 0 {
            let detail = format!(
                "{} files of older generations under their digests, {} bytes",
                old.files, old.bytes
            );
            let finding = Finding::note(codes::BY_HASH_OLD, &**listed_by, detail);
            report.push(finding);
        }
        report
    }
}

/// One folder with a `by-hash` in it.
struct Folder<'a> {
    root: &'a Root,
    listed_by: &'a Arc<str>,
    /// What has to be there: path below the root, and what is listed for it.
    expected: HashMap<SafePath, &'a Listed>,
    report: Report,
    old: Old,
    /// Listed files that are not there under a weaker digest: how many, and the first.
    weaker: Option<(u64, SafePath)>,
}

/// One object: its path, and the digest in its name.
struct Object {
    path: SafePath,
    algorithm: DigestAlgorithm,
    hex: String,
}

impl<'a> Folder<'a> {
    /// `None` when there is no by-hash in it.
    fn check(
        root: &'a Root,
        parent: Option<&SafePath>,
        present: &[Present<'a>],
        listed_by: &'a Arc<str>,
    ) -> Option<Self> {
        let mut this = Self {
            root,
            listed_by,
            expected: HashMap::new(),
            report: Report::new(),
            old: Old::default(),
            weaker: None,
        };
        let by_hash = match parent {
            Some(parent) => SafePath::new(&format!("{parent}/by-hash")),
            None => SafePath::new("by-hash"),
        }
        .ok()?;
        match root.dir(&by_hash) {
            Ok(Some(_)) => {}
            Ok(None) => return None,
            Err(error) => {
                this.report.push(unusable(by_hash.as_str(), &error));
                return Some(this);
            }
        }
        let mut seen: HashMap<(u64, u64), &'a Listed> = HashMap::new();
        for present in present {
            if let Ok(Some(file)) = root.file(present.found)
                && let Ok(metadata) = file.metadata()
            {
                seen.insert((metadata.dev(), metadata.ino()), present.listed);
            }
            for algorithm in present.listed.digests.algorithms() {
                if let Some(path) = named(present.listed_as, algorithm, &present.listed.digests) {
                    this.expected.insert(path, present.listed);
                }
            }
        }
        let objects = this.objects(&by_hash);
        this.missing(present, &objects);
        this.compare(objects, &seen);
        Some(this)
    }

    /// Every object there, in any of the folders; what is none is surplus.
    fn objects(&mut self, by_hash: &SafePath) -> Vec<Object> {
        let walked = match self.root.walk(Some(by_hash)) {
            Ok(walked) => walked,
            Err(error) => {
                self.report.push(unusable(by_hash.as_str(), &error));
                return Vec::new();
            }
        };
        let mut objects = Vec::new();
        for (path, size) in walked {
            // Else no client can ask for it, whatever it is; aptly leaves such links.
            let Ok(path) = path else { continue };
            let name = path
                .as_str()
                .strip_prefix(by_hash.as_str())
                .and_then(|rest| rest.strip_prefix('/'))
                .and_then(|rest| rest.split_once('/'));
            let object = name.and_then(|(folder, hex)| {
                let (_, algorithm) = FOLDERS.iter().find(|(known, _)| *known == folder)?;
                let digits = hex.len() == algorithm.len() * 2
                    && hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
                digits.then(|| (*algorithm, hex.to_owned()))
            });
            match object {
                Some((algorithm, hex)) => objects.push(Object {
                    path,
                    algorithm,
                    hex,
                }),
                None => {
                    let detail = format!("its name is no digest, {size} bytes");
                    let finding = Finding::note(repo_codes::FILE_SURPLUS, path.as_str(), detail);
                    self.report.push(finding);
                }
            }
        }
        objects
    }

    fn missing(&mut self, present: &[Present<'a>], objects: &[Object]) {
        let there: BTreeSet<&SafePath> = objects.iter().map(|object| &object.path).collect();
        let mut weaker = 0;
        let mut first = None;
        for present in present {
            let digests = &present.listed.digests;
            for algorithm in digests.algorithms() {
                let Some(path) = named(present.listed_as, algorithm, digests) else {
                    continue;
                };
                if there.contains(&path) {
                    continue;
                }
                if Some(algorithm) == digests.strongest() {
                    let detail = format!("{} is not there under its digest", present.listed_as);
                    let finding = Finding::reject(codes::BY_HASH_MISSING, path.as_str(), detail)
                        .because(format!("listed by {}", self.listed_by))
                        .hint("update the mirror again, by-hash included");
                    self.report.push(finding);
                } else {
                    weaker += 1;
                    first.get_or_insert(path);
                }
            }
        }
        self.weaker = first.map(|first| (weaker, first));
    }

    /// Whether every object is what its name says. Each file is read once, whatever the
    /// number of its names.
    fn compare(&mut self, objects: Vec<Object>, seen: &HashMap<(u64, u64), &Listed>) {
        let mut groups: BTreeMap<(u64, u64), (std::fs::File, u64, Vec<Object>)> = BTreeMap::new();
        for object in objects {
            let opened = self.root.file(&object.path);
            let file = match opened {
                Ok(Some(file)) => file,
                Ok(None) => continue,
                Err(error) => {
                    self.report.push(unusable(object.path.as_str(), &error));
                    continue;
                }
            };
            let Ok(metadata) = file.metadata() else {
                continue;
            };
            let key = (metadata.dev(), metadata.ino());
            // A family compared these bytes with this digest, or says why not.
            let compared = seen
                .get(&key)
                .and_then(|listed| listed.digests.hex(object.algorithm))
                .is_some_and(|hex| hex == object.hex);
            if !compared {
                let size = metadata.len();
                groups
                    .entry(key)
                    .or_insert_with(|| (file, size, Vec::new()))
                    .2
                    .push(object);
            }
        }
        for (file, size, objects) in groups.into_values() {
            self.read(&file, size, &objects);
        }
    }

    fn read(&mut self, file: &std::fs::File, size: u64, objects: &[Object]) {
        let mut hasher = MultiHasher::new(objects.iter().map(|object| object.algorithm));
        let first = objects.first().map_or("", |object| object.path.as_str());
        if let Err(error) = read_through(file, &mut [&mut hasher]) {
            let detail = format!("the file cannot be read: {error}");
            let finding = Finding::undecided(repo_codes::FILE_UNREADABLE, first, detail);
            self.report.push(finding);
            return;
        }
        self.report.files += 1;
        self.report.bytes += hasher.count();
        let actual = hasher.finish();
        let mut old = true;
        for object in objects {
            let hex = actual.hex(object.algorithm).unwrap_or_default();
            let listed = self.expected.get(&object.path);
            old &= listed.is_none();
            if hex == object.hex {
                continue;
            }
            old = false;
            let name = object.algorithm.name();
            let detail = match listed {
                Some(listed) if size < listed.size => format!(
                    "truncated: {size} bytes of {}, so its {name} is {hex}, not its name",
                    listed.size
                ),
                _ => format!("its {name} is {hex}, not its name"),
            };
            let mut finding = Finding::reject(codes::BY_HASH_CONTENT, object.path.as_str(), detail);
            if listed.is_some() {
                finding = finding.because(format!("listed by {}", self.listed_by));
            }
            self.report.push(finding);
        }
        if old {
            self.old.files += 1;
            self.old.bytes += size;
        }
    }
}
