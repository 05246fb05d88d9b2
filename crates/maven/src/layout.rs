//! What is what in a repository: artifacts, signatures, checksums, metadata, the rest.

use std::collections::{BTreeMap, BTreeSet};

use pkgseal_repo::{Error, Root, SafePath};

use crate::{CHECKSUM_SUFFIXES, Coordinates};

/// Suffix of signatures in the layout.
pub(crate) const SIGNATURE: &str = ".asc";
/// Suffixes of sigstore bundles, which stand beside artifacts and are none.
const BUNDLES: [&str; 2] = [".sigstore.json", ".sigstore"];

/// The files of a repository by what they are. Every list is sorted.
#[derive(Debug, Default)]
pub(crate) struct Layout {
    /// Files that coordinates name, each to be signed.
    pub(crate) artifacts: Vec<SafePath>,
    /// `maven-metadata*.xml`.
    pub(crate) metadata: Vec<SafePath>,
    /// Signatures and bundles that stand beside their file.
    pub(crate) beside: Vec<SafePath>,
    /// Checksums that stand beside their file.
    pub(crate) checksums: Vec<SafePath>,
    /// Signatures and checksums without their file.
    pub(crate) orphans: Vec<SafePath>,
    /// Files in the folder of a version with the name of another.
    pub(crate) misnamed: Vec<SafePath>,
    /// What no coordinates name.
    pub(crate) outside: Vec<SafePath>,
    /// Names that are no paths, and links that lead out, with the reason.
    pub(crate) unsafe_paths: Vec<(String, &'static str)>,
    /// Links to folders: Maven follows them, the walk does not.
    pub(crate) directory_links: Vec<SafePath>,
    /// Every file, with its size.
    pub(crate) files: BTreeMap<SafePath, u64>,
}

impl Layout {
    /// The first name that might be an artifact or not, and why: neither signing nor
    /// bundling passes over it.
    pub(crate) fn unclear(&self) -> Option<(&str, &'static str)> {
        if let Some((name, reason)) = self.unsafe_paths.first() {
            return Some((name, reason));
        }
        if let Some(link) = self.directory_links.first() {
            return Some((link.as_str(), "it is a link to a folder"));
        }
        let reason = "its name is not that of its folder's artifact and version";
        self.misnamed.first().map(|name| (name.as_str(), reason))
    }
}

/// What a name alone says.
enum Name {
    Checksum(SafePath),
    Beside(SafePath),
    Metadata,
    /// Notes Maven keeps for itself.
    Housekeeping,
    Other,
}

impl Layout {
    pub(crate) fn read(root: &Root) -> pkgseal_repo::Result<Self> {
        let mut layout = Self::default();
        let survey = root.survey(None)?;
        layout.directory_links = survey.directory_links;
        for (path, size) in survey.files {
            match path {
                Ok(path) => {
                    layout.files.insert(path, size);
                }
                Err(Error::UnsafePath { reason, path }) => {
                    layout.unsafe_paths.push((path, reason));
                }
                Err(error) => return Err(error),
            }
        }
        layout.sort_out();
        Ok(layout)
    }

    /// The files of an archive, say.
    pub(crate) fn of(files: BTreeMap<SafePath, u64>) -> Self {
        let mut layout = Self {
            files,
            ..Self::default()
        };
        layout.sort_out();
        layout
    }

    fn sort_out(&mut self) {
        let mut unclear = Vec::new();
        let mut lonely = Vec::new();
        for path in self.files.keys() {
            match name(path) {
                Name::Checksum(of) if self.files.contains_key(&of) => {
                    self.checksums.push(path.clone());
                }
                Name::Beside(of) if self.files.contains_key(&of) => {
                    self.beside.push(path.clone());
                }
                Name::Checksum(of) | Name::Beside(of) => lonely.push((path.clone(), of)),
                Name::Metadata => self.metadata.push(path.clone()),
                Name::Housekeeping => self.outside.push(path.clone()),
                Name::Other if Coordinates::of(path).is_some() => {
                    self.artifacts.push(path.clone());
                }
                Name::Other => unclear.push(path.clone()),
            }
        }
        let versions: BTreeSet<SafePath> =
            self.artifacts.iter().filter_map(SafePath::parent).collect();
        let in_version = |path: &SafePath| path.parent().is_some_and(|p| versions.contains(&p));
        for path in unclear {
            if in_version(&path) && !path.file_name().starts_with('.') {
                self.misnamed.push(path);
            } else {
                self.outside.push(path);
            }
        }
        for (path, of) in lonely {
            // `lib-1.0.jar.asc.md5` belongs to `lib-1.0.jar` in the end.
            if in_version(&path) || Coordinates::of(&of).is_some() {
                self.orphans.push(path);
            } else {
                self.outside.push(path);
            }
        }
        self.outside.sort();
    }

    /// Leaves only the artifacts that are asked for, with what stands beside them and the
    /// metadata above them. What was strange elsewhere is not looked at.
    pub(crate) fn restrict(&mut self, selected: impl Fn(&Coordinates) -> bool) {
        self.artifacts
            .retain(|path| Coordinates::of(path).is_some_and(|found| selected(&found)));
        let kept: BTreeSet<SafePath> = self.artifacts.iter().cloned().collect();
        let folders: BTreeSet<SafePath> = kept.iter().filter_map(SafePath::parent).collect();
        let above: BTreeSet<SafePath> = folders.iter().filter_map(SafePath::parent).collect();
        let here = |path: &SafePath| {
            path.parent()
                .is_some_and(|folder| folders.contains(&folder))
        };
        self.metadata.retain(|path| {
            let folder = path.parent();
            here(path) || folder.is_some_and(|folder| above.contains(&folder))
        });
        let metadata: BTreeSet<SafePath> = self.metadata.iter().cloned().collect();
        let belongs = |path: &SafePath| {
            let mut path = path.clone();
            loop {
                if kept.contains(&path) || metadata.contains(&path) {
                    return true;
                }
                match name(&path) {
                    Name::Checksum(of) | Name::Beside(of) => path = of,
                    Name::Metadata | Name::Housekeeping | Name::Other => return false,
                }
            }
        };
        self.beside.retain(belongs);
        self.checksums.retain(belongs);
        self.orphans.retain(here);
        self.misnamed.retain(here);
        self.directory_links.retain(here);
        self.unsafe_paths.clear();
        self.outside.clear();
    }

