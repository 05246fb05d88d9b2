//! From a Release to what has to be checked.

use std::collections::BTreeMap;
use std::sync::Arc;

use pkgseal_repo::{Compression, SafePath};

use super::by_hash;
use super::family::{Family, Kind, Variant, effort};
use super::index::IndexKind;
use super::request::Scope;
use super::tree::Suite;

/// Every file a suite lists, in families.
pub(super) fn families(suite: &Suite, scope: &Scope) -> Vec<Family> {
    let release = suite.release.get();
    let seal = suite.release.clone().map(|_| ());
    let base = suite.directory.as_ref();
    let listed_by = suite.listed_by();
    let mut families: BTreeMap<SafePath, Family> = BTreeMap::new();
    for (path, listed) in &release.files {
        let full = base.map_or_else(|| path.clone(), |base| base.join(path));
        let compression = Compression::from_name(full.as_str());
        let stem = full.as_str().strip_suffix(compression.suffix());
        // A name that is a suffix and nothing more is not compressed.
        let (stem, compression) = match stem.and_then(|stem| SafePath::new(stem).ok()) {
            Some(stem) => (stem, compression),
            None => (full.clone(), Compression::None),
        };
        let family = families.entry(stem.clone()).or_insert_with(|| Family {
            kind: kind(suite, &stem),
            wanted: scope.holds(path, release),
            stem,
            variants: Vec::new(),
            listed_by: listed_by.clone(),
            seal: seal.clone(),
        });
        family.variants.push(Variant {
            by_hash: release
                .by_hash()
                .then(|| by_hash::path(&full, listed))
                .flatten(),
            path: full,
            compression,
            listed: listed.clone(),
        });
    }
    for family in families.values_mut() {
        family
            .variants
            .sort_by_key(|variant| effort(variant.compression));
    }
    families.into_values().collect()
}

/// What a listed file is, by its name.
fn kind(suite: &Suite, stem: &SafePath) -> Kind {
    if let Some(kind) = IndexKind::from_name(stem.file_name()) {
        return Kind::Index(kind);
    }
    if let Some(patched) = stem.as_str().strip_suffix(".diff/Index") {
        let below = SafePath::new(patched).ok();
        let below = below
            .as_ref()
            .and_then(|path| suite.below(path))
            .and_then(|below| SafePath::new(below).ok());
        let listed = below.and_then(|path| suite.release.get().files.get(&path));
        return Kind::Patches(listed.cloned());
    }
    match stem.file_name() {
        "SHA256SUMS" => Kind::Sums,
        _ => Kind::Other,
    }
}

impl Suite {
    /// A path below its folder.
    pub(super) fn below<'a>(&self, path: &'a SafePath) -> Option<&'a str> {
        match &self.directory {
            Some(base) => path
                .as_str()
                .strip_prefix(base.as_str())
                .and_then(|rest| rest.strip_prefix('/')),
            None => Some(path.as_str()),
        }
    }

    /// The file whose word is taken, for messages.
    pub(super) fn listed_by(&self) -> Arc<str> {
        match &self.directory {
            Some(base) => format!("{base}/InRelease").into(),
            None => "InRelease".into(),
        }
    }
}
