//! Signing a repository.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use pkgseal_openpgp::{Examination, Signed, Signer};
use pkgseal_repo::{
    CheckOptions, Destination, DigestAlgorithm, Error as RepoError, Finding, Limits, Progress,
    Root, SafePath, Scaffold, StagedFile, StagedSet, read_through,
};
use rayon::prelude::*;

use super::KIND;
use crate::layout::{Layout, SIGNATURE};
use crate::make::{Made, Maker, Wish, refreshed_checksums, stage};
use crate::place::Place;
use crate::{CHECKSUM_SUFFIXES, Error, Result, Selection, codes};

/// What to do with signatures that are there already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Existing {
    /// Good ones by every signer stay as they are, broken or outdated ones give way, and
    /// one by somebody else stops the run.
    Keep,
    /// All of them give way.
    #[default]
    Replace,
}

/// What to do with `maven-metadata.xml`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Metadata {
    /// It stays unsigned, as on Maven Central, where it is written anew with each release.
    #[default]
    Leave,
    /// It is signed: a private repository may vouch for its list of versions.
    Sign,
}

/// What is signed, and what is written beside it.
#[derive(Clone, Debug, Default)]
pub struct SignOptions {
    /// Signatures that are there already.
    pub existing: Existing,
    /// Lists of versions.
    pub metadata: Metadata,
    /// Checksum files that every signed file shall have.
    pub checksums: Vec<DigestAlgorithm>,
    /// Only these; all where none is named.
    pub coordinates: Vec<Selection>,
}

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
    let all = SignOptions::default();
    sign_with(path, signers, time, destination, &all, options, progress)
}

/// As [`sign`], with a choice of what is signed, kept and written beside it.
///
/// # Errors
/// As [`sign`]; also when coordinates name nothing, and when a signature by somebody else
/// would have to be replaced and [`Existing::Keep`] is asked for.
pub fn sign_with(
    path: &Path,
    signers: &[Signer],
    time: Timestamp,
    destination: &Destination,
    wanted: &SignOptions,
    options: &CheckOptions,
    progress: &dyn Progress,
) -> Result<Signed> {
    let maker = Maker::new(signers, time)?;
    let root = Root::open(path)?;
    let layout = select(path, Layout::read(&root)?, &wanted.coordinates)?;
    refuse_strange(path, &layout, &options.limits)?;
    let apart = destination.apart_from(path)?;
    let run = Run {
        maker,
        place: Place::Beneath(&root, Some(&layout.files)),
        root: &root,
        layout: &layout,
        output: apart.unwrap_or(path),
        mirrors: apart.is_some(),
        wanted,
        options,
    };
    let mut scaffold = Scaffold::default();
    if run.mirrors {
        for file in mirrored(&layout) {
            let target = run.output.join(file);
            scaffold.directory(target.parent().unwrap_or(run.output))?;
        }
    }

    let mut set = StagedSet::new();
    let made = run.make(&mut set, progress)?;
    if run.mirrors {
        run.mirror(&mut set)?;
    }
    let mut examination = Examination::new(KIND, path.display().to_string());
    let mut kept = Vec::new();
    for (file, made) in made {
        if made.kept {
            kept.push(file);
        }
        let signature = file.with_suffix(SIGNATURE)?;
        let object = format!("{file} ({})", signature.file_name());
        examination.add_signatures(object, made.report);
        examination.report.files += 1;
        examination.report.bytes += made.bytes;
    }
    if let Some(first) = kept.first() {
        examination.report.push(Finding::note(
            codes::ALREADY_SIGNED,
            first.as_str(),
            match kept.len() {
                1 => "it is signed already, and its signature is good: it was left".to_owned(),
                count => format!(
                    "it is one of {count} files that are signed already with good signatures, which were left"
                ),
            },
        ));
    }
    let outputs = set.commit()?;
    scaffold.keep();
    examination.report.sort();
    Ok(Signed {
        outputs,
        examination,
    })
}

/// What holds for every file.
struct Run<'a> {
    maker: Maker<'a>,
    place: Place<'a>,
    root: &'a Root,
    layout: &'a Layout,
    output: &'a Path,
    /// Whether a whole copy is made elsewhere.
    mirrors: bool,
    wanted: &'a SignOptions,
    options: &'a CheckOptions,
}