    /// Its signature, if it has one.
    pub(crate) fn signature(&self, path: &SafePath) -> Option<SafePath> {
        let signature = path.with_suffix(SIGNATURE).ok()?;
        self.files.contains_key(&signature).then_some(signature)
    }

    /// Whether any checksum stands beside it.
    pub(crate) fn has_checksum(&self, path: &SafePath) -> bool {
        CHECKSUM_SUFFIXES.iter().any(|(suffix, _)| {
            path.with_suffix(suffix)
                .is_ok_and(|checksum| self.files.contains_key(&checksum))
        })
    }

    pub(crate) fn size(&self, path: &SafePath) -> u64 {
        self.files.get(path).copied().unwrap_or(0)
    }
}

/// The file that a checksum, signature or bundle stands beside.
pub(crate) fn belongs_to(path: &SafePath) -> Option<SafePath> {
    match name(path) {
        Name::Checksum(of) | Name::Beside(of) => Some(of),
        Name::Metadata | Name::Housekeeping | Name::Other => None,
    }
}

/// Whether a name is that of a checksum file.
pub(crate) fn is_checksum(path: &SafePath) -> bool {
    matches!(name(path), Name::Checksum(_))
}

fn name(path: &SafePath) -> Name {
    let file = path.file_name();
    let stem = |suffix: &str| {
        let stem = path.as_str().strip_suffix(suffix)?;
        SafePath::new(stem).ok()
    };
    if let Some(of) = CHECKSUM_SUFFIXES
        .iter()
        .find_map(|(suffix, _)| stem(suffix))
    {
        return Name::Checksum(of);
    }
    if let Some(of) = stem(SIGNATURE).or_else(|| BUNDLES.into_iter().find_map(stem)) {
        return Name::Beside(of);
    }
    if file.starts_with("maven-metadata") && file.ends_with(".xml") {
        return Name::Metadata;
    }
    let kept = [
        "_remote.repositories",
        "_maven.repositories",
        "resolver-status.properties",
        "m2e-lastUpdated.properties",
    ];
    if kept.contains(&file) || file.ends_with(".lastUpdated") {
        return Name::Housekeeping;
    }
    Name::Other
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(paths: &[&str]) -> Layout {
        let mut layout = Layout::default();
        for path in paths {
            layout.files.insert(SafePath::new(path).unwrap(), 1);
        }
        layout.sort_out();
        layout
    }

    fn names(paths: &[SafePath]) -> Vec<&str> {
        paths.iter().map(SafePath::as_str).collect()
    }

    #[test]
    fn files_are_sorted_out() {
        let layout = layout(&[
            "g/a/1/_remote.repositories",
            "g/a/1/a-1.jar",
            "g/a/1/a-1.jar.asc",
            "g/a/1/a-1.jar.asc.md5",
            "g/a/1/a-1.jar.lastUpdated",
            "g/a/1/a-1.jar.sha1",
            "g/a/1/a-1.jar.sigstore.json",
            "g/a/1/a-1.pom",
            "g/a/1/a-1.war.asc",
            "g/a/1/b-1.jar",
            "g/a/1/b-1.jar.asc",
            "g/a/2/a-2.pom.sha1",
            "g/a/maven-metadata.xml",
            "g/a/maven-metadata.xml.sha1",
            ".index/nexus.gz",
            "keys/AB/CD.asc",
            "index.html",
        ]);
        assert_eq!(names(&layout.artifacts), ["g/a/1/a-1.jar", "g/a/1/a-1.pom"]);
        assert_eq!(names(&layout.metadata), ["g/a/maven-metadata.xml"]);
        assert_eq!(names(&layout.misnamed), ["g/a/1/b-1.jar"]);
        assert_eq!(
            names(&layout.orphans),
            ["g/a/1/a-1.war.asc", "g/a/2/a-2.pom.sha1"]
        );
        assert_eq!(
            names(&layout.beside),
            [
                "g/a/1/a-1.jar.asc",
                "g/a/1/a-1.jar.sigstore.json",
                "g/a/1/b-1.jar.asc"
            ]
        );
        assert_eq!(
            names(&layout.checksums),
            [
                "g/a/1/a-1.jar.asc.md5",
                "g/a/1/a-1.jar.sha1",
                "g/a/maven-metadata.xml.sha1"
            ]
        );
        assert_eq!(
            names(&layout.outside),
            [
                ".index/nexus.gz",
                "g/a/1/_remote.repositories",
                "g/a/1/a-1.jar.lastUpdated",
                "index.html",
                "keys/AB/CD.asc"
            ]
        );
        let jar = SafePath::new("g/a/1/a-1.jar").unwrap();
        assert_eq!(
            layout.signature(&jar).unwrap().as_str(),
            "g/a/1/a-1.jar.asc"
        );
        assert!(layout.has_checksum(&jar));
        let pom = SafePath::new("g/a/1/a-1.pom").unwrap();
        assert!(layout.signature(&pom).is_none());
        assert!(!layout.has_checksum(&pom));
    }
}
