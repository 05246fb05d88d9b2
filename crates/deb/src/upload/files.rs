//! What is learnt of a file while the check engine reads it: a package's control file,
//! a tarball's upstream signature, and a copy where the upload goes elsewhere.

use std::cell::RefCell;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use pkgseal_openpgp::{Hashes, Object, SignatureBlock, SignatureReport, Verifier};
use pkgseal_repo::{Finding, Limits, StagedFile, StagedSet, Witness};

use super::agree;
use super::document::Document;
use crate::control::Scan;
use crate::{Error, Result};

/// A value that threads add to.
#[derive(Debug, Default)]
pub(super) struct Shared<T>(Mutex<T>);

impl<T> Shared<T> {
    /// What a thread that panicked left is still whole.
    pub(super) fn with<U>(&self, with: impl FnOnce(&mut T) -> U) -> U {
        with(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn into_inner(self) -> T {
        self.0.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The copy of an upload in another folder, staged until it is all there.
#[derive(Debug)]
pub(super) struct Copies<'a> {
    folder: &'a Path,
    staged: Shared<(StagedSet, Option<Error>)>,
}

impl<'a> Copies<'a> {
    pub(super) fn to(folder: &'a Path) -> Self {
        Self {
            folder,
            staged: Shared::default(),
        }
    }

    /// A small file that was read already.
    pub(super) fn add(&self, name: &str, content: &[u8]) {
        if let Some(mut file) = self.begin(name) {
            match file.write_all(content) {
                Ok(()) => self.finish(file),
                Err(error) => self.fail(Error::write(file.target(), error)),
            }
        }
    }

    fn begin(&self, name: &str) -> Option<StagedFile> {
        match StagedFile::create(&self.folder.join(name)) {
            Ok(file) => Some(file),
            Err(error) => {
                self.fail(error.into());
                None
            }
        }
    }

    fn finish(&self, file: StagedFile) {
        self.staged.with(|(set, _)| set.push(file));
    }

    /// The first failure is the one to tell.
    fn fail(&self, error: Error) {
        self.staged.with(|(_, failed)| {
            failed.get_or_insert(error);
        });
    }

    /// Everything that was copied.
    pub(super) fn into_set(self) -> Result<StagedSet> {
        match self.staged.into_inner() {
            (set, None) => Ok(set),
            (_, Some(error)) => Err(error),
        }
    }
}

/// A signature of an upstream tarball, to be judged while the tarball is read.
pub(super) struct Upstream<'a> {
    /// The .asc file.
    pub(super) name: &'a str,
    pub(super) block: SignatureBlock,
}

/// Reports on upstream signatures: the .asc file, and what was found.
pub(super) type UpstreamReports = Shared<Vec<(String, SignatureReport)>>;

/// Sees one file.
pub(super) struct Watch<'a> {
    name: &'a str,
    package: Option<(RefCell<Option<Scan>>, &'a Document)>,
    upstream: Option<(&'a Upstream<'a>, Hashes, &'a Verifier, &'a UpstreamReports)>,
    copy: Option<(RefCell<Option<StagedFile>>, &'a Copies<'a>)>,
}

impl<'a> Watch<'a> {
    pub(super) fn new(name: &'a str) -> Self {
        Self {
            name,
            package: None,
            upstream: None,
            copy: None,
        }
    }

    /// It is a package that this document lists.
    pub(super) fn package(mut self, document: &'a Document, limits: &Limits) -> Self {
        self.package = Some((RefCell::new(Some(Scan::new(limits))), document));
        self
    }

    /// It is a tarball with a signature.
    pub(super) fn upstream(
        mut self,
        upstream: &'a Upstream<'a>,
        verifier: &'a Verifier,
        reports: &'a UpstreamReports,
    ) -> Self {
        let hashes = verifier.plan([&upstream.block]).start();
        self.upstream = Some((upstream, hashes, verifier, reports));
        self
    }

    /// It goes elsewhere, too.
    pub(super) fn copy(mut self, copies: &'a Copies<'a>) -> Self {
        self.copy = Some((RefCell::new(copies.begin(self.name)), copies));
        self
    }

    /// Whether there is anything to see.
    pub(super) fn boxed(self) -> Option<Box<dyn Witness + 'a>> {
        let some = self.package.is_some() || self.upstream.is_some() || self.copy.is_some();
        some.then(|| Box::new(self) as Box<dyn Witness + 'a>)
    }
}

impl Write for Watch<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Some((scan, _)) = &mut self.package
            && let Some(scan) = scan.get_mut()
        {
            scan.write_all(bytes)?;
        }
        if let Some((_, hashes, _, _)) = &mut self.upstream {
            hashes.update(bytes);
        }
        if let Some((file, copies)) = &mut self.copy
            && let Some(open) = file.get_mut()
            && let Err(error) = open.write_all(bytes)
        {
            // A copy that cannot be written says nothing about the file.
            copies.fail(Error::write(open.target(), error));
            *file = RefCell::new(None);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Witness for Watch<'_> {
    fn agreed(&self) -> Vec<Finding> {
        if let Some((file, copies)) = &self.copy
            && let Some(file) = file.take()
        {
            copies.finish(file);
        }
        if let Some((upstream, hashes, verifier, reports)) = &self.upstream {
            let report = verifier.hashed(Object::Artifact, &upstream.block, hashes);
            reports.with(|reports| reports.push((upstream.name.to_owned(), report)));
        }
        let Some((scan, document)) = &self.package else {
            return Vec::new();
        };
        match scan.take().map(|scan| scan.finish(self.name)) {
            None => Vec::new(),
            Some(Err(finding)) => vec![*finding],
            Some(Ok(control)) => {
                let package = agree::Package {
                    name: control.package(),
                    version: control.version(),
                    architecture: control.architecture(),
                    source: control.text("Source").unwrap_or_default(),
                };
                agree::package(document, self.name, &package)
            }
        }
    }
}
