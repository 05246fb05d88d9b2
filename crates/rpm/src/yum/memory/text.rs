//! The text of a state file, read strictly and written one way.

use std::fmt::Write as _;

use jiff::Timestamp;
use pkgseal_openpgp::Fingerprint;
use pkgseal_repo::{DigestAlgorithm, Digests};

use super::{MOST, Seen};
use crate::yum::generation::Generation;

const FIRST: &str = "pkgseal-yum-state 1";

/// The paragraphs of a state file.
pub(super) fn parse(text: &str) -> Result<Vec<Seen>, String> {
    let mut lines = text.lines().enumerate().peekable();
    match lines.next() {
        Some((_, FIRST)) => {}
        _ => return Err(format!("its first line is not {FIRST:?}")),
    }
    let mut seen = Vec::new();
    let mut paragraph = Paragraph::default();
    for (number, line) in lines {
        let at = |reason: String| format!("line {}: {reason}", number + 1);
        if line.is_empty() {
            seen.extend(std::mem::take(&mut paragraph).end().map_err(at)?);
        } else {
            paragraph.line(line).map_err(at)?;
        }
    }
    let at_end = |reason: String| format!("at its end: {reason}");
    seen.extend(paragraph.end().map_err(at_end)?);
    if seen.len() > MOST {
        return Err(format!("it holds more than {MOST} generations"));
    }
    Ok(seen)
}

/// As [`parse`] reads it.
pub(super) fn write(seen: &[Seen]) -> String {
    let mut text = format!("{FIRST}\n");
    for seen in seen {
        let generation = &seen.generation;
        let sha256 = generation
            .repomd
            .hex(DigestAlgorithm::Sha256)
            .unwrap_or_default();
        let _ = writeln!(text, "\nseen {}\nrepomd {sha256}", seen.first);
        if let Some(revision) = &generation.revision {
            let _ = writeln!(text, "revision {revision}");
        }
        if let Some(newest) = generation.newest {
            let _ = writeln!(text, "timestamp {newest}");
        }
        if let Some(signed) = generation.signed {
            let _ = writeln!(text, "signed {signed}");
        }
        for signer in &generation.signers {
            let _ = writeln!(text, "signer {signer}");
        }
        for (kind, digests) in &generation.data {
            if !is_word(kind) {
                // Not worth remembering.
                continue;
            }
            for algorithm in digests.algorithms() {
                let hex = digests.hex(algorithm).unwrap_or_default();
                let _ = writeln!(text, "data {kind} {} {hex}", word(algorithm));
            }
        }
    }
    text
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && !text.contains(|c: char| c.is_whitespace() || c.is_control())
}

/// An algorithm's name in one small word.
fn word(algorithm: DigestAlgorithm) -> String {
    algorithm.name().to_ascii_lowercase().replace('-', "")
}

/// One generation, as far as it was read.
#[derive(Default)]
struct Paragraph {
    any: bool,
    first: Option<Timestamp>,
    repomd: Option<Digests>,
    revision: Option<String>,
    newest: Option<u64>,
    signed: Option<Timestamp>,
    signers: Vec<Fingerprint>,
    data: Vec<(String, Digests)>,
}

impl Paragraph {
    fn line(&mut self, line: &str) -> Result<(), String> {
        self.any = true;
        let (name, value) = line
            .split_once(' ')
            .ok_or("it is no name and value".to_owned())?;
        let moment = || {
            value
                .parse::<Timestamp>()
                .map_err(|_| format!("{value:?} is no moment"))
        };
        match name {
            "seen" => once(&mut self.first, moment()?, name),
            "repomd" => {
                let mut digests = Digests::new();
                digests.insert_hex(DigestAlgorithm::Sha256, value)?;
                once(&mut self.repomd, digests, name)
            }
            "revision" => once(&mut self.revision, value.to_owned(), name),
            "timestamp" => {
                let seconds = value
                    .parse()
                    .map_err(|_| format!("{value:?} is no number"))?;
                once(&mut self.newest, seconds, name)
            }
            "signed" => once(&mut self.signed, moment()?, name),
            "signer" => {
                let signer = Fingerprint::parse(value)
                    .ok_or_else(|| format!("{value:?} is no full fingerprint"))?;
                self.signers.push(signer);
                Ok(())
            }
            "data" => self.data(value),
            other => Err(format!("{other:?} is no name that is known here")),
        }
    }

    fn data(&mut self, value: &str) -> Result<(), String> {
        let words: Vec<&str> = value.split(' ').collect();
        let [kind, algorithm, hex] = words[..] else {
            return Err("it is no type, algorithm and digest".to_owned());
        };
        if !is_word(kind) {
            return Err(format!("{kind:?} is no type"));
        }
        let algorithm = DigestAlgorithm::ALL
            .into_iter()
            .find(|known| word(*known) == algorithm)
            .ok_or_else(|| format!("{algorithm:?} is no digest that is known here"))?;
        let mut digests = Digests::new();
        digests.insert_hex(algorithm, hex)?;
        self.data.push((kind.to_owned(), digests));
        Ok(())
    }

    fn end(self) -> Result<Option<Seen>, String> {
        if !self.any {
            return Ok(None);
        }
        let (Some(first), Some(repomd)) = (self.first, self.repomd) else {
            return Err("the generation before it has no seen or no repomd".to_owned());
        };
        Ok(Some(Seen {
            first,
            generation: Generation {
                repomd,
                revision: self.revision,
                newest: self.newest,
                signed: self.signed,
                signers: self.signers,
                data: self.data,
            },
        }))
    }
}

fn once<T>(place: &mut Option<T>, value: T, name: &str) -> Result<(), String> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(format!("a second {name}")),
    }
}
