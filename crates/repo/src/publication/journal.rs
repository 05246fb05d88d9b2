//! The journal of a publication: what a later process needs to complete it.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::{disk, sealed_text};
use crate::{Error, Result, SafePath, StagedFile, create_directory, read_file};

const TITLE: &str = "pkgseal publication 2";

/// Bytes of a journal.
const LIMIT: u64 = 256 << 20;

/// Where a publication is built, beneath the publisher's folder: one directory for each
/// part, called by its number, and the new record of generations.
pub fn next(folder: &Path) -> PathBuf {
    folder.join("next")
}

/// The record of generations.
pub(super) fn generations(folder: &Path) -> PathBuf {
    folder.join("generations")
}

fn path(folder: &Path) -> PathBuf {
    folder.join("journal")
}

/// How what was built gets into its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// The directory is exchanged as a whole.
    Whole,
    /// File by file, in the order of [`Part::moves`].
    Moves,
}

/// A file to be moved into its place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Move {
    /// When: all of a lower rank are on the disk before.
    pub rank: u8,
    /// Where it was built and where it goes, relative to the two directories.
    pub path: SafePath,
}

/// What is published in one directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The directory, relative to the root; `None` is the root.
    pub directory: Option<SafePath>,
    /// What the directory that was built is known by.
    pub inode: u64,
    /// How it gets into its place.
    pub how: How,
    /// Files that are new, by rank: what a client asks for first comes last.
    pub moves: Vec<Move>,
    /// Files that are no longer wanted.
    pub drops: Vec<SafePath>,
}

impl Part {
    /// Where clients look.
    pub fn target(&self, root: &Path) -> PathBuf {
        match &self.directory {
            Some(directory) => root.join(directory),
            None => root.to_owned(),
        }
    }

    fn name(&self) -> &str {
        self.directory.as_ref().map_or(".", SafePath::as_str)
    }
}

/// Everything of one publication.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Journal {
    /// In the order in which they become visible.
    pub parts: Vec<Part>,
}

impl Journal {
    fn to_text(&self) -> String {
        let mut text = format!("{TITLE}\n");
        for part in &self.parts {
            let how = match part.how {
                How::Whole => "whole",
                How::Moves => "moves",
            };
            let _ = writeln!(text, "part {how} {} {}", part.inode, part.name());
            for Move { rank, path } in &part.moves {
                let _ = writeln!(text, "move {rank} {path}");
            }
            for path in &part.drops {
                let _ = writeln!(text, "drop {path}");
            }
        }
        sealed_text::close(text)
    }

