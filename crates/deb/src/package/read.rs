//! A package read once: its structure, its signatures, and every hash they need.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use pkgseal_openpgp::{Certificates, Hashes, Profile, SignatureBlock, Verifier};
use pkgseal_repo::{DigestAlgorithm, Digests, Finding, Limits, MultiHasher};

use super::verify::feed;
use crate::control::{Control, Scan};
use crate::layout::{Fault, Layout, Member};
use crate::{Error, Result};

/// How a member in the dpkg-sig format begins: a clearsigned list of digests, where
/// debsigs has a detached signature.
const DPKG_SIG: &[u8] = b"-----BEGIN PGP SIGNED MESSAGE-----";

/// What a `_gpg*` member holds.
#[derive(Clone, Debug)]
pub(crate) enum Content {
    /// A detached signature over the three members.
    Debsigs(SignatureBlock),
    /// A clearsigned message of dpkg-sig's kind, not judged.
    DpkgSig(Vec<u8>),
    /// Neither.
    Malformed(Finding),
}

/// A `_gpg*` member.
#[derive(Clone, Debug)]
pub(crate) struct SignatureMember {
    /// `_gpgorigin`.
    pub(crate) name: String,
    /// The package and the member, as findings name it.
    pub(crate) object: String,
    pub(crate) content: Content,
}

/// A detached signature of the whole file.
#[derive(Clone, Debug)]
pub(crate) struct Beside {
    /// The package and the file that holds the signature.
    pub(crate) object: String,
    pub(crate) block: SignatureBlock,
}

/// A package whose content went through every hash that its signatures need.
#[derive(Debug)]
pub(crate) struct Package {
    pub(crate) subject: String,
    pub(crate) layout: Layout,
    pub(crate) signatures: Vec<SignatureMember>,
    /// Over the three signed members, one after the other.
    pub(crate) hashes: Hashes,
    /// Over the whole file, where there is a detached signature.
    pub(crate) whole: Option<Hashes>,
    /// MD5 and SHA-1 of the signed members, in order, where dpkg-sig lists them.
    pub(crate) digests: Vec<Digests>,
    /// What was kept of it, control.tar in particular.
    scan: Scan,
}

impl Package {
    /// Reads an open package that is called `path`. `Ok(Err(…))` is what rejects its
    /// structure.
    pub(crate) fn read(
        file: &File,
        path: &Path,
        beside: &[Beside],
        limits: &Limits,
    ) -> Result<std::result::Result<Self, Box<Finding>>> {
        let subject = path.display().to_string();
        let failed = |error| Error::read(path, error);
        let layout = match Layout::read(file, &subject, limits) {
            Ok(layout) => layout,
            Err(Fault::Reject(finding)) => return Ok(Err(finding)),
            Err(Fault::Io(error)) => return Err(failed(error)),
        };
        let mut signatures = Vec::with_capacity(layout.signatures.len());
        for member in &layout.signatures {
            let bytes = member.read(file).map_err(failed)?;
            let content = if bytes.starts_with(DPKG_SIG) {
                Content::DpkgSig(bytes)
            } else {
                SignatureBlock::parse(&bytes).map_or_else(Content::Malformed, Content::Debsigs)
            };
            signatures.push(SignatureMember {
                name: member.name.clone(),
                object: format!("{subject} ({})", member.name),
                content,
            });
        }
        let mut reading = Reading::new(&signatures, beside, limits);
        reading.all(file, &layout).map_err(failed)?;
        Ok(Ok(Self {
            subject,
            layout,
            signatures,
            hashes: reading.hashes,
            whole: reading.whole,
            digests: reading.digests,
            scan: reading.scan,
        }))
    }

    /// The debsigs signature in the member of this name.
    pub(crate) fn debsigs(&self, member: &str) -> Option<(&SignatureMember, &SignatureBlock)> {
        self.signatures
            .iter()
            .find_map(|signature| match &signature.content {
                Content::Debsigs(block) if signature.name == member => Some((signature, block)),
                Content::Debsigs(_) | Content::DpkgSig(_) | Content::Malformed(_) => None,
            })
    }

    /// Its control file, from the bytes that were hashed: for packages whose signatures
    /// are accepted, or to show what an unsigned one says.
    ///
    /// # Errors
    /// The finding that rejects it: readers may see another one, or none.
    pub(crate) fn control(self) -> std::result::Result<Control, Box<Finding>> {
        self.scan.finish(&self.subject)
    }

    /// Bytes of the signed members.
    pub(crate) fn bytes(&self) -> u64 {
        self.layout.signed.iter().map(|member| member.size).sum()
    }
}

/// Hashes that run while a package is read.
struct Reading {
    hashes: Hashes,
    whole: Option<Hashes>,
    listed: bool,
    digests: Vec<Digests>,
    scan: Scan,
}

impl Reading {
    fn new(signatures: &[SignatureMember], beside: &[Beside], limits: &Limits) -> Self {
        // Which hashes are needed does not depend on who is trusted.
        let nobody = Verifier::new(
            Certificates::default(),
            Profile::strict(),
            jiff::Timestamp::UNIX_EPOCH,
        );
        let blocks = signatures
            .iter()
            .filter_map(|signature| match &signature.content {
                Content::Debsigs(block) => Some(block),
                Content::DpkgSig(_) | Content::Malformed(_) => None,
            });
        Self {
            hashes: nobody.plan(blocks).start(),
            whole: (!beside.is_empty()).then(|| {
                nobody
                    .plan(beside.iter().map(|beside| &beside.block))
                    .start()
            }),
            listed: signatures
                .iter()
                .any(|signature| matches!(signature.content, Content::DpkgSig(_))),
            digests: Vec::new(),
            scan: Scan::new(limits),
        }
    }

    fn all(&mut self, file: &File, layout: &Layout) -> io::Result<()> {
        let mut position = 0;
        for member in &layout.signed {
            self.around(file, position, member.offset)?;
            self.member(file, member)?;
            position = member.end();
        }
        self.around(file, position, layout.size)
    }

    /// What no member signature covers.
    fn around(&mut self, file: &File, from: u64, end: u64) -> io::Result<()> {
        let mut sinks = Sinks {
            hashes: None,
            whole: self.whole.as_mut(),
            hasher: None,
            scan: &mut self.scan,
        };
        feed(file, from, end, &mut sinks)
    }

    fn member(&mut self, file: &File, member: &Member) -> io::Result<()> {
        let algorithms = [DigestAlgorithm::Md5, DigestAlgorithm::Sha1];
        let mut hasher = MultiHasher::new(algorithms.into_iter().filter(|_| self.listed));
        let mut sinks = Sinks {
            hashes: Some(&mut self.hashes),
            whole: self.whole.as_mut(),
            hasher: self.listed.then_some(&mut hasher),
            scan: &mut self.scan,
        };
        feed(file, member.offset, member.end(), &mut sinks)?;
        if self.listed {
            self.digests.push(hasher.finish());
        }
        Ok(())
    }
}

struct Sinks<'a> {
    hashes: Option<&'a mut Hashes>,
    whole: Option<&'a mut Hashes>,
    hasher: Option<&'a mut MultiHasher>,
    scan: &'a mut Scan,
}

impl Write for Sinks<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Some(hashes) = &mut self.hashes {
            hashes.update(bytes);
        }
        if let Some(whole) = &mut self.whole {
            whole.update(bytes);
        }
        if let Some(hasher) = &mut self.hasher {
            hasher.update(bytes);
        }
        self.scan.write_all(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
