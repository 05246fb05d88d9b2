//! Reads the head of a package: everything before the payload.

use std::io::Read;
use std::ops::Range;

use pkgseal_repo::Finding;

use crate::codes;
use crate::editor::padding;
use crate::header::{Fault, INTRO, Index, Intro, Role};
use crate::lead::{self, Lead};

/// Bytes of a first read: most packages' heads fit.
const FIRST_READ: usize = 64 << 10;

/// Whether a file that begins with these bytes is an RPM package.
pub fn recognise(head: &[u8]) -> bool {
    head.starts_with(&lead::MAGIC)
}

/// Why reading stopped.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The system failed.
    Io(std::io::Error),
    /// The bytes are no package. The subject is left empty.
    Malformed(Box<Finding>),
}

impl Stop {
    fn malformed(code: pkgseal_repo::Code, detail: impl Into<String>) -> Self {
        Self::Malformed(Box::new(Finding::reject(code, "", detail)))
    }
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        let code = if fault.region {
            codes::HEADER_REGION
        } else {
            codes::HEADER
        };
        Self::malformed(code, fault.detail)
    }
}

/// Everything before the payload, and perhaps its first bytes.
#[derive(Debug)]
pub(crate) struct Head {
    bytes: Vec<u8>,
    signature: Range<usize>,
    main: Range<usize>,
    pub(crate) signature_index: Index,
    pub(crate) main_index: Index,
}

impl Head {
    /// Reads up to the payload, and no more than a little beyond. `length` is the size of
    /// the file: nothing larger is ever allocated.
    pub(crate) fn read(source: &mut impl Read, length: u64) -> Result<Self, Stop> {
        let mut reader = Filling {
            source,
            bytes: Vec::new(),
            length,
        };
        let lead_and_intro = lead::LENGTH + INTRO;
        reader.fill(lead_and_intro, "the lead").map_err(|stop| {
            // Too short for a package, or no package at all: say which.
            match (stop, recognise(&reader.bytes)) {
                (Stop::Malformed(_), false) => not_a_package(),
                (stop, _) => stop,
            }
        })?;
        if Lead::parse(&reader.bytes).is_none() {
            return Err(not_a_package());
        }
        let signature_at = lead::LENGTH;
        let intro = Intro::parse(&reader.intro(signature_at), Role::Signature)?;
        let signature_end = signature_at + intro.length();
        let main_at = signature_end + padding(intro.length());
        reader.fill(main_at + INTRO, "the signature header")?;
        let intro = Intro::parse(&reader.intro(main_at), Role::Main)?;
        let main_end = main_at + intro.length();
        reader.fill(main_end, "the main header")?;

        let bytes = reader.bytes;
        let signature = bytes.get(signature_at..signature_end).unwrap_or_default();
        let signature_index = Index::parse(signature, Role::Signature)?;
        let main = bytes.get(main_at..main_end).unwrap_or_default();
        let main_index = Index::parse(main, Role::Main)?;
        Ok(Self {
            signature: signature_at..signature_end,
            main: main_at..main_end,
            bytes,
            signature_index,
            main_index,
        })
    }

    /// A main header that travels alone, without lead, signature header and payload.
    pub(crate) fn of_main(bytes: Vec<u8>) -> Result<Self, Stop> {
        Ok(Self {
            signature: 0..0,
            main: 0..bytes.len(),
            signature_index: Index {
                entries: Vec::new(),
                trailer_tag: Role::Signature.region(),
                gaps: Vec::new(),
            },
            main_index: Index::parse(&bytes, Role::Main)?,
            bytes,
        })
    }

    fn part(&self, range: Range<usize>) -> &[u8] {
        self.bytes.get(range).unwrap_or_default()
    }

    /// The lead.
    pub(crate) fn lead(&self) -> &[u8] {
        self.part(0..lead::LENGTH)
    }

    /// The signature header.
    pub(crate) fn signature(&self) -> &[u8] {
        self.part(self.signature.clone())
    }

    /// The padding behind it.
    pub(crate) fn padding(&self) -> &[u8] {
        self.part(self.signature.end..self.main.start)
    }

    /// The main header.
    pub(crate) fn main(&self) -> &[u8] {
        self.part(self.main.clone())
    }

    /// Where the main header stands in the file.
    pub(crate) fn main_range(&self) -> Range<usize> {
        self.main.clone()
    }

    /// What was read of the payload already.
    pub(crate) fn payload_start(&self) -> &[u8] {
        self.bytes.get(self.main.end..).unwrap_or_default()
    }

    /// Everything that was read.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

fn not_a_package() -> Stop {
    Stop::malformed(
        codes::NOT_A_PACKAGE,
        "the file does not begin with the bytes ed ab ee db of an RPM package",
    )
}

struct Filling<'a, R> {
    source: &'a mut R,
    bytes: Vec<u8>,
    length: u64,
}

impl<R: Read> Filling<'_, R> {
    /// Reads until at least `needed` bytes are there, in few and large reads.
    fn fill(&mut self, needed: usize, what: &str) -> Result<(), Stop> {
        if self.bytes.len() >= needed {
            return Ok(());
        }
        let available = usize::try_from(self.length).unwrap_or(usize::MAX);
        if needed > available {
            // Read what there is, so that the caller may look at it.
            self.take(available)?;
            return Err(Stop::malformed(
                codes::TRUNCATED,
                format!("the file of {} bytes ends inside {what}", self.length),
            ));
        }
        self.take(needed.max(FIRST_READ).min(available))?;
        if self.bytes.len() < needed {
            return Err(Stop::malformed(
                codes::TRUNCATED,
                format!("the file ends inside {what}"),
            ));
        }
        Ok(())
    }

    fn take(&mut self, target: usize) -> Result<(), Stop> {
        let missing = target.saturating_sub(self.bytes.len());
        self.bytes.reserve_exact(missing);
        let limit = u64::try_from(missing).unwrap_or(u64::MAX);
        (&mut *self.source)
            .take(limit)
            .read_to_end(&mut self.bytes)
            .map(drop)
            .map_err(Stop::Io)
    }

    fn intro(&self, at: usize) -> [u8; INTRO] {
        self.bytes
            .get(at..)
            .and_then(<[u8]>::first_chunk)
            .copied()
            .unwrap_or([0; INTRO])
    }
}