    fn parse(text: &str) -> Result<Self, &'static str> {
        let mut parts: Vec<Part> = Vec::new();
        let safe = |path: &str| SafePath::new(path).map_err(|_| "it names an unsafe path");
        for line in sealed_text::open(text, TITLE)? {
            let (word, rest) = line.split_once(' ').ok_or("it has an unknown line")?;
            if word == "part" {
                let mut words = rest.splitn(3, ' ');
                let how = match words.next() {
                    Some("whole") => How::Whole,
                    Some("moves") => How::Moves,
                    _ => return Err("it has an unknown line"),
                };
                let inode = words.next().and_then(|inode| inode.parse().ok());
                let directory = match words.next() {
                    Some(".") => None,
                    Some(directory) => Some(safe(directory)?),
                    None => return Err("it has an unknown line"),
                };
                parts.push(Part {
                    directory,
                    inode: inode.ok_or("it has an unknown line")?,
                    how,
                    moves: Vec::new(),
                    drops: Vec::new(),
                });
                continue;
            }
            let part = parts.last_mut().ok_or("it has an unknown line")?;
            match word {
                "move" => {
                    let (rank, path) = rest.split_once(' ').ok_or("it has an unknown line")?;
                    part.moves.push(Move {
                        rank: rank.parse().map_err(|_| "it has an unknown line")?,
                        path: safe(path)?,
                    });
                }
                "drop" => part.drops.push(safe(rest)?),
                _ => return Err("it has an unknown line"),
            }
        }
        Ok(Self { parts })
    }

    /// From here on the publication happens, whoever completes it.
    fn write(&self, folder: &Path) -> Result<()> {
        let path = path(folder);
        let mut staged = StagedFile::create(&path)?;
        staged
            .write_all(self.to_text().as_bytes())
            .map_err(|error| Error::write(&path, error))?;
        staged.commit()?;
        Ok(())
    }

    /// Writes the journal and does what it says. `root` and `folder` are those of the
    /// [`Lock`](super::Lock) that is held; the parts were built in [`next`].
    ///
    /// # Errors
    /// [`Error::Write`]; once the journal stands, whoever takes the lock next goes on.
    pub fn carry_out(mut self, root: &Path, folder: &Path) -> Result<()> {
        // The folder itself has to be as durable as what is in it.
        disk::sync_directory(&next(folder))?;
        disk::sync_directory(folder)?;
        disk::sync_directory(root)?;
        self.write(folder)?;
        self.finish(root, folder)
    }

    /// Does what is still to do. Each step is one that can be done again.
    fn finish(&mut self, root: &Path, folder: &Path) -> Result<()> {
        for number in 0..self.parts.len() {
            let built = next(folder).join(number.to_string());
            if !self
                .parts
                .get(number)
                .is_some_and(|part| part.how == How::Moves)
                && !self.place(number, &built, root, folder)?
            {
                continue;
            }
            if let Some(part) = self.parts.get(number).filter(|part| part.how == How::Moves) {
                move_files(part, &built, &part.target(root))?;
            }
        }
        let record = next(folder).join("generations");
        if record.exists() {
            let to = generations(folder);
            fs::rename(&record, &to).map_err(|error| Error::write(&to, error))?;
        }
        disk::sync_directory(folder)?;
        let journal = path(folder);
        fs::remove_file(&journal).map_err(|error| Error::write(&journal, error))?;
        disk::sync_directory(folder)
    }

    /// Puts a directory into its place. `true` when it has to go there file by file.
    fn place(&mut self, number: usize, built: &Path, root: &Path, folder: &Path) -> Result<bool> {
        let Some(part) = self.parts.get_mut(number) else {
            return Ok(false);
        };
        let target = part.target(root);
        let known = part.inode;
        let inode = |path: &Path| fs::symlink_metadata(path).map(|found| found.ino());
        let failed = |error| Error::write(&target, error);
        match inode(&target) {
            // It is there.
            Ok(there) if there == known => {}
            // Neither here nor there: somebody else has put a directory there since.
            _ if inode(built).ok() != Some(known) => return Ok(false),
            Ok(_) => {
                if !disk::exchange(built, &target)? {
                    part.how = How::Moves;
                    self.write(folder)?;
                    return Ok(true);
                }
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {
                if let Some(parent) = target.parent() {
                    create_directory(parent)?;
                }
                fs::rename(built, &target).map_err(failed)?;
            }
            Err(error) => return Err(failed(error)),
        }
        if let Some(parent) = target.parent() {
            disk::sync_directory(parent)?;
        }
        disk::sync_directory(&next(folder))?;
        Ok(false)
    }
}

/// Moves files from where they were built to where clients look.
fn move_files(part: &Part, built: &Path, target: &Path) -> Result<()> {
    let mut touched = BTreeSet::new();
    let mut before = 0;
    for Move { rank, path } in &part.moves {
        if *rank > before {
            sync_all(&mut touched)?;
            before = *rank;
        }
        let (from, to) = (built.join(path), target.join(path));
        if let Some(parent) = to.parent() {
            create_directory(parent)?;
            touched.insert(parent.to_owned());
        }
        match fs::rename(&from, &to) {
            // An earlier process has done it.
            Err(error) if error.kind() == ErrorKind::NotFound && to.exists() => {}
            moved => moved.map_err(|error| Error::write(&to, error))?,
        }
    }
    sync_all(&mut touched)?;
    for path in &part.drops {
        let path = target.join(path);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(Error::write(&path, error));
            }
            _ => {}
        }
    }
    Ok(())
}