impl<'a> Run<'a> {
    /// Signs and stages everything.
    fn make(
        &self,
        set: &mut StagedSet,
        progress: &dyn Progress,
    ) -> Result<Vec<(&'a SafePath, Made)>> {
        let mut files: Vec<&SafePath> = self.layout.artifacts.iter().collect();
        if self.wanted.metadata == Metadata::Sign {
            files.extend(&self.layout.metadata);
        }
        let bytes = files.iter().map(|path| self.layout.size(path)).sum();
        progress.begin("signing artifacts", files.len() as u64, Some(bytes));
        let pool = self.options.pool()?;
        let mut all = Vec::with_capacity(files.len());
        // A staged file is an open file: a bounded number of them at a time.
        let round = 64.max(2 * pool.current_num_threads());
        for files in files.chunks(round) {
            let made: Vec<(Vec<StagedFile>, Made)> = pool.install(|| {
                files
                    .par_iter()
                    .with_max_len(1)
                    .map(|file| {
                        let made = self.one(file, progress)?;
                        progress.file();
                        Ok(made)
                    })
                    .collect::<Result<_>>()
            })?;
            for (file, (staged, made)) in files.iter().zip(made) {
                staged.into_iter().for_each(|file| set.push(file));
                all.push((*file, made));
            }
        }
        progress.end();
        Ok(all)
    }

    /// Signs one file, and stages it where a copy is made, with what stands beside it.
    fn one(&self, file: &SafePath, progress: &dyn Progress) -> Result<(Vec<StagedFile>, Made)> {
        let limits = &self.options.limits;
        let mut copy = match self.mirrors {
            true => Some(StagedFile::create(&self.output.join(file))?),
            false => None,
        };
        let existing = match (self.wanted.existing, self.layout.signature(file)) {
            (Existing::Keep, Some(signature)) => self.root.read(&signature, limits.signature)?,
            (Existing::Keep | Existing::Replace, _) => None,
        };
        let wish = Wish {
            existing: existing.as_deref(),
            digests: &self.wanted.checksums,
        };
        let path = Path::new(file.as_str());
        let made = self
            .maker
            .sign(&self.place, path, wish, copy.as_mut(), limits, progress)?;
        if let Some(stranger) = &made.stranger {
            return Err(Error::Refused {
                path: self.root.path().join(file),
                reason: format!(
                    "it carries a signature by {stranger}, which would be lost; replace it explicitly"
                ),
            });
        }
        let mut staged: Vec<StagedFile> = copy.into_iter().collect();
        self.stage(&mut staged, file, &made)?;
        Ok((staged, made))
    }

    /// Stages what stands beside one signed file.
    fn stage(&self, staged: &mut Vec<StagedFile>, file: &SafePath, made: &Made) -> Result<()> {
        let signature = file.with_suffix(SIGNATURE)?;
        if self.mirrors || !made.kept {
            staged.push(stage(&self.output.join(&signature), &made.armored)?);
        }
        if !self.mirrors && !made.kept {
            let signature = PathBuf::from(signature.as_str());
            let limits = &self.options.limits;
            for (path, content) in
                refreshed_checksums(&self.place, &signature, &made.armored, limits)?
            {
                staged.push(stage(&self.output.join(path), &content)?);
            }
        }
        for (suffix, algorithm) in CHECKSUM_SUFFIXES {
            let checksum = file.with_suffix(suffix)?;
            // One that stands there was compared, or travels.
            if self.wanted.checksums.contains(&algorithm)
                && !self.layout.files.contains_key(&checksum)
            {
                let hex = made.digests.hex(algorithm).unwrap_or_default();
                staged.push(stage(&self.output.join(&checksum), hex.as_bytes())?);
            }
        }
        Ok(())
    }

    /// Stages copies of the small files of a complete tree.
    fn mirror(&self, set: &mut StagedSet) -> Result<()> {
        let layout = self.layout;
        let metadata = match self.wanted.metadata {
            Metadata::Leave => layout.metadata.as_slice(),
            // It was copied when it was signed.
            Metadata::Sign => &[],
        };
        for file in layout
            .checksums
            .iter()
            .chain(metadata)
            .chain(&layout.beside)
        {
            if travels(file, self.wanted.metadata) {
                set.push(copy(self.root, file, self.output)?);
            }
        }
        Ok(())
    }
}

/// What the coordinates leave of a repository.
fn select(path: &Path, mut layout: Layout, coordinates: &[Selection]) -> Result<Layout> {
    if coordinates.is_empty() {
        return Ok(layout);
    }
    layout.restrict(|found| coordinates.iter().any(|wanted| wanted.selects(found)));
    let found: Vec<_> = layout
        .artifacts
        .iter()
        .filter_map(crate::Coordinates::of)
        .collect();
    match coordinates
        .iter()
        .find(|wanted| !found.iter().any(|found| wanted.selects(found)))
    {
        None => Ok(layout),
        Some(wanted) => Err(Error::Refused {
            path: path.to_owned(),
            reason: format!("it holds no artifact {wanted}"),
        }),
    }
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
    if let Some((name, reason)) = layout.unclear() {
        return refused(path.join(name), reason);
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
        .chain(small.filter(|file| travels(file, Metadata::Leave)))
}

/// Old signatures and their checksums do not go into the copy: new ones do.
fn travels(file: &SafePath, metadata: Metadata) -> bool {
    let name = file.file_name();
    let unsigned = metadata == Metadata::Leave && name.starts_with("maven-metadata");
    unsigned || !name.contains(".asc.") && !name.ends_with(SIGNATURE)
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
