//! Asking a person for a passphrase, through the pinentry that GnuPG uses.
//!
//! The words come over a pipe, into buffers that are wiped; they are never an argument.

use std::ffi::OsString;
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use super::assuan::{self, Failure, Secret};
use super::{child, terminal};
use crate::{Error, Result};

/// The program, where `PINENTRY_PROGRAM` names no other one.
const PROGRAM: &str = "pinentry";
/// Octets of a text it shows, escaped.
const TEXT: usize = 900;

const CANCELLED: [u16; 3] = [99, 198, 277];
const TIMEOUT: u16 = 62;
const NO_TERMINAL: u16 = 0x8000 | 102;

/// Whether the words are known to somebody already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Words {
    /// They are: a wrong one is found out, and asked for again.
    Known(Attempt),
    /// They are made up now, and typed twice.
    New,
}

/// Which of the entries it is that a person has: three, as with gpg.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Attempt(u8);

impl Attempt {
    pub(crate) const FIRST: Self = Self(1);
    const LAST: u8 = 3;

    /// The next one, if there is one.
    pub(crate) fn next(self) -> Option<Self> {
        (self.0 < Self::LAST).then_some(Self(self.0.saturating_add(1)))
    }
}

/// Asks once; for new words, twice.
pub(crate) fn ask(what: &str, words: Words) -> Result<Secret> {
    let program = std::env::var_os("PINENTRY_PROGRAM")
        .filter(|program| !program.is_empty())
        .unwrap_or_else(|| OsString::from(PROGRAM));
    let mut pinentry = Pinentry::start(&program)?;
    let first = pinentry.words(what, words)?;
    pinentry.end();
    Ok(first)
}

/// A running pinentry; it ends with this.
struct Pinentry {
    process: Child,
    connection: Option<assuan::Connection<ChildStdout, ChildStdin>>,
}

impl Pinentry {
    fn start(program: &OsString) -> Result<Self> {
        let mut process = child(program)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| Error::Pinentry {
                reason: format!("{} did not start: {error}", program.display()),
                hint: "install one, for example: apt install pinentry-curses",
            })?;
        let pipes = process.stdout.take().zip(process.stdin.take());
        let mut pinentry = Self {
            process,
            connection: None,
        };
        if let Some((reader, writer)) = pipes {
            pinentry.connection =
                Some(assuan::Connection::open(reader, writer).map_err(|f| failed(&f))?);
        }
        for option in terminal::options() {
            // A graphical one does not care for terminals.
            match pinentry.simple(&option) {
                Ok(_) | Err(Failure::Refused { .. }) => {}
                Err(failure) => return Err(failed(&failure)),
            }
        }
        Ok(pinentry)
    }

    fn simple(&mut self, command: &str) -> Result<Secret, Failure> {
        match &mut self.connection {
            Some(connection) => connection.simple(command),
            None => Err(Failure::Ended),
        }
    }

    fn set(&mut self, command: &str, text: &str) -> Result<()> {
        // Unlike gpg-agent, a pinentry shows a plus as one.
        let text = assuan::escaped(text, TEXT).replace('+', " ");
        self.simple(&format!("{command} {text}"))
            .map(drop)
            .map_err(|failure| failed(&failure))
    }

    fn words(&mut self, what: &str, words: Words) -> Result<Secret> {
        self.set("SETTITLE", "pkgseal")?;
        self.set("SETPROMPT", "Passphrase:")?;
        let describe = match words {
            Words::Known(_) => format!("Passphrase of {what}"),
            Words::New => format!("New passphrase for {what}"),
        };
        self.set("SETDESC", &describe)?;
        if let Words::Known(attempt) = words
            && attempt != Attempt::FIRST
        {
            let again = format!(
                "The passphrase was wrong (try {} of {})",
                attempt.0,
                Attempt::LAST
            );
            self.set("SETERROR", &again)?;
        }
        let first = self.simple("GETPIN").map_err(|failure| failed(&failure))?;
        if words == Words::New {
            // Not every pinentry compares two entries itself: each can ask twice.
            self.set("SETDESC", &format!("The same once more, for {what}"))?;
            let second = self.simple("GETPIN").map_err(|failure| failed(&failure))?;
            if first != second {
                return Err(Error::Pinentry {
                    reason: "the two entries differ".to_owned(),
                    hint: "run the same command again",
                });
            }
        }
        Ok(first)
    }

    fn end(mut self) {
        // It may be gone already.
        let _ = self.simple("BYE");
        self.connection = None;
        let _ = self.process.wait();
    }
}

impl Drop for Pinentry {
    fn drop(&mut self) {
        self.connection = None;
        // After `end` both do nothing.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn failed(failure: &Failure) -> Error {
    let (reason, hint) = match failure {
        Failure::Refused { code, .. } if CANCELLED.contains(code) => {
            ("it was cancelled".to_owned(), "run the same command again")
        }
        Failure::Refused { code: TIMEOUT, .. } => (
            "nobody answered in time".to_owned(),
            "run the same command again",
        ),
        Failure::Refused {
            code: NO_TERMINAL,
            text,
        } => (
            format!("it has no terminal to ask on ({text})"),
            "tell it which: export GPG_TTY=$(tty); or give --passphrase-file FILE",
        ),
        other => (
            other.to_string(),
            "see whether it works: echo GETPIN | pinentry",
        ),
    };
    Error::Pinentry { reason, hint }
}
