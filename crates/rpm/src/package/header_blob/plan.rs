//! Main headers of many packages in one file.

use std::io::{self, BufRead, Write};
use std::path::Path;

use pkgseal_repo::{Finding, Limits};

use super::lines::{Lines, Stop, is_name};
use super::{digest, travelled};
use crate::codes;
use crate::header::{INTRO, Intro, Role};
use crate::package::read::Head;

/// The first line.
const MAGIC: &str = "pkgseal-rpm-headers 1";

/// Writes a plan, header by header.
#[derive(Debug)]
pub struct PlanWriter<W> {
    target: W,
    count: usize,
}

impl<W: Write> PlanWriter<W> {
    /// Begins a plan.
    ///
    /// # Errors
    /// What writing gives.
    pub fn new(mut target: W) -> io::Result<Self> {
        writeln!(target, "{MAGIC}")?;
        Ok(Self { target, count: 0 })
    }

    /// Adds the main header of a package, as [`main_header`](super::main_header) took it out.
    ///
    /// # Errors
    /// What writing gives, or a package whose file name a plan cannot hold.
    pub fn add(&mut self, package: &Path, header: &[u8]) -> io::Result<()> {
        let name = package.file_name().and_then(|name| name.to_str());
        let Some(name) = name.filter(|name| is_name(name)) else {
            let refused = "its file name has control characters or is not UTF-8";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, refused));
        };
        writeln!(self.target, "{} {} {name}", digest(header), header.len())?;
        self.target.write_all(header)?;
        self.count += 1;
        writeln!(self.target)
    }

    /// Ends the plan.
    ///
    /// # Errors
    /// What writing gives.
    pub fn finish(mut self) -> io::Result<W> {
        writeln!(self.target, "end {}", self.count)?;
        self.target.flush()?;
        Ok(self.target)
    }
}

/// A header of a plan, fit to be signed.
pub(super) struct Planned {
    pub(super) digest: String,
    pub(super) name: String,
    pub(super) head: Head,
}

/// Reads a plan, header by header.
pub(super) struct PlanReader<R> {
    lines: Lines<R>,
    limits: Limits,
    ended: bool,
}

impl<R: BufRead> PlanReader<R> {
    pub(super) fn open(source: R, limits: &Limits) -> Result<Self, Stop> {
        Ok(Self {
            lines: Lines::open(source, MAGIC, codes::PLAN, limits)?,
            limits: limits.clone(),
            ended: false,
        })
    }

    /// The next header, or `None` behind the last one.
    pub(super) fn next(&mut self) -> Result<Option<Planned>, Stop> {
        if self.ended {
            return Ok(None);
        }
        let Some([listed, length, name]) = self.lines.entry(&self.limits)? else {
            self.ended = true;
            return Ok(None);
        };
        let length: usize = length
            .parse()
            .ok()
            .filter(|number: &usize| number.to_string() == length)
            .ok_or_else(|| self.lines.wrong("its length is no number"))?;
        // What a header says of itself caps what is read of it.
        let mut bytes = self.lines.bytes(length.min(INTRO))?;
        let says = bytes
            .first_chunk::<INTRO>()
            .ok_or_else(|| self.lines.wrong("too short for a header"))
            .and_then(|intro| {
                Intro::parse(intro, Role::Main).map_err(|fault| self.lines.wrong(fault.detail))
            })?;
        if says.length() != length {
            return Err(self.lines.wrong(format!(
                "{length} bytes, where the header says {}",
                says.length()
            )));
        }
        bytes.extend(self.lines.bytes(length - INTRO)?);
        if self.lines.bytes(1)? != b"\n" {
            return Err(self.lines.wrong("no line end follows the header"));
        }
        if digest(&bytes) != listed {
            let detail = "the header is not the one the plan announces by its digest";
            return Err(Stop::Malformed(Box::new(Finding::reject(
                codes::PLAN_DIGEST,
                name,
                detail,
            ))));
        }
        let head = travelled(bytes).map_err(|finding| Finding {
            subject: name.clone(),
            ..*finding
        });
        let head = head.map_err(|finding| Stop::Malformed(Box::new(finding)))?;
        self.lines.entries += 1;
        Ok(Some(Planned {
            digest: listed,
            name,
            head,
        }))
    }
}
