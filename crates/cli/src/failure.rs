//! What is printed when nothing could be decided, and the exit status for it.

use std::fmt;
use std::process::ExitCode;

use crate::report;

/// Exit status 2: could not decide.
const UNDECIDED: u8 = 2;

/// An error with something to do about it.
#[derive(Debug)]
pub(crate) struct Hinted {
    message: String,
    hint: String,
}

impl fmt::Display for Hinted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Hinted {}

/// An error with a hint, as [`anyhow::Error`].
pub(crate) fn hinted(message: impl Into<String>, hint: impl Into<String>) -> anyhow::Error {
    anyhow::Error::new(Hinted {
        message: message.into(),
        hint: hint.into(),
    })
}

/// A step that helps, where an error of ours or of a crate below knows one.
fn hint_of<'a>(cause: &'a (dyn std::error::Error + 'static)) -> Option<&'a str> {
    if let Some(hinted) = cause.downcast_ref::<Hinted>() {
        return Some(&hinted.hint);
    }
    if let Some(pkgseal_deb::Error::SignedAlready { .. }) = cause.downcast_ref() {
        return Some("sign it anew with --existing replace");
    }
    if let Some(error) = cause.downcast_ref::<pkgseal_keyring::Error>() {
        return error.hint();
    }
    if let Some(error) = cause.downcast_ref::<pkgseal_keyring::SignerError>() {
        return error.step();
    }
    cause
        .downcast_ref::<pkgseal_rpm::Error>()
        .and_then(pkgseal_rpm::Error::hint)
}

/// Prints an error with its causes and hint.
pub(crate) fn report(error: &anyhow::Error) -> ExitCode {
    report::error(error);
    if let Some(hint) = error.chain().find_map(hint_of) {
        report::hint(hint);
    }
    ExitCode::from(UNDECIDED)
}

/// Prints clap's answer: help and version on stdout with 0, usage errors on stderr with 2.
pub(crate) fn usage(error: &clap::Error) -> ExitCode {
    // A closed pipe leaves nothing to tell.
    let _ = error.print();
    if error.use_stderr() {
        ExitCode::from(UNDECIDED)
    } else {
        ExitCode::SUCCESS
    }
}