fn sync_all(directories: &mut BTreeSet<PathBuf>) -> Result<()> {
    let synced = directories
        .iter()
        .try_for_each(|path| disk::sync_directory(path));
    directories.clear();
    synced
}

/// Whether a publication is unfinished, beneath this folder.
pub fn stands(folder: &Path) -> bool {
    path(folder).exists()
}

/// Completes what is unfinished. Returns the directories it was about.
pub(super) fn recover(root: &Path, folder: &Path) -> Result<Vec<String>> {
    let path = path(folder);
    let text = match read_file(&path, LIMIT) {
        Err(Error::Read { source, .. }) if source.kind() == ErrorKind::NotFound => {
            sweep(folder);
            return Ok(Vec::new());
        }
        text => text?,
    };
    let text = String::from_utf8_lossy(&text);
    let mut journal = Journal::parse(&text).map_err(|reason| Error::Journal {
        path: path.clone(),
        reason,
    })?;
    journal.finish(root, folder)?;
    sweep(folder);
    Ok(journal
        .parts
        .iter()
        .map(|part| part.name().to_owned())
        .collect())
}

/// Removes what no journal stands for. What cannot be removed now goes next time.
pub fn sweep(folder: &Path) {
    let _: io::Result<()> = disk::remove_tree(&next(folder));
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with(".pkgseal-") && name.ends_with(".tmp") {
            let _ = fs::remove_file(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn safe(path: &str) -> SafePath {
        SafePath::new(path).unwrap()
    }

    #[test]
    fn journals_are_read_as_written() {
        let journal = Journal {
            parts: vec![
                Part {
                    directory: Some(safe("dists/a b/updates")),
                    inode: 42,
                    how: How::Whole,
                    moves: vec![
                        Move {
                            rank: 1,
                            path: safe("main/x y"),
                        },
                        Move {
                            rank: 4,
                            path: safe("InRelease"),
                        },
                    ],
                    drops: vec![safe("main/by-hash/SHA256/1")],
                },
                Part {
                    directory: None,
                    inode: 43,
                    how: How::Moves,
                    moves: Vec::new(),
                    drops: Vec::new(),
                },
            ],
        };
        assert_eq!(Journal::parse(&journal.to_text()).unwrap(), journal);
    }

    #[test]
    fn what_is_no_journal_is_refused() {
        for body in [
            "pkgseal publication 1\n",
            "pkgseal publication 2\nmove a\n",
            "pkgseal publication 2\npart whole x dists/a\n",
            "pkgseal publication 2\npart half 1 dists/a\n",
            "pkgseal publication 2\npart whole 1\n",
            "pkgseal publication 2\npart whole 1 ../a\n",
            "pkgseal publication 2\npart whole 1 dists/a\nmove 1 ../../a\n",
            "pkgseal publication 2\npart whole 1 dists/a\nmove x a\n",
            "pkgseal publication 2\npart whole 1 dists/a\nmove a\n",
            "pkgseal publication 2\npart whole 1 dists/a\ndrop /a\n",
            "pkgseal publication 2\npart whole 1 dists/a\nmake a\n",
        ] {
            let text = sealed_text::close(body.to_owned());
            assert!(Journal::parse(&text).is_err(), "{body}");
        }
        assert!(Journal::parse("").is_err());
    }

    #[test]
    fn a_broken_journal_stops_everyone() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("journal"), "pkgseal publication 2\n").unwrap();
        let error = recover(folder.path(), folder.path()).unwrap_err();
        assert!(matches!(error, Error::Journal { .. }), "{error}");
        assert!(stands(folder.path()));
    }
}
