//! A repository taken along into another folder.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use crate::destination::sync_directory;
use crate::{Error, Result, SafePath, Scaffold, StagedFile, StagedSet};

/// Files copied in one go: each is an open descriptor until the go is over.
const ROUND: usize = 64;

/// Copies a tree: regular files with their content (the file system shares the blocks
/// where it can), relative symbolic links as they are, nothing of `left_out`. Older files
/// of the same names are replaced, one after the other; call it before the signed roots
/// go there. Never a hard link: who edits the copy later must not edit the original.
/// `to` is one that [`Destination::apart_from`](crate::Destination::apart_from) gave.
/// What is new there goes away again with a `scaffold` that is not kept.
///
/// # Errors
/// [`Error::UnsafePath`] for a name or a link that leads out, [`Error::NotAFile`] for
/// devices and pipes, [`Error::Read`], [`Error::Write`].
pub fn copy_tree(
    scaffold: &mut Scaffold,
    from: &Path,
    to: &Path,
    left_out: &BTreeSet<SafePath>,
) -> Result<()> {
    let mut files = Vec::new();
    let mut directories = vec![PathBuf::new()];
    let mut next = 0;
    while let Some(below) = directories.get(next).cloned() {
        next += 1;
        scaffold.directory(&to.join(&below))?;
        let listed = list(from, &below, left_out)?;
        for link in &listed.links {
            copy_link(scaffold, from, to, link)?;
        }
        files.extend(listed.files);
        directories.extend(listed.directories);
    }
    for round in files.chunks(ROUND) {
        let staged: Vec<StagedFile> = round
            .par_iter()
            .map(|file| copy(&from.join(file), &to.join(file)))
            .collect::<Result<_>>()?;
        for file in &staged {
            scaffold.expect(file.target());
        }
        let mut set = StagedSet::new();
        staged.into_iter().for_each(|file| set.push(file));
        set.commit()?;
    }
    directories.iter().try_for_each(|directory| {
        let directory = to.join(directory);
        sync_directory(&directory).map_err(|error| Error::write(&directory, error))
    })
}

/// What one directory holds, relative to the tree.
#[derive(Default)]
struct Listed {
    files: Vec<PathBuf>,
    directories: Vec<PathBuf>,
    links: Vec<SafePath>,
}

fn list(from: &Path, below: &Path, left_out: &BTreeSet<SafePath>) -> Result<Listed> {
    let source = from.join(below);
    let read = |error| Error::read(&source, error);
    let mut entries = fs::read_dir(&source)
        .map_err(read)?
        .collect::<io::Result<Vec<_>>>()
        .map_err(read)?;
    entries.sort_by_key(fs::DirEntry::file_name);
    let mut listed = Listed::default();
    for entry in entries {
        let relative = below.join(entry.file_name());
        let Some(name) = relative.to_str() else {
            return Err(Error::UnsafePath {
                reason: "it is not UTF-8",
                path: relative.to_string_lossy().into_owned(),
            });
        };
        let name = SafePath::new(name)?;
        if left_out.contains(&name) {
            continue;
        }
        let kind = entry.file_type().map_err(read)?;
        if kind.is_dir() {
            listed.directories.push(relative);
        } else if kind.is_symlink() {
            listed.links.push(name);
        } else if kind.is_file() {
            listed.files.push(relative);
        } else {
            return Err(Error::NotAFile { path: entry.path() });
        }
    }
    Ok(listed)
}

fn copy(source: &Path, target: &Path) -> Result<StagedFile> {
    let mut file = fs::File::open(source).map_err(|error| Error::read(source, error))?;
    let mut staged = StagedFile::create(target)?;
    io::copy(&mut file, staged.file_mut()).map_err(|error| Error::write(target, error))?;
    Ok(staged)
}

/// The same relative link there, unless it would lead out of the tree.
fn copy_link(scaffold: &mut Scaffold, from: &Path, to: &Path, name: &SafePath) -> Result<()> {
    let (source, target) = (from.join(name), to.join(name));
    let points_to = fs::read_link(&source).map_err(|error| Error::read(&source, error))?;
    if leads_out(name, &points_to) {
        return Err(Error::UnsafePath {
            reason: "a symbolic link leads out of the repository",
            path: name.as_str().to_owned(),
        });
    }
    let failed = |error| Error::write(&target, error);
    match fs::read_link(&target) {
        Ok(present) if present == points_to => return Ok(()),
        Ok(_) => fs::remove_file(&target).map_err(failed)?,
        Err(_) => scaffold.expect(&target),
    }
    std::os::unix::fs::symlink(&points_to, &target).map_err(failed)
}

