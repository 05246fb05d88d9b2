//! Signing a repository.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use pkgseal_openpgp::{Examination, Signed, Signer};
use pkgseal_repo::{
    CheckOptions, Destination, Error as RepoError, Limits, Progress, Root, SafePath, Scaffold,
    StagedFile, StagedSet, read_through,
};
use rayon::prelude::*;

use super::KIND;
use crate::layout::{Layout, SIGNATURE};
use crate::make::{Made, Maker, refreshed_checksums, stage};
use crate::place::Place;
use crate::{Error, Result};

/// Signs every artifact of a repository, in parallel, one read each: an armored `.asc`
/// by every signer, verified with the public certificates before anything becomes
/// visible. Checksums, metadata, signatures and sigstore bundles are not signed.
///
/// Beside the input, only `.asc` files are written (and checksums of older ones
/// refreshed). Into another directory goes the whole tree: artifacts, checksums,
/// metadata, bundles and the new signatures. All of it becomes visible or, where
/// anything fails before that, nothing.
///
/// # Errors
/// When a file cannot be read or is not what its checksums say, when the directory is no
/// Maven repository or has unsafe names in it, or when a signature cannot be made,
/// verified or written.
pub fn sign(
    path: &Path,
    signers: &[Signer],
    time: Timestamp,
    destination: &Destination,
    options: &CheckOptions,
    progress: &dyn Progress,
) -> Result<Signed> {
    let maker = Maker::new(signers, time)?;
    let root = Root::open(path)?;
    let layout = Layout::read(&root)?;
    refuse_strange(path, &layout, &options.limits)?;
    let place = Place::Beneath(&root);
    let apart = destination.apart_from(path)?;
    let output = apart.unwrap_or(path);
    let mirrors = apart.is_some();
    let mut scaffold = Scaffold::default();
    if mirrors {
        for file in mirrored(&layout) {
            scaffold.directory(output.join(file).parent().unwrap_or(output))?;
        }
    }

    let bytes = layout.artifacts.iter().map(|path| layout.size(path)).sum();
    let count = layout.artifacts.len() as u64;
    progress.begin("signing artifacts", count, Some(bytes));
    let pool = options.pool()?;
    let mut set = StagedSet::new();
    let mut signatures: Vec<(&SafePath, Made)> = Vec::with_capacity(layout.artifacts.len());
    // A staged copy is an open file: a bounded number of them at a time.
    let round = 64.max(2 * pool.current_num_threads());
    for artifacts in layout.artifacts.chunks(round) {
        let made: Vec<(Option<StagedFile>, Made)> = pool.install(|| {
            artifacts
                .par_iter()
                .with_max_len(1)
                .map(|artifact| {
                    let mut copy = match mirrors {
                        true => Some(StagedFile::create(&output.join(artifact))?),
                        false => None,
                    };
                    let path = Path::new(artifact.as_str());
                    let made =
                        maker.sign(&place, path, copy.as_mut(), &options.limits, progress)?;
                    progress.file();
                    Ok((copy, made))
                })
                .collect::<Result<_>>()
        })?;
        for (artifact, (copy, made)) in artifacts.iter().zip(made) {
            copy.into_iter().for_each(|copy| set.push(copy));
            signatures.push((artifact, made));
        }
    }
    progress.end();

    if mirrors {
        for file in layout
            .checksums
            .iter()
            .chain(&layout.metadata)
            .chain(&layout.beside)
        {
            if travels(file) {
                set.push(copy(&root, file, output)?);
            }
        }
    }
    let mut examination = Examination::new(KIND, path.display().to_string());
    for (artifact, made) in signatures {
        let signature = artifact.with_suffix(SIGNATURE)?;
        set.push(stage(&output.join(&signature), &made.armored)?);
        if !mirrors {
            let signature = PathBuf::from(signature.as_str());
            for (path, content) in
                refreshed_checksums(&place, &signature, &made.armored, &options.limits)?
            {
                set.push(stage(&output.join(path), &content)?);
            }
        }
        let object = format!("{artifact} ({})", signature.file_name());
        examination.add_signatures(object, made.report);
        examination.report.files += 1;
        examination.report.bytes += made.bytes;
    }
    let outputs = set.commit()?;
    scaffold.keep();
    examination.report.sort();
    Ok(Signed {
        outputs,
        examination,
    })
}

/// Trees that must not be signed as they are.
fn refuse_strange(path: &Path, layout: &Layout, limits: &Limits) -> Result<()> {
    let refused = |path: PathBuf, reason: &str| {
        Err(Error::Refused {
            path,
            reason: reason.to_owned(),
        })
    };
    if layout.artifacts.is_empty() {
        return refused(
            path.to_owned(),
            "it holds no artifact in the layout of a Maven repository",
        );
    }
    if layout.files.len() > limits.entries {
        return refused(path.to_owned(), "it holds too many files");
    }
    if let Some((unsafe_path, reason)) = layout.unsafe_paths.first() {
        return refused(path.join(unsafe_path), reason);
    }
    if let Some(link) = layout.directory_links.first() {
        return refused(path.join(link), "it is a link to a folder");
    }
    if let Some(misnamed) = layout.misnamed.first() {
        return refused(
            path.join(misnamed),
            "its name is not that of its folder's artifact and version",
        );
    }
    Ok(())
}

/// Everything a complete copy has.
fn mirrored(layout: &Layout) -> impl Iterator<Item = &SafePath> {
    let small = layout
        .checksums
        .iter()
        .chain(&layout.metadata)
        .chain(&layout.beside);
    layout
        .artifacts
        .iter()
        .chain(small.filter(|file| travels(file)))
}

/// Old signatures and their checksums do not go into the copy: new ones do.
fn travels(file: &SafePath) -> bool {
    let name = file.file_name();
    let metadata = name.starts_with("maven-metadata");
    metadata || !name.contains(".asc.") && !name.ends_with(SIGNATURE)
}

/// Stages a copy of a small file.
fn copy(root: &Root, file: &SafePath, output: &Path) -> Result<StagedFile> {
    let source = root
        .file(file)?
        .ok_or_else(|| Error::read(&root.path().join(file), std::io::ErrorKind::NotFound.into()))?;
    let target = output.join(file);
    let mut staged = StagedFile::create(&target)?;
    read_through(&source, &mut [&mut staged]).map_err(|source| {
        Error::Repo(RepoError::Write {
            path: target,
            source,
        })
    })?;
    Ok(staged)
}
