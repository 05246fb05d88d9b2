//! Gradle's cache: `modules-2/files-2.1/group/artifact/version/SHA-1/file`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use pkgseal_openpgp::Object;
use pkgseal_repo::{DigestAlgorithm, Finding, Root, SafePath, codes as repo_codes};

use super::is_pom;
use super::verify::Candidate;
use crate::examine::{Subject, Wanted};
use crate::layout::{Layout, SIGNATURE};
use crate::{Coordinates, codes};

/// The folder all files are in.
const FILES: &str = "files-2.1";

/// What a cache holds.
pub(super) struct Cache {
    pub(super) subjects: Vec<Candidate>,
    pub(super) findings: Vec<Finding>,
}

/// Where a file stands in a cache.
pub(super) struct Place {
    /// Its path in the layout of a Maven repository.
    path: SafePath,
    /// The SHA-1 its folder is called by.
    folder: String,
}

/// Where a file stands, if `root` is a cache or holds one.
pub(super) fn place(root: &Root, path: &SafePath) -> Option<Place> {
    let parts: Vec<&str> = path.components().collect();
    let start = if root.path().file_name().is_some_and(|name| name == FILES) {
        0
    } else {
        1 + parts.iter().position(|part| *part == FILES)?
    };
    let [group, artifact, version, folder, file] = parts.get(start..)? else {
        return None;
    };
    let hex = (1..=40).contains(&folder.len()) && folder.bytes().all(|b| b.is_ascii_hexdigit());
    if !hex {
        return None;
    }
    let group = group.replace('.', "/");
    let path = SafePath::new(&format!("{group}/{artifact}/{version}/{file}")).ok()?;
    Some(Place {
        path,
        folder: (*folder).to_owned(),
    })
}

/// Reads a cache; `None` when it is none.
pub(super) fn read(root: &Root, layout: &Layout) -> Option<Cache> {
    let placed: Vec<(&SafePath, Place)> = layout
        .files
        .keys()
        .filter_map(|path| Some((path, place(root, path)?)))
        .collect();
    if placed.is_empty() {
        return None;
    }
    let mut signatures: BTreeMap<&str, Vec<PathBuf>> = BTreeMap::new();
    for (path, place) in &placed {
        if let Some(of) = place.path.as_str().strip_suffix(SIGNATURE) {
            let known = signatures.entry(of).or_default();
            known.push(PathBuf::from(path.as_str()));
        }
    }
    let mut cache = Cache {
        subjects: Vec::new(),
        findings: strange(layout, placed.len()),
    };
    for (path, place) in &placed {
        let signature = place.path.as_str().ends_with(SIGNATURE);
        let coordinates = Coordinates::of(&place.path);
        if !signature && coordinates.is_none() {
            cache.findings.push(Finding::warning(
                codes::COORDINATES,
                path.as_str(),
                "its name is not of its folder's artifact and version",
            ));
        }
        let mut found = signatures
            .get(place.path.as_str())
            .cloned()
            .unwrap_or_default();
        let first = (!found.is_empty()).then(|| found.remove(0));
        cache.subjects.push(Candidate {
            subject: Subject {
                path: PathBuf::from(path.as_str()),
                name: path.to_string(),
                signature: first.filter(|_| !signature),
                wanted: match signature {
                    true => Wanted::Checksums,
                    false => Wanted::Signature(Object::Artifact),
                },
                pom: coordinates.clone().filter(is_pom),
                digests: vec![DigestAlgorithm::Sha1],
            },
            size: layout.size(path),
            coordinates: coordinates.filter(|_| !signature),
            path: (!signature).then(|| place.path.clone()),
            folder: Some(place.folder.clone()),
            others: found,
            listed: None,
        });
    }
    Some(cache)
}

fn strange(layout: &Layout, placed: usize) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, reason) in &layout.unsafe_paths {
        findings.push(Finding::reject(repo_codes::PATH_UNSAFE, path, *reason));
    }
    for path in &layout.directory_links {
        findings.push(Finding::reject(
            codes::LINKED_FOLDER,
            path.as_str(),
            "this link to a folder is not followed, so what stands behind it was not verified",
        ));
    }
    let others = layout.files.len() - placed;
    if others > 0 {
        findings.push(Finding::note(
            codes::OUTSIDE,
            "",
            format!("{others} other files of the cache were not verified"),
        ));
    }
    findings
}