/// Counts the way up and down from the directory of `name`.
fn leads_out(name: &SafePath, to: &Path) -> bool {
    use std::path::Component;
    let mut depth = name.as_str().matches('/').count();
    for component in to.components() {
        match component {
            Component::RootDir | Component::Prefix(_) => return true,
            Component::CurDir => {}
            Component::Normal(_) => depth += 1,
            Component::ParentDir => match depth.checked_sub(1) {
                Some(up) => depth = up,
                None => return true,
            },
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{MetadataExt as _, symlink};

    use super::{BTreeSet, Error, Path, PathBuf, Result, SafePath, Scaffold, copy_tree, fs};

    fn tree() -> tempfile::TempDir {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path().join("from");
        fs::create_dir_all(root.join("pool/h")).unwrap();
        fs::write(root.join("pool/h/hello.deb"), "hello").unwrap();
        fs::write(root.join("InRelease"), "signed").unwrap();
        symlink("h", root.join("pool/latest")).unwrap();
        directory
    }

    fn paths(directory: &tempfile::TempDir) -> (PathBuf, PathBuf) {
        (directory.path().join("from"), directory.path().join("to"))
    }

    fn copy(from: &Path, to: &Path, left_out: &BTreeSet<SafePath>) -> Result<()> {
        let mut scaffold = Scaffold::default();
        copy_tree(&mut scaffold, from, to, left_out)?;
        scaffold.keep();
        Ok(())
    }

    #[test]
    fn a_copy_is_complete_and_independent() {
        let directory = tree();
        let (from, to) = paths(&directory);
        let left_out = BTreeSet::from([SafePath::new("InRelease").unwrap()]);
        copy(&from, &to, &left_out).unwrap();
        copy(&from, &to, &left_out).unwrap();
        assert_eq!(
            fs::read_to_string(to.join("pool/latest/hello.deb")).unwrap(),
            "hello"
        );
        assert!(!to.join("InRelease").exists());
        let inode = |root: &Path| fs::metadata(root.join("pool/h/hello.deb")).unwrap().ino();
        assert_ne!(inode(&from), inode(&to));
    }

    #[test]
    fn an_older_copy_is_brought_up_to_date() {
        let directory = tree();
        let (from, to) = paths(&directory);
        copy(&from, &to, &BTreeSet::new()).unwrap();
        fs::write(from.join("pool/h/hello.deb"), "new").unwrap();
        fs::remove_file(from.join("pool/latest")).unwrap();
        symlink("./h", from.join("pool/latest")).unwrap();
        copy(&from, &to, &BTreeSet::new()).unwrap();
        assert_eq!(
            fs::read_to_string(to.join("pool/h/hello.deb")).unwrap(),
            "new"
        );
        assert_eq!(
            fs::read_link(to.join("pool/latest")).unwrap(),
            Path::new("./h")
        );
    }

    #[test]
    fn links_that_lead_out_are_refused() {
        for to in ["/etc/passwd", "..", "h/../../..", "../../outside"] {
            let directory = tree();
            let (from, target) = paths(&directory);
            symlink(to, from.join("escape")).unwrap();
            let refused = copy(&from, &target, &BTreeSet::new()).unwrap_err();
            assert!(
                matches!(refused, Error::UnsafePath { .. }),
                "{to}: {refused}"
            );
        }
    }

    #[test]
    fn pipes_are_refused() {
        let directory = tree();
        let (from, to) = paths(&directory);
        let mode = rustix::fs::Mode::from_raw_mode(0o600);
        rustix::fs::mknodat(
            rustix::fs::CWD,
            from.join("pipe"),
            rustix::fs::FileType::Fifo,
            mode,
            0,
        )
        .unwrap();
        let refused = copy(&from, &to, &BTreeSet::new()).unwrap_err();
        assert!(matches!(refused, Error::NotAFile { .. }), "{refused}");
    }
}
