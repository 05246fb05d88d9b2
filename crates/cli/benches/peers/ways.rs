//! The same work, done by pkgseal and by others.

use std::io;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use crate::Lab;
use crate::keys::Key;
use crate::measure::{self, as_they_are, for_each, installed, median, run};
use crate::table::{Peer, Row};

/// How a peer does a piece of work.
pub(crate) struct Way<'a> {
    program: &'static str,
    name: &'static str,
    work: Box<dyn Fn() -> io::Result<()> + 'a>,
}

impl<'a> Way<'a> {
    /// One process for each file, which is its last argument.
    pub(crate) fn each(
        program: &'static str,
        files: &'a [PathBuf],
        command: impl Fn() -> Command + 'a,
    ) -> Self {
        Self::of(program, program, move || for_each(files, &command))
    }

    /// Any other way; `name` says in the table which.
    pub(crate) fn of(
        program: &'static str,
        name: &'static str,
        work: impl Fn() -> io::Result<()> + 'a,
    ) -> Self {
        Self {
            program,
            name,
            work: Box::new(work),
        }
    }

    /// Its time, if it is installed.
    fn measured(self, prepare: impl FnMut() -> io::Result<()>) -> io::Result<Option<Peer>> {
        if !installed(self.program) {
            return Ok(None);
        }
        let time: Duration = median(prepare, &self.work)?;
        Ok(Some(Peer::new(self.name, time)))
    }
}

/// Measures one piece of work on these files: pkgseal, one run and a run per file, and
/// every way of the peers. `command` sees the files as its last arguments.
pub(crate) fn row(
    work: String,
    files: &[PathBuf],
    prepare: impl Fn() -> io::Result<()>,
    command: impl Fn() -> Command,
    ways: Vec<Way<'_>>,
) -> io::Result<Row> {
    let mut peers = Vec::new();
    for way in ways {
        peers.extend(way.measured(&prepare)?);
    }
    Ok(Row {
        work,
        files: u32::try_from(files.len()).unwrap_or(u32::MAX),
        apart: median(&prepare, || for_each(files, &command))?,
        together: median(&prepare, || run(command().args(files)))?,
        peers,
    })
}

/// How peers work on files with a key.
type Ways<'a> = &'a dyn for<'f> Fn(&'f Key, &'f [PathBuf]) -> io::Result<Vec<Way<'f>>>;

/// What is signed, and how others do it.
pub(crate) struct Signing<'a> {
    /// The files, which stay as they are: copies are signed.
    pub(crate) originals: &'a [PathBuf],
    /// Their extension; it names the folder of the copies too.
    pub(crate) extension: &'static str,
    /// What the table calls one.
    pub(crate) kind: &'static str,
    /// The peers that sign with a key.
    pub(crate) signers: Ways<'a>,
    /// The peers that verify what was signed with a key.
    pub(crate) verifiers: Ways<'a>,
}

impl Signing<'_> {
    /// Signs with each key, and verifies what pkgseal signed last.
    pub(crate) fn rows(self, lab: &Lab) -> io::Result<Vec<Row>> {
        let mut rows = Vec::new();
        for key in &lab.keys.all {
            let dir = lab.scratch.join(self.extension);
            let fresh = || measure::copy_fresh(self.originals, &dir);
            fresh()?;
            let files = measure::listed(&dir, self.extension)?;
            let work = format!("sign {}, {}", self.kind, key.name);
            let ways = (self.signers)(key, &files)?;
            rows.push(row(work, &files, fresh, || key.sign(), ways)?);
            let work = format!("verify {}, {}", self.kind, key.name);
            let ways = (self.verifiers)(key, &files)?;
            rows.push(row(work, &files, as_they_are, || key.verify(), ways)?);
        }
        Ok(rows)
    }
}
