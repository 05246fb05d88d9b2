//! Several outputs that form one change.

use std::collections::BTreeSet;
use std::io;
use std::path::PathBuf;

use rayon::prelude::*;

use super::{Name, StagedFile};
use crate::destination::sync_directory;
use crate::{Error, Result};

/// Descriptors a set may hold; a process has 1024 by default.
const MAX_OPEN: usize = 128;

/// Several staged files that become visible in a given order, the last one last: every
/// file is fsynced before the first rename.
#[derive(Debug, Default)]
pub struct StagedSet {
    members: Vec<Member>,
    open: usize,
}

/// One file of the set.
#[derive(Debug)]
enum Member {
    /// Not synced, perhaps without a name.
    Open(StagedFile),
    /// Synced, named and closed.
    Ready {
        name: Name,
        target: PathBuf,
        parent: PathBuf,
    },
    /// Could not be made ready; the set fails when it is committed.
    Failed { target: PathBuf, error: io::Error },
}

impl Member {
    fn ready(self) -> Self {
        match self {
            Self::Open(mut file) => {
                let named = file.file.sync_all().and_then(|()| file.give_name());
                let StagedFile { target, parent, .. } = file;
                match named {
                    Ok(name) => Self::Ready {
                        name,
                        target,
                        parent,
                    },
                    Err(error) => Self::Failed { target, error },
                }
            }
            settled => settled,
        }
    }
}

impl StagedSet {
    /// Empty.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a file; commit order is insertion order. A set of more than a hundred files
    /// syncs and closes the earlier ones, under temporary names.
    pub fn push(&mut self, file: StagedFile) {
        self.members.push(Member::Open(file));
        self.open += 1;
        if self.open == MAX_OPEN {
            self.make_ready();
        }
    }

    /// Syncs in parallel, so that the file system joins the syncs.
    fn make_ready(&mut self) {
        let settled = self.members.len() - self.open;
        let open = self.members.split_off(settled);
        self.members
            .par_extend(open.into_par_iter().map(Member::ready));
        self.open = 0;
    }

    /// How many files.
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Fsyncs all, renames all in order, fsyncs the directories. Returns the targets.
    ///
    /// Everything that is likely to fail (a full disk, a name that cannot be made) fails
    /// before the first rename.
    ///
    /// # Errors
    /// [`Error::Write`]; files not yet renamed are discarded.
    pub fn commit(mut self) -> Result<Vec<PathBuf>> {
        self.make_ready();
        let mut names = Vec::with_capacity(self.members.len());
        for member in self.members {
            match member {
                Member::Ready {
                    name,
                    target,
                    parent,
                } => names.push((name, target, parent)),
                Member::Failed { target, error } => return Err(Error::write(&target, error)),
                Member::Open(file) => {
                    return Err(Error::write(&file.target, io::Error::other("not synced")));
                }
            }
        }
        let mut targets = Vec::with_capacity(names.len());
        let mut parents = BTreeSet::new();
        for (name, target, parent) in names {
            name.rename(&target)
                .map_err(|error| Error::write(&target, error))?;
            parents.insert(parent);
            targets.push(target);
        }
        parents.into_par_iter().try_for_each(|parent: PathBuf| {
            sync_directory(&parent).map_err(|error| Error::write(&parent, error))
        })?;
        Ok(targets)
    }
}
